/** What one role tries on one table in one way: a row of its own tenant, a row of another, and a book of what came of it. */
import type { Table } from '../../../engine/catalogue/catalog.ts';
import type { ProbedCommand, ProbedWay, ProbeGap, ProbeLeak } from '../../../engine/isolation/proof.ts';
import { given } from '../../../engine/given.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import type { Tx } from '../../driver/database.ts';
import { leaveTenant } from '../../scope/tenant.ts';
import { anyOf, column, list, raw, rowsOf, sql } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { attempt, isUntold, keep } from './attempt.ts';
import type { AttemptRefusal } from './attempt.ts';
import type { TableRights } from './rights.ts';
import { isOf, isRow, shownKey } from './rows.ts';
import type { ProbeRow } from './rows.ts';
import type { Seeds } from './seeds.ts';
import { act } from './session.ts';
import type { TenantSession } from './session.ts';

/** A tenant with its session and its row. */
export interface BoutSide {
  readonly tenant: string;
  readonly session: TenantSession;
  readonly row: ProbeRow;
}

export interface Bout {
  readonly tx: Tx;
  readonly rules: Rules;
  readonly table: Table;
  readonly rights: TableRights;
  readonly seeds: Seeds;
  readonly way: ProbedWay;
  readonly a: BoutSide;
  readonly b: BoutSide;
  /** May statements be tried that write? */
  readonly writes: boolean;
  readonly loginSees: boolean;
  readonly book: ProbeBook;
}

export class ProbeBook {
  readonly leaks: Record<ProbedCommand, ProbeLeak[]> = { select: [], insert: [], update: [], delete: [] };
  readonly gaps: Record<ProbedCommand, ProbeGap[]> = { select: [], insert: [], update: [], delete: [] };

  gap(command: ProbedCommand, gap: ProbeGap): void {
    this.gaps[command].push(gap);
  }

  refused(command: ProbedCommand, about: Pick<ProbeGap, 'statement' | 'way'>, by: AttemptRefusal): void {
    this.gap(command, { ...about, reason: 'the database refused the statement for another reason', ...by });
  }
}

/** Acts as who must not reach the row of `b`. */
export function enter({ tx, a, way }: Bout): Promise<void> {
  return act(tx, a.session, way);
}

/** Acts as the tenant of `b` itself; where no tenant may be named yet, as the login. */
export function enterOwn(bout: Bout): Promise<void> {
  return bout.way === 'no context' ? see(bout) : act(bout.tx, bout.b.session);
}

/** Sees the rows of `b`: as the login where it sees all, and otherwise as the role in its own tenant. */
export function see({ tx, loginSees, b }: Bout): Promise<void> {
  return loginSees ? leaveTenant(tx, { settings: {} }) : act(tx, b.session);
}

/** What the rows of `b` and the row of `b` are, as one text each. */
interface Seen {
  readonly rows: string;
  readonly row: string;
}

/** Rows of everybody count as well: who changes them changes what others see. */
async function seen(bout: Bout, table: Table = bout.table): Promise<Seen> {
  const { tx, rules, b } = bout;
  await see(bout);
  const nobody = nobodyOf(bout, table);
  const whose = anyOf([isOf(rules, table, b.tenant), ...(nobody === undefined ? [] : [nobody])]);
  const isIt = table.id === bout.table.id ? isRow(rules, table, b.row) : raw('false');
  const sum = sql`coalesce(sum(hashtextextended(${textOf(bout, table)}, 0)), 0)`;
  const digest = (where: Sql): Sql =>
    sql`(SELECT count(*) || ' ' || ${sum}::text FROM ${rowsOf(table)} t WHERE ${where})`;
  return tx.one<Seen>(sql`SELECT ${digest(whose)} AS rows, ${digest(isIt)} AS row`);
}

function nobodyOf({ rules }: Bout, { id, columns }: Table): Sql | undefined {
  const ownership = rules.ownership.get(id);
  const direct =
    ownership?.kind === 'tenant' ? ownership.paths.find(({ hops }) => hops.length === 0) : undefined;
  const own = columns.find(({ name }) => name === direct?.column);
  return own === undefined || own.notNull ? undefined : sql`${column('t', own.name)} IS NULL`;
}

function textOf({ loginSees, rights, table }: Bout, { id, columns }: Table): Sql {
  const all = loginSees || table.id !== id;
  const names = columns.map(({ name }) => name).filter((name) => all || rights.selectable.has(name));
  const place = loginSees || (table.id === id && rights.selectsWhole) ? [raw('t.ctid')] : [];
  const parts = [...names.map((name) => column('t', name)), ...place];
  return sql`concat_ws(',', ${list(parts.map((part) => sql`coalesce(${part}::text, '-')`))})`;
}

export interface Strike {
  readonly command: ProbedCommand;
  readonly statement: string;
  readonly query: Sql;
  /** Before it, in the same savepoint. */
  readonly before?: () => Promise<void>;
  /** Tables beside the own one that may be reached. */
  readonly others?: readonly Table[];
  /** An error that says nothing about whose row it was. */
  readonly isGap?: (by: AttemptRefusal) => boolean;
  /** The key of the row that a statement makes, or gives away. */
  readonly makes?: string;
  /** The statement names the row of `b`, so that one row is enough. */
  readonly namesRow?: boolean;
}

/** What came of a statement. */
interface Struck {
  readonly refused?: AttemptRefusal;
  readonly affected: number;
  /** The table in which a row of `b` was reached. */
  readonly reached?: Table;
  /** It was the row of `b` itself. */
  readonly isRow: boolean;
}

/** Books a row that was reached. One that the probe itself made is told as such: nobody finds it again. */
export function leak(
  { book, way, b }: Bout,
  command: ProbedCommand,
  { statement, key }: Pick<ProbeLeak, 'statement' | 'key'>,
): void {
  const isMade =
    key !== undefined && (command === 'insert' || (b.row.madeBy !== undefined && key === shownKey(b.row)));
  book.leaks[command].push({ way, statement, ...given({ key }), ...(isMade ? { made: true } : {}) });
}

/** Runs a statement as who must not reach a row of `b`, and books what it reached. */
export async function strike(bout: Bout, blow: Strike): Promise<void> {
  const { book, way, b, table } = bout;
  const { command, statement, namesRow = false } = blow;
  const tried = await attempt(bout.tx, () => struck(bout, blow));
  if (!tried.done) return book.refused(command, { statement, way }, tried.by);
  const { refused, reached, isRow: isIt, affected } = tried.value;
  if (refused !== undefined && (isUntold(refused) || blow.isGap?.(refused) === true))
    return book.refused(command, { statement, way }, refused);
  if (reached === undefined && !(namesRow && affected > 0)) return;
  const key = isIt || namesRow ? shownKey(b.row) : blow.makes;
  const where = reached === undefined || reached.id === table.id ? '' : `, and so ${reached.id}`;
  leak(bout, command, { statement: `${statement}${where}`, ...given({ key }) });
}

async function struck(bout: Bout, { before, others = [], query }: Strike): Promise<Struck> {
  await before?.();
  const tables = [bout.table, ...others];
  const were: Seen[] = [];
  for (const table of tables) were.push(await seen(bout, table));
  await enter(bout);
  const done = await keep(bout.tx, () => bout.tx.run(query));
  if (!done.done) return { refused: done.by, affected: 0, isRow: false };
  for (const [at, reached] of tables.entries()) {
    const is = await seen(bout, reached);
    if (is.rows !== were[at]?.rows)
      return { affected: done.value, reached, isRow: at === 0 && is.row !== were[at]?.row };
  }
  return { affected: done.value, isRow: false };
}
