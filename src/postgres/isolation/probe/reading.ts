/** SELECT, as it may reach a row of another tenant: the table as it is, the row by its key, with a lock, and by every view. */
import { findColumn } from '../../../engine/catalogue/catalog.ts';
import { bind, column, raw, rowsOf, sql, tableName } from '../../sql/sql.ts';
import { change } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { attempt, isUntold } from './attempt.ts';
import { enter, enterOwn, leak, see } from './bout.ts';
import type { Bout, BoutSide } from './bout.ts';
import type { ReadableView } from './rights.ts';
import { isRow, keyNames, keySql, shownKey } from './rows.ts';
import { act } from './session.ts';

export async function tryReading(bout: Bout): Promise<void> {
  const { rights, writes } = bout;
  if (rights.selectable.size > 0) {
    await tryPlain(bout);
    await tryByKey(bout, '');
    if (writes && rights.updatable.size > 0) await tryByKey(bout, ' FOR UPDATE');
  }
  for (const view of rights.views) await tryView(bout, view);
}

/** May the role read what the row is named by? */
export function readsKey({ rules, table, rights }: Bout): boolean {
  const names = keyNames(rules, table);
  return names.length === 0 ? rights.selectsWhole : names.every((name) => rights.selectable.has(name));
}

/** Any row that says that it is another tenant's, whoever that is. */
async function tryPlain(bout: Bout): Promise<void> {
  const { rules, table, rights, way, a } = bout;
  const ownership = rules.ownership.get(table.id);
  const direct =
    ownership?.kind === 'tenant' ? ownership.paths.find(({ hops }) => hops.length === 0) : undefined;
  const statement = 'SELECT';
  if (direct === undefined) return;
  const own = findColumn(table, direct.column);
  if (own === undefined || !rights.selectable.has(own.name) || !readsKey(bout))
    return bout.book.gap('select', { way, statement, reason: 'the role may not read whose a row is' });
  const others =
    way === 'another tenant'
      ? sql` AND ${column('t', own.name)}::text IS DISTINCT FROM ${bind(a.tenant, `text::${own.type}`)}::text`
      : raw('');
  await look(bout, statement, sql`WHERE ${column('t', own.name)} IS NOT NULL${others}`);
}

async function tryByKey(bout: Bout, lock: '' | ' FOR UPDATE'): Promise<void> {
  const { rules, table, b, way } = bout;
  const statement = `SELECT by key${lock}`;
  if (!readsKey(bout))
    return bout.book.gap('select', { way, statement, reason: 'the role may not read the key of a row' });
  await look(bout, statement, sql`WHERE ${isRow(rules, table, b.row)}`, lock);
}

async function look(bout: Bout, statement: string, where: Sql, lock = ''): Promise<void> {
  const { tx, rules, table, way, book } = bout;
  const query = sql`SELECT ${keySql(rules, table)} AS key FROM ${rowsOf(table)} t ${where} LIMIT 1${raw(lock)}`;
  const found = await attempt(tx, async () => {
    await enter(bout);
    return tx.maybeOne<{ key: string[] }>(query);
  });
  if (!found.done && isUntold(found.by)) book.refused('select', { way, statement }, found.by);
  if (found.done && found.value !== undefined)
    leak(bout, 'select', { statement, key: shownKey(found.value) });
}

async function tryView(bout: Bout, view: ReadableView): Promise<void> {
  const { way, book } = bout;
  const statement = `SELECT from the view ${view.schema}.${view.name}`;
  if (!view.stored && bout.writes) return tryDifference(bout, view, statement);
  const names = keyNames(bout.rules, bout.table);
  const isNamed = names.length > 0 && names.every((name) => view.columns.includes(name));
  const isOnlyIts = names.some((name) => findColumn(bout.table, name)?.kind === 'uuid');
  if (!isNamed || !isOnlyIts)
    return book.gap('select', { way, statement, reason: 'its columns do not tell which row they come from' });
  return tryNamedIn(bout, view, statement);
}

/** A view that has the columns of the key, a uuid among them. */
async function tryNamedIn(bout: Bout, view: ReadableView, statement: string): Promise<void> {
  const { tx, rules, table, b, way, book } = bout;
  const query = sql`SELECT FROM ${tableName(view)} t WHERE ${isRow(rules, table, b.row)} LIMIT 1`;
  const found = await attempt(tx, async () => {
    await enter(bout);
    return tx.maybeOne(query);
  });
  if (!found.done) {
    if (isUntold(found.by)) book.refused('select', { way, statement }, found.by);
    return;
  }
  if (found.value !== undefined) return leak(bout, 'select', { statement, key: shownKey(b.row) });
  const witness = await attempt(tx, async () => {
    await enterOwn(bout);
    return tx.maybeOne(query);
  });
  if (!witness.done || witness.value === undefined)
    book.gap('select', { way, statement, reason: 'the view does not show the row to its own tenant either' });
}

/**
 * Any other view: does what it shows depend on the row? It is read, the row is taken away, and it is read again. What changes for the
 * row's own tenant, and would for nobody else, is the witness.
 */
async function tryDifference(bout: Bout, view: ReadableView, statement: string): Promise<void> {
  const { tx, rules, table, b, way, book, seeds } = bout;
  const whole = sql`SELECT count(*) || ' ' || coalesce(sum(hashtextextended(v::text, 0)), 0)::text AS shown FROM ${tableName(view)} v`;
  const read = async (as: () => Promise<void>): Promise<string> => {
    const shown = await attempt(tx, async () => {
      await as();
      return (await tx.one<{ shown: string }>(whole)).shown;
    });
    if (shown.done) return shown.value;
    return isUntold(shown.by) ? 'unread' : 'refused';
  };
  const asA = (): Promise<string> => read(() => enter(bout));
  const asB = (): Promise<string> => read(() => enterOwn(bout));
  const tried = await attempt(tx, async () => {
    const before = [await asA(), await asA(), await asB()];
    await seeds.clearBelow(table, b.tenant);
    await see(bout);
    const gone = await tx.run(change`DELETE FROM ${rowsOf(table)} AS t WHERE ${isRow(rules, table, b.row)}`);
    return { before, after: [await asA(), await asB()], gone };
  });
  if (!tried.done) return book.refused('select', { way, statement }, tried.by);
  const { before, after, gone } = tried.value;
  const [first, again, ofB] = before;
  const [nowA, nowB] = after;
  if (gone !== 1 || first !== again || first === 'unread' || nowA === 'unread')
    return book.gap('select', { way, statement, reason: 'what it shows cannot be compared' });
  if (first !== nowA) return leak(bout, 'select', { statement, key: shownKey(b.row) });
  if (first !== 'refused' && ofB === nowB)
    book.gap('select', { way, statement, reason: 'the view does not show the row to its own tenant either' });
}

/** As the tenant itself the role sees the row. Without that, that another sees nothing proves nothing. */
export async function isWitnessed(bout: Bout, side: BoutSide): Promise<boolean> {
  const { tx, rules, table } = bout;
  const found = await attempt(tx, async () => {
    await act(tx, side.session);
    return tx.maybeOne(sql`SELECT FROM ${rowsOf(table)} t WHERE ${isRow(rules, table, side.row)} LIMIT 1`);
  });
  return found.done && found.value !== undefined;
}
