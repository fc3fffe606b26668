/** Foreign keys that are made without reading a table under a lock, and take the place of another. */
import type { ForeignKey } from '../../engine/catalogue/catalog.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import type { Ground } from '../ground.ts';
import { leavesOf } from '../rules/keys/key-facts.ts';
import { makeIndex } from './index-steps.ts';
import type { MendStep } from './mend.ts';
import { altered, columnList, newName, replaced, validated } from './statements.ts';
import type { MendedTable } from './statements.ts';

export interface NewForeignKey {
  readonly on: MendedTable;
  readonly columns: readonly string[];
  readonly parent: MendedTable;
  readonly parentColumns: readonly string[];
  /** MATCH, ON DELETE, ON UPDATE, DEFERRABLE. */
  readonly tail: string;
  /** The key that goes when the new one is validated. */
  readonly instead?: string;
}

/** From 18 on a partitioned table takes a key that is NOT VALID; before, each partition gets its own and the table joins them. */
export function makeKey(ground: Ground, made: NewForeignKey): MendStep[] {
  const name = newName(ground, made.on, [made.on.name, ...made.columns, 'fkey']);
  const parts = ground.facts.version >= 180_000 ? [] : leavesOf(ground, made.on.id);
  const joined = altered({
    phase: 'validate',
    what: `join the keys of the partitions of ${made.on.id}`,
    sql: [add(made, made.on, name)],
    lock: 'share row exclusive',
    tables: [made.on.id, made.parent.id],
  });
  const steps =
    parts.length === 0
      ? [notValid(made, made.on, name), validated(made.on, name, [made.parent.id])]
      : [
          ...parts.flatMap((part) => [notValid(made, part, name), validated(part, name, [made.parent.id])]),
          joined,
        ];
  return [...steps, ...(made.instead === undefined ? [] : [dropped(made, made.instead, name)])];
}

function add({ columns, parent, parentColumns, tail }: NewForeignKey, on: MendedTable, name: string): string {
  return (
    `ALTER TABLE ${quoteTable(on)} ADD CONSTRAINT ${quoteIdent(name)} FOREIGN KEY ${columnList(columns)} ` +
    `REFERENCES ${quoteTable(parent)} ${columnList(parentColumns)}${tail}`
  );
}

function notValid(made: NewForeignKey, on: MendedTable, name: string): MendStep {
  return altered({
    phase: 'expand',
    what: `add the key ${name} to ${on.id}, not validated`,
    sql: [`${add(made, on, name)} NOT VALID`],
    lock: 'share row exclusive',
    tables: [on.id, made.parent.id],
  });
}

function dropped({ on, parent }: NewForeignKey, old: string, name: string): MendStep {
  return altered({
    phase: 'contract',
    what: `let the new key take the place of ${old} of ${on.id}`,
    sql: replaced(on, old, name),
    lock: 'access exclusive',
    tables: [on.id, parent.id],
  });
}

/** A unique index over the columns that a key names; undefined where there is one. No key names one that is partial. */
export function makeReferenced(
  ground: Ground,
  on: MendedTable,
  columns: readonly string[],
): readonly MendStep[] | undefined {
  const isThere = (ground.indexes.get(on.id) ?? []).some(
    (index) =>
      index.table === on.id &&
      index.unique &&
      index.valid &&
      index.predicate === undefined &&
      index.constraint?.deferrable !== true &&
      index.columns.length === columns.length &&
      columns.every((column) => index.columns.includes(column)),
  );
  if (isThere) return [];
  const by = ground.relations.get(on.id)?.partitionedBy?.columns ?? [];
  if (!by.every((column) => column !== null && columns.includes(column))) return undefined;
  return makeIndex(ground, { on, columns, unique: true }).steps;
}

export interface Spared {
  readonly key: ForeignKey;
  /** As PostgreSQL prints the key. */
  readonly definition: string;
  /** What SET NULL and SET DEFAULT may write. */
  readonly setColumns: readonly string[];
}

/** What a key says beside its columns, so that an action leaves the owner alone. ON UPDATE takes no columns: there it does nothing. */
export function tailOf({ key, definition, setColumns }: Spared): string {
  const full = definition.includes(' MATCH FULL') ? ' MATCH FULL' : '';
  const named =
    key.onDelete === 'set null' || key.onDelete === 'set default' ? ` ${columnList(setColumns)}` : '';
  const onDelete = key.onDelete === 'no action' ? '' : ` ON DELETE ${key.onDelete.toUpperCase()}${named}`;
  const isPlain =
    key.onUpdate === 'no action' || key.onUpdate === 'set null' || key.onUpdate === 'set default';
  const onUpdate = isPlain ? '' : ` ON UPDATE ${key.onUpdate.toUpperCase()}`;
  const late = definition.includes(' DEFERRABLE INITIALLY DEFERRED') ? ' INITIALLY DEFERRED' : '';
  return `${full}${onDelete}${onUpdate}${key.deferrable ? ` DEFERRABLE${late}` : ''}`;
}
