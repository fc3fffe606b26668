/** UPDATE, DELETE and TRUNCATE, as they may reach rows of another tenant. */
import type { Table } from '../../../engine/catalogue/catalog.ts';
import type { ProbedCommand } from '../../../engine/isolation/proof.ts';
import { change, ident, list, rowsOf, sql, tableName } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { attempt, isOfConstraint } from './attempt.ts';
import type { AttemptRefusal } from './attempt.ts';
import { enter, strike } from './bout.ts';
import type { Bout } from './bout.ts';
import { ownerColumn, parentKeys, plainColumn, tryCrossing } from './crossing.ts';
import { readsKey } from './reading.ts';
import { isRow, shownKey, valueSql } from './rows.ts';
import type { ColumnTexts } from './rows.ts';
import { tablesBelow } from './seeds.ts';

export async function tryUpdating(bout: Bout): Promise<void> {
  const { rules, table, a, b, book, way } = bout;
  const owner = ownerColumn(rules, table);
  const settable = settableColumns(bout, owner);
  if (settable === undefined) {
    book.gap('update', {
      way,
      statement: 'UPDATE',
      reason: 'no column is known that can be set for a trial',
    });
  } else {
    const change = updateSql(bout, new Map(settable.map((name) => [name, a.row.values.get(name) ?? null])));
    const isGap = await isGapHere(bout);
    if (readsKey(bout)) {
      const query = sql`${change} WHERE ${isRow(rules, table, b.row)}`;
      await strike(bout, { command: 'update', statement: 'UPDATE by key', query, namesRow: true, isGap });
    }
    await strike(bout, {
      command: 'update',
      statement: 'UPDATE of all rows to a constant',
      query: change,
      isGap,
    });
  }
  if (way === 'another tenant' && readsKey(bout)) await tryGivingAway(bout, owner);
}

/** What a row of its own may hold anyway: a plain column, or else its owner, what it stands under, a part of its key. */
function settableColumns(bout: Bout, owner: string | undefined): readonly string[] | undefined {
  const plain = plainColumn(bout);
  const ties = parentKeys(bout).map(({ columns }) => columns);
  const keys = bout.table.primaryKey.map((name) => [name]);
  return [plain, owner]
    .flatMap((name) => (name === undefined ? [] : [[name]]))
    .concat(
      ties.map((names) => [...names]),
      keys,
    )
    .find((names) => names.every((name) => bout.rights.updatable.has(name) && bout.a.row.values.has(name)));
}

function updateSql({ table }: Bout, values: ColumnTexts): Sql {
  const sets = [...values].map(([name, text]) => sql`${ident(name)} = ${valueSql(table, name, text)}`);
  return change`UPDATE ${rowsOf(table)} AS t SET ${list(sets)}`;
}

/** A row of its own to another tenant: by its owner, by its owner and all that it stands under, and by each of those alone. */
async function tryGivingAway(bout: Bout, owner: string | undefined): Promise<void> {
  const { rules, table, rights, a, b } = bout;
  const mine = isRow(rules, table, a.row);
  const isSettable = (names: readonly string[]): boolean => names.every((name) => rights.updatable.has(name));
  if (owner !== undefined && isSettable([owner])) {
    const alone: ColumnTexts = new Map([[owner, b.row.values.get(owner) ?? null]]);
    const isStored = (name: string): boolean =>
      table.columns.some((one) => one.name === name && !one.computed);
    const ties = table.foreignKeys
      .flatMap(({ columns }) => columns)
      .filter((name) => isStored(name) && b.row.values.has(name));
    const whole = new Map([...alone, ...ties.map((name) => [name, b.row.values.get(name) ?? null] as const)]);
    await strikeAway(
      bout,
      'UPDATE of its own row to another tenant',
      sql`${updateSql(bout, alone)} WHERE ${mine}`,
    );
    if (whole.size > 1 && isSettable([...whole.keys()]))
      await strikeAway(
        bout,
        'UPDATE of its own row to another tenant and its parents',
        sql`${updateSql(bout, whole)} WHERE ${mine}`,
      );
  }
  for (const key of parentKeys(bout).filter(({ columns }) => isSettable(columns)))
    await tryCrossing(bout, {
      command: 'update',
      key,
      queryFor: (parent) => sql`${updateSql(bout, parent)} WHERE ${mine}`,
    });
}

