/**
 * What says nothing of whose a row is, and must agree with it nevertheless: a key of V2 has the tenant on both sides, whether it says the
 * owner or was declared `unrelated`, and a row that names another tenant's would fail when it is validated.
 */
import type { ForeignKey, TableId } from '../catalogue/catalog.ts';
import type { OwnerPath } from '../rules/ownership.ts';
import type { Classes } from './classify.ts';
import type { RowOwner } from './conversion.ts';
import type { GroundIndex } from './ground.ts';

export interface Crossings {
  /** Foreign keys to tables whose rows have several tenants. */
  readonly keys: readonly ForeignKey[];
  /** Declared links beside a column that says the tenant. */
  readonly links: readonly OwnerPath[];
}

/** The ways by which a row may name another tenant's. */
export function crossings(
  index: GroundIndex,
  { classified }: Pick<Classes, 'classified'>,
  table: TableId,
): Crossings {
  const owner = classified.get(table)?.owner;
  if (owner === undefined) return { keys: [], links: [] };
  const told = ownWays(index, table, owner);
  const keys = (index.tables.get(table)?.foreignKeys ?? []).filter((key) => {
    const parent = classified.get(key.references)?.owner;
    const isTold = told.some(({ hops: [first] }) => first !== undefined && isHop(key, first));
    return (
      parent !== undefined &&
      parent.kind !== 'zero' &&
      !isTold &&
      !(key.references === table && owner.kind === 'zero')
    );
  });
  const others = owner.kind === 'column' ? pathsOf(index, table) : [];
  const links = others.filter(
    ({ hops: [first] }) => first !== undefined && !keys.some((key) => isHop(key, first)),
  );
  return { keys, links };
}

/** The ways that say whose a row is; none where all rows are tenant zero's. */
export function ownWays(index: GroundIndex, table: TableId, owner: RowOwner): readonly OwnerPath[] {
  if (owner.kind === 'path') return owner.paths;
  return owner.kind === 'zero' ? [] : pathsOf(index, table).filter(({ hops }) => hops.length === 0);
}

function pathsOf({ ground }: GroundIndex, table: TableId): readonly OwnerPath[] {
  const owned = ground.ownership.get(table);
  return owned?.kind === 'tenant' ? owned.paths : [];
}

function isHop(key: ForeignKey, { table, from, to }: OwnerPath['hops'][number]): boolean {
  const same = (a: readonly string[], b: readonly string[]): boolean =>
    a.length === b.length && a.every((name, at) => name === b[at]);
  return key.references === table && same(key.columns, from) && same(key.referencedColumns, to);
}
