/** The examples of a conversion: what V1 is, what is said of it, and what must come of that, worked out by hand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** What is asked: how many rows it is about is there where rows are meant. */
export type AskedText = readonly [code: string, table: string, rows?: number];

/** By table, without its schema. */
export interface ExpectedTable {
  readonly class: string;
  readonly owner?: string;
  readonly rows: number;
  /** Of tenant zero at the end, where that is not all. */
  readonly zero?: number;
  readonly v2?: string;
  readonly keys?: Readonly<Record<string, readonly string[]>>;
  readonly foreign?: Readonly<Record<string, string>>;
  readonly nulls?: Readonly<Record<string, readonly string[]>>;
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
  readonly goes?: readonly string[];
  readonly twins?: Readonly<Record<string, readonly string[]>>;
  readonly renamed?: Readonly<Record<string, string>>;
  readonly routines?: readonly string[];
}

interface ExpectedConversion {
  readonly unanswered: readonly AskedText[];
  readonly half_answered?: {
    readonly without: readonly (readonly string[])[];
    readonly asked: readonly AskedText[];
  };
  readonly system?: readonly string[];
  readonly tables: Readonly<Record<string, ExpectedTable>>;
  readonly shortened?: readonly string[];
  readonly grants: Readonly<Record<string, readonly string[]>>;
  readonly policies: Readonly<Record<string, string>>;
  readonly duties: readonly string[];
}

export interface Conversion {
  readonly name: string;
  readonly script: string;
  readonly config: string;
  /** Statements of the old application. */
  readonly statements: readonly string[];
  readonly expected: ExpectedConversion;
}

export function readConversion(name: string): Conversion {
  const folder = join(import.meta.dirname, '../../examples', name);
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  return {
    name,
    script: `${read('schema.sql')}\n${read('data.sql')}`,
    config: join(folder, 'drover.config.yaml'),
    statements: read('statements.sql')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('--')),
    expected: parse(read('expected.yaml')) as ExpectedConversion,
  };
}
