/** Rows that come to stand under another tenant's parent: they are then that tenant's, or both tenants', and either is wrong. */
import { findTable } from '../../../engine/catalogue/catalog.ts';
import type { ForeignKey, Table } from '../../../engine/catalogue/catalog.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import { allOf, column, rowsOf, sql } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { attempt, isUntold } from './attempt.ts';
import { enter, leak, see, strike } from './bout.ts';
import type { Bout } from './bout.ts';
import { keyNames, valueSql } from './rows.ts';
import type { ColumnTexts } from './rows.ts';

/** The column that holds the tenant, on the row itself. */
export function ownerColumn({ ownership }: Rules, { id }: Table): string | undefined {
  const own = ownership.get(id);
  return own?.kind === 'tenant' ? own.paths.find(({ hops }) => hops.length === 0)?.column : undefined;
}

/** A column that the role may change and that says neither which nor whose the row is. */
export function plainColumn({ rules, table, rights, a }: Bout): string | undefined {
  const fixed = new Set<string | null | undefined>([
    ...keyNames(rules, table),
    ownerColumn(rules, table),
    ...table.foreignKeys.flatMap(({ columns }) => columns),
    ...table.uniqueIndexes.flatMap(({ columns, reads = [] }) => [...columns, ...reads]),
  ]);
  return table.columns.find(
    ({ name, computed, generated }) =>
      !computed && !generated && !fixed.has(name) && rights.updatable.has(name) && a.row.values.has(name),
  )?.name;
}

/** Keys to owned tables that do not carry the owner along. */
export function parentKeys({ rules, table }: Bout): readonly ForeignKey[] {
  const owner = ownerColumn(rules, table);
  return table.foreignKeys.filter(
    ({ references, columns }) =>
      references !== table.id &&
      rules.ownership.get(references)?.kind === 'tenant' &&
      !columns.some((name) => table.columns.some((column) => column.name === name && column.computed)) &&
      !columns.some((name) => name === owner),
  );
}

/** The columns of a key, as the other tenant's row has them; where it refers to nothing, as its parent would have them. */
async function underParent({ rules, b, seeds }: Bout, key: ForeignKey): Promise<ColumnTexts | undefined> {
  const held = key.columns.map((name) => [name, b.row.values.get(name) ?? null] as const);
  if (held.every(([, text]) => text !== null)) return new Map(held);
  const parent = findTable(rules.catalog, key.references);
  const row = parent === undefined ? undefined : await seeds.of(b.tenant, parent);
  if (row === undefined || 'reason' in row) return undefined;
  return new Map(
    key.columns.map((name, at) => [name, row.values.get(key.referencedColumns[at] ?? '') ?? null]),
  );
}

interface Crossing {
  readonly command: 'insert' | 'update';
  readonly key: ForeignKey;
  readonly before?: () => Promise<void>;
  /** The statement, with the columns of the key as the other tenant's row has them. */
  readonly queryFor: (parent: ColumnTexts) => Sql;
}

/** Does the statement put a row under the other tenant's parent? Who sees all counts the rows there. */
export async function tryCrossing(bout: Bout, step: Crossing): Promise<void> {
  const { tx, table, way, book, loginSees } = bout;
  const { command, key, before, queryFor } = step;
  const statement = `${command.toUpperCase()} under another tenant’s ${key.references} (${key.name})`;
  const parent = await underParent(bout, key);
  if (parent === undefined)
    return book.gap(command, { way, statement, reason: `the other tenant has no row in ${key.references}` });
  const query = queryFor(parent);
  if (!loginSees)
    return strike(bout, { command, statement, query, ...(before === undefined ? {} : { before }) });
  const where = allOf(
    key.columns.map((name) => sql`${column('t', name)} = ${valueSql(table, name, parent.get(name) ?? null)}`),
  );
  const count = async (): Promise<number> => {
    await see(bout);
    return (
      await tx.one<{ rows: number }>(sql`SELECT count(*) AS rows FROM ${rowsOf(table)} t WHERE ${where}`)
    ).rows;
  };
  const tried = await attempt(tx, async () => {
    await before?.();
    const were = await count();
    await enter(bout);
    await tx.run(query);
    return (await count()) > were;
  });
  if (!tried.done && isUntold(tried.by)) book.refused(command, { statement, way }, tried.by);
  if (tried.done && tried.value) leak(bout, command, { statement });
}
