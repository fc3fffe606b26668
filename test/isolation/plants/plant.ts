/** A planted fault: SQL that makes the sound schema of ../ground.ts unsound in one way. */
import type { IsolationConfig } from '../../../src/engine/rules/config.ts';
import type { Severity } from '../../../src/engine/finding.ts';
import type { Engine } from '../../support/databases.ts';
import type { Planting, Shape } from '../ground.ts';

export interface Plant {
  readonly rule: string;
  readonly sql: string;
  /** `error` where it is left out. */
  readonly severity?: Severity;
  /** Shapes that PostgreSQL refuses, with the SQLSTATE. */
  readonly refused?: Partial<Record<Shape, string>>;
  /** The first version that knows what is planted. */
  readonly since?: number;
  /** Where the fault has no table, one shape says it all. */
  readonly shapes?: readonly Shape[];
  readonly engines?: readonly Engine[];
  readonly isolation?: () => IsolationConfig;
  readonly tenant?: (shape: Shape) => Planting['tenant'];
  readonly changed?: Planting['changed'];
  /** Up to this version PostgreSQL refuses the shapes of `refused`. */
  readonly refusedBefore?: number;
  /** What the application needs to work with what is planted: SQL of the login; `nothing`: it is not tried. */
  readonly use?: string;
  /** No SQL mends it, or what is left when it has done its part. */
  readonly left?: 'no SQL' | readonly string[];
}
