/** INSERT, as it may put a row among those of another tenant: for it, for nobody, under its parent, over its row. */
import { findColumn } from '../../../engine/catalogue/catalog.ts';
import { leaveTenant } from '../../scope/tenant.ts';
import { change, ident, list, rowsOf } from '../../sql/sql.ts';
import { attempt, isOfConstraint } from './attempt.ts';
import { strike } from './bout.ts';
import type { Bout, BoutSide } from './bout.ts';
import { ownerColumn, parentKeys, plainColumn, tryCrossing } from './crossing.ts';
import { insertSql, isRow, keyNames, keyOf, shownKey, valueSql } from './rows.ts';
import type { ColumnTexts } from './rows.ts';
import { act } from './session.ts';

/** A row beside one that is there; or in its place, where nothing of it can be another. */
interface NewRow {
  readonly values: ColumnTexts;
  readonly inPlaceOf?: BoutSide;
}

export async function tryInserting(bout: Bout): Promise<void> {
  if (bout.way === 'another tenant' && !(await isTakenFromItsOwn(bout))) return;
  await tryInsert(bout, 'INSERT for another tenant', await newRow(bout, bout.b));
  await tryForNobody(bout);
  if (bout.way !== 'another tenant') return;
  for (const key of parentKeys(bout)) {
    const own = await newRow(bout, bout.a);
    await tryCrossing(bout, {
      command: 'insert',
      key,
      before: () => makeRoom(bout, own),
      queryFor: (parent) => insertSql(bout.table, new Map([...own.values, ...parent])),
    });
  }
  await tryOver(bout);
}

async function newRow(bout: Bout, side: BoutSide): Promise<NewRow> {
  const values = bout.seeds.renewed(bout.table, side.row);
  return values === undefined || !(await isTakenFromLogin(bout, values))
    ? { values: insertable(bout, side.row.values), inPlaceOf: side }
    : { values: insertable(bout, values) };
}

/** A CHECK may not take another value there. */
async function isTakenFromLogin({ tx, table, loginSees }: Bout, values: ColumnTexts): Promise<boolean> {
  if (!loginSees) return true;
  const tried = await attempt(tx, () => tx.run(insertSql(table, values)));
  return tried.done || !isOfConstraint(tried.by);
}

/** What the role may not write is left to the database. */
function insertable({ rights }: Bout, values: ColumnTexts): ColumnTexts {
  return new Map([...values].filter(([name]) => rights.insertable.has(name)));
}

async function makeRoom(bout: Bout, { inPlaceOf: side }: NewRow): Promise<void> {
  const { tx, rules, table, seeds, loginSees } = bout;
  if (side === undefined) return;
  await seeds.clearBelow(table);
  await (loginSees ? leaveTenant(tx, { settings: {} }) : act(tx, side.session));
  await tx.run(change`DELETE FROM ${rowsOf(table)} AS t WHERE ${isRow(rules, table, side.row)}`);
}

/** Such a row of its own is taken, or is refused by a policy. Otherwise a refusal for another tenant says nothing. */
async function isTakenFromItsOwn(bout: Bout): Promise<boolean> {
  const { tx, table, a, book } = bout;
  const own = await newRow(bout, a);
  const tried = await attempt(tx, async () => {
    await makeRoom(bout, own);
    await act(tx, a.session);
    await tx.run(insertSql(table, own.values));
  });
  if (tried.done || tried.by.sqlState === '42501') return true;
  const reason = 'the role cannot insert a row of its own tenant either';
  book.gap('insert', { statement: 'INSERT', reason, ...tried.by });
  return false;
}

async function tryInsert(bout: Bout, statement: string, row: NewRow): Promise<void> {
  const key = keyOf(bout.rules, bout.table, row.values);
  await strike(bout, {
    command: 'insert',
    statement,
    query: insertSql(bout.table, row.values),
    before: () => makeRoom(bout, row),
    ...(key === undefined ? {} : { makes: shownKey({ key }) }),
  });
}

async function tryForNobody(bout: Bout): Promise<void> {
  const { rules, table, b } = bout;
  const owner = findColumn(table, ownerColumn(rules, table) ?? '');
  if (owner === undefined || owner.notNull) return;
  const { values, ...rest } = await newRow(bout, b);
  await tryInsert(bout, 'INSERT without owner', {
    values: new Map([...values, [owner.name, null]]),
    ...rest,
  });
}

/** An upsert that meets the other tenant's row. */
async function tryOver(bout: Bout): Promise<void> {
  const { rules, table, rights, b, a } = bout;
  const names = keyNames(rules, table);
  const plain = plainColumn(bout);
  const own = await newRow(bout, a);
  const isFree = names.every(
    (name) =>
      name !== ownerColumn(rules, table) && rights.insertable.has(name) && rights.selectable.has(name),
  );
  if (names.length === 0 || plain === undefined || own.inPlaceOf !== undefined || !isFree) return;
  const keys = names.map((name) => [name, b.row.values.get(name) ?? null] as const);
  const insert = insertSql(table, new Map([...own.values, ...keys]));
  const value = valueSql(table, plain, a.row.values.get(plain) ?? null);
  await strike(bout, {
    command: 'insert',
    statement: 'INSERT … ON CONFLICT DO UPDATE over another tenant’s key',
    query: change`${insert} ON CONFLICT (${list(names.map(ident))}) DO UPDATE SET ${ident(plain)} = ${value}`,
  });
}
