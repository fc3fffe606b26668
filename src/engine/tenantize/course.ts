/** What the steps of a conversion have in common while they are made. */
import { displayName } from '../catalogue/catalog.ts';
import type { ConversionPhase, ConvertedTable, LockMode, StepLock } from './conversion.ts';
import type { GroundIndex } from './ground.ts';
import { fitted } from './shorten.ts';
import { keptColumn } from './keys.ts';
import type { ConversionStep, OwnerSource, StepChange } from './steps.ts';

/** What the steps of all tables have in common. */
export interface Course {
  readonly index: GroundIndex;
  readonly tables: readonly ConvertedTable[];
  readonly byTable: ReadonlyMap<string, ConvertedTable>;
  /** The type of the key of the root. */
  readonly type: string;
  readonly context: string;
  readonly zero: string | undefined;
}

/** A step; `locks` are tables with the mode, and whether rows are read meanwhile. */
export function step(
  phase: ConversionPhase,
  table: string,
  what: string,
  about: { readonly locks?: readonly StepLock[]; readonly change: StepChange; readonly alone?: true },
): ConversionStep {
  return {
    phase,
    table,
    what,
    locks: about.locks ?? [],
    transaction: about.alone !== true,
    reversible: phase !== 'contract',
    change: about.change,
  };
}

/** A schema, and who may use it. */
export function schemaStep(
  { ground }: GroundIndex,
  about: { readonly phase: ConversionPhase; readonly schema: string; readonly users: readonly string[] },
): ConversionStep {
  const { phase, schema, users } = about;
  const isThere = ground.facts.schemas.some(({ name }) => name === schema);
  return step(phase, '', `schema ${displayName(schema)}`, {
    change: { kind: 'schema', schema, isThere, users },
  });
}

export function lock(table: string, mode: LockMode, rows = false): StepLock {
  return { table, mode, rows };
}

/** Fires after all others: triggers fire by name. */
export function triggerName({ v2 }: Pick<ConvertedTable, 'v2'>): string {
  return fitted(`zzzz_owner_${v2.name}`);
}

/** The rows that say the owner: the first step of each path, whose table has its tenant before this one. */
export function ownerSources({ byTable }: Pick<Course, 'byTable'>, each: ConvertedTable): OwnerSource[] {
  if (each.owner?.kind !== 'path') return [];
  const known = new Map<string, OwnerSource>();
  for (const { hops } of each.owner.paths) {
    const [hop] = hops;
    const parent = byTable.get(hop?.table ?? '');
    if (hop === undefined || parent?.column === undefined || hop.how !== 'equal') continue;
    const source = {
      table: parent.v2,
      column: parent.column,
      from: hop.from.map((name) => keptColumn(each, name)),
      to: hop.to.map((name) => keptColumn(parent, name)),
    };
    known.set(JSON.stringify(source), source);
  }
  return [...known.values()];
}