function strikeAway(bout: Bout, statement: string, query: Sql): Promise<void> {
  return strike(bout, { command: 'update', statement, query, makes: shownKey(bout.a.row) });
}

export async function tryDeleting(bout: Bout): Promise<void> {
  const { rules, table, rights, seeds, b } = bout;
  const others = cascades(bout);
  const isGap = await isGapHere(bout);
  const before = (): Promise<void> => seeds.clearBelow(table);
  const from = change`DELETE FROM ${rowsOf(table)} AS t`;
  if (rights.mayDelete && readsKey(bout))
    await strike(bout, {
      command: 'delete',
      statement: 'DELETE by key',
      query: sql`${from} WHERE ${isRow(rules, table, b.row)}`,
      namesRow: true,
      isGap,
      before,
    });
  if (rights.mayDelete)
    await strike(bout, {
      command: 'delete',
      statement: 'DELETE of all rows',
      query: from,
      isGap,
      before,
      others,
    });
  if (rights.mayTruncate)
    await strike(bout, {
      command: 'delete',
      statement: 'TRUNCATE',
      query: change`TRUNCATE ${tableName(table)} CASCADE`,
      before,
    });
}

/** Tables whose rows a DELETE changes along, of which rows of other tenants may stand under a row of this one. */
function cascades({ rules, table, loginSees }: Bout): Table[] {
  const ids = tablesBelow(rules, table.id, ({ onDelete }) => /cascade|set/.test(onDelete));
  return rules.catalog.tables.filter(
    ({ id }) => loginSees && id !== table.id && ids.has(id) && rules.ownership.get(id)?.kind === 'tenant',
  );
}

/**
 * A key, a CHECK or a trigger that refuses came as far as a row, and whose row that was is not told. What refuses a mere SELECT as well is
 * the policy.
 */
async function isGapHere(bout: Bout): Promise<(by: AttemptRefusal) => boolean> {
  const { tx, table } = bout;
  const asked = await attempt(tx, async () => {
    await enter(bout);
    await tx.many(sql`SELECT FROM ${rowsOf(table)} t LIMIT 1`);
  });
  const policy = asked.done ? undefined : asked.by.sqlState;
  return (by) => isOfConstraint(by) || (!/^(42|22)/.test(by.sqlState) && by.sqlState !== policy);
}

/** A right that the catalogue denies is tried as well: the refusal is the proof. */
export async function tryDenied(bout: Bout, command: ProbedCommand): Promise<void> {
  const { tx, table, writes, book } = bout;
  const statement = command.toUpperCase();
  if (command !== 'select' && !writes)
    return book.gap(command, { statement, reason: 'the role has no right for it; only reading was tried' });
  const tried = await attempt(tx, async () => {
    await enter(bout);
    await tx.run(deniedSql(table, command));
  });
  if (tried.done || tried.by.sqlState !== '42501')
    book.gap(command, { statement, reason: 'the role has no right for it, and yet it was not refused' });
}

function deniedSql(table: Table, command: ProbedCommand): Sql {
  if (command === 'select') return sql`SELECT FROM ${rowsOf(table)} t LIMIT 0`;
  if (command === 'insert') return change`INSERT INTO ${tableName(table)} DEFAULT VALUES`;
  if (command === 'delete') return change`DELETE FROM ${rowsOf(table)} AS t WHERE false`;
  const settable = table.columns.find(({ computed, generated }) => !computed && !generated);
  return change`UPDATE ${rowsOf(table)} AS t SET ${ident(settable?.name ?? 'ctid')} = DEFAULT WHERE false`;
}
