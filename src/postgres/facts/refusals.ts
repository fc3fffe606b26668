/**
 * Rows that the database would refuse: the CHECKs of a table, the domains and the lengths of its columns, evaluated on the rows as they
 * would be. Asked only where such a rule speaks of a column that changes. What only the write itself can tell (triggers, exclusion
 * constraints, unique expressions) is told by a rehearsal.
 */
import { canMove } from '../../engine/rules/place.ts';
import type { Check, Table } from '../../engine/catalogue/catalog.ts';
import { deadRowsMove, movingStates } from '../../engine/plan/decide.ts';
import type { PlaceGroup, Refusal } from '../../engine/plan/snapshot.ts';
import { tableOf } from '../../engine/rules/references.ts';
import { DroverError, isConnectionLost } from '../../errors.ts';
import { askEach, everyMember } from '../driver/members.ts';
import { affected, backToSavepoint, inOrder, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import type { Tx } from '../driver/database.ts';
import { castFor, columnOf } from '../sql/cast.ts';
import { findRowKey, keyExpression } from '../sql/keys.ts';
import { changesPart, columnsOf, tupleEquals } from '../sql/match.ts';
import type { PlaceRow, RowContext } from '../sql/match.ts';
import { movableSql } from '../sql/movable.ts';
import { mineSql } from '../sql/row.ts';
import { anyOf, bind, column, each, ident, join, list, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { placeRow, rowContext } from './member.ts';
import type { Batch, Member } from './member.ts';

interface RefusalInput extends Batch {
  /** Of each member. */
  readonly groups: readonly (readonly PlaceGroup[])[];
}

/** For each member. */
export async function readRefusals(tx: Tx, input: RefusalInput): Promise<Refusal[][]> {
  const found = input.members.map((): Refusal[] => []);
  const used = tablesInUse(input);
  const open = used.flatMap(({ at, ...one }) => unanswered(at, judge(input, { at, ...one })?.open ?? []));
  for (const { member, refusals } of [...open, ...(await readSafely(tx, input, used))])
    found[member]?.push(...refusals);
  return found;
}

/** A table with rules, and the members of whom it has rows on the source. */
interface TableInUse {
  readonly table: Table;
  readonly places: readonly string[];
  readonly at: readonly number[];
}

function tablesInUse({ rules, members, groups }: RefusalInput): TableInUse[] {
  const scalar = (groups[0] ?? []).filter(({ carrier }) => carrier === 'columns');
  const used = scalar.map(({ table, places }) => ({
    table: tableOf(rules, table),
    places,
    at: [...members.keys()].filter((member) =>
      groups[member]?.some((group) => group.places[0] === places[0] && group.groups.length > 0),
    ),
  }));
  return used.filter(({ table, at }) => table.checks.length > 0 && at.length > 0);
}

/** The rules that the moved rows of a table must meet. */
interface JudgedTable {
  readonly context: RowContext;
  /** The places of which rows move. */
  readonly rows: readonly PlaceRow[];
  readonly checks: readonly Check[];
  /** Rules that speak of columns which change with the model, to what is not known here. */
  readonly open: readonly TableRule[];
  readonly first: Member;
}

/** Undefined where no rule speaks of what changes. */
function judge({ rules, members }: Batch, { table, places, at }: TableInUse): JudgedTable | undefined {
  const some = everyMember(at.map((number) => members[number]));
  const [first] = some;
  if (first === undefined) return undefined;
  const { entityTypes } = first.intent;
  const rows = rules.places
    .filter((place) => places.includes(place.id) && canMove(place))
    .filter(({ entity }) => entityTypes?.includes(entity) ?? true)
    .map((place) => placeRow(rules, place, some));
  const beside = changedBeside(rules, table, rows);
  const speaking = table.checks.filter((check) => speaksOf(check, rows));
  const isOpen = ({ columns }: Check): boolean => columns.some((name) => beside.has(name));
  const open = speaking.filter(isOpen).map((check) => ({ table, check }));
  const checks = speaking.filter((check) => !isOpen(check));
  return { context: rowContext(rules, table, some), rows, checks, open, first };
}

/** Does the rule speak of a column that changes, with a value that it may refuse? */
function speaksOf({ columns, ...check }: Check, rows: readonly PlaceRow[]): boolean {
  return rows.some((row) =>
    columnsOf(row).some(
      (name, part) =>
        columns.includes(name) &&
        row.mappings.some(
          (mapping) =>
            changesPart(mapping, part) && (mapping.to[part] ?? []).some((text) => mayRefuse(check, text)),
        ),
    ),
  );
}

function mayRefuse({ length, labels }: Pick<Check, 'length' | 'labels'>, text: string): boolean {
  if (labels !== undefined) return !labels.includes(text);
  return length === undefined || text.length > length;
}

/** Settings beside the references, and documents, change with them; to what is not known here. */
function changedBeside({ places }: Batch['rules'], table: Table, rows: readonly PlaceRow[]): Set<string> {
  const settings = rows.flatMap(({ place }) => [
    ...(place.parameters === undefined ? [] : [place.parameters]),
    ...Object.entries(place.companions).flatMap(([name, rule]) => (rule === 'keep' ? [] : [name])),
  ]);
  const documents = places.filter((place) => place.table === table.id && place.carrier !== 'columns');
  return new Set([...settings, ...documents.map((place) => place.column)]);
}

interface TableRule {
  readonly table: Table;
  readonly check: Check;
}

/** For each of these members the answer that the rules could not be judged. */
function unanswered(at: readonly number[], open: readonly TableRule[]): Answered[] {
  const refusals = open.map(notJudged);
  return at.map((member) => ({ member, refusals }));
}

/** Only the write can tell. */
export function notJudged({ table, check: { kind, name, definition } }: TableRule): Refusal {
  return { table: table.id, kind, name, definition, rows: null, example: null };
}

interface Answered {
  readonly member: number;
  readonly refusals: readonly Refusal[];
}

/** The answer to a question that may fail; undefined where it did, and then nothing of it stays. @throws where the connection is lost */
export async function askSafely<T>(tx: Tx, question: Question<T>): Promise<T | undefined> {
  try {
    const [, answer] = await tx.together([
      affected('SAVEPOINT drover_judge'),
      question,
      affected('RELEASE SAVEPOINT drover_judge'),
    ]);
    return answer;
  } catch (error) {
    if (!(error instanceof DroverError) || isConnectionLost(error)) throw error;
    await tx.ask(backToSavepoint('drover_judge'));
    return undefined;
  }
}

/**
 * A rule may call a function, and a function may fail. Then each table is asked by itself, and each member, so that a tenant has the
 * same answer alone and among others; where that fails, too, the plan says that nobody knows.
 */
async function readSafely(tx: Tx, batch: Batch, used: readonly TableInUse[]): Promise<Answered[]> {
  const asked = used.flatMap(({ at, ...one }) => {
    const judged = judge(batch, { at, ...one });
    return judged === undefined || judged.checks.length === 0
      ? []
      : [{ at, judged, question: refusalsOf(judged) }];
  });
  if (asked.length === 0) return [];
  const found = await askSafely(tx, inOrder(asked.map(({ question }) => question)));
  if (found !== undefined)
    return asked.flatMap(({ at }, question) =>
      at.map((member, number) => ({ member, refusals: found[question]?.[number] ?? [] })),
    );
  const [only, ...others] = asked;
  if (only?.at.length === 1 && others.length === 0)
    return unanswered(
      only.at,
      only.judged.checks.map((check) => ({ table: only.judged.context.table, check })),
    );
  const answers: Answered[] = [];
  for (const part of apart(used)) answers.push(...(await readSafely(tx, batch, [part])));
  return answers;
}

/** Smaller questions. */
function apart(used: readonly TableInUse[]): TableInUse[] {
  const [only, ...others] = used;
  if (only === undefined || others.length > 0) return [...used];
  return only.at.map((member) => ({ ...only, at: [member] }));
}

function refusalsOf(judged: JudgedTable): Question<Refusal[][]> {
  const { context, checks } = judged;
  const { table, size } = context;
  const refused = checks.map((check) => sql`coalesce(NOT (${metSql(check)}), false)`);
  const counts = refused.map((one) => sql`count(*) FILTER (WHERE ${one})`);
  const examples = refused.map((one) => sql`min(drover_row."drover:key") FILTER (WHERE ${one})`);
  const select = sql`SELECT ARRAY[${list(counts)}]::bigint[] AS rows, ARRAY[${list(examples)}]::text[] AS examples
    FROM (${rowsAsTheyWouldBe(judged)}) drover_row`;
  return readAs(
    askEach<{ readonly rows: number[]; readonly examples: (string | null)[] }>(size, select),
    (found) =>
      found.map(([counted]) =>
        checks.flatMap(({ kind, name, definition }, at) => {
          const count = counted?.rows[at] ?? 0;
          const example = counted?.examples[at] ?? null;
          return count === 0 ? [] : [{ table: table.id, kind, name, definition, rows: count, example }];
        }),
      ),
  );
}

/** Is the rule met by `drover_row`? Its columns are named without a qualifier, as a constraint names them. */
export function metSql({ expression, length, labels, columns }: Check): Sql {
  const [name = ''] = columns;
  if (length !== undefined) return sql`char_length(${ident(name)}::text) <= ${raw(String(length))}`;
  if (labels !== undefined) return sql`${ident(name)}::text = ANY (${bind(labels, 'text[]')})`;
  return raw(expression === undefined ? 'true' : withValue(expression, name));
}

/** In the expression of a domain VALUE stands for the value; not so inside a text or a quoted name. */
function withValue(expression: string, name: string): string {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  return expression.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\bVALUE\b/g, (token) =>
    token === 'VALUE' ? quoted : token,
  );
}

function rowsAsTheyWouldBe(judged: JudgedTable): Sql {
  const { context, rows, checks } = judged;
  const { rules, table } = context;
  const key = findRowKey(rules, table);
  const names = [...new Set(checks.flatMap(({ columns }) => columns))];
  const columns = names.map((name) => sql`${valueSql(judged, name)} AS ${ident(name)}`);
  const rowKey = key === undefined ? raw('NULL::text') : sql`${keyExpression(key, 't')}::text`;
  const moves = rows.map((row) => movesSql(judged, row));
  return sql`SELECT ${list([sql`${rowKey} AS "drover:key"`, ...columns])} FROM ${rowsOf(table)} t
    WHERE ${mineSql(context)} AND ${anyOf(moves)}`;
}

function movesSql({ context, first }: JudgedTable, row: PlaceRow): Sql {
  const states = movingStates(first.intent, row.place);
  return movableSql(context, row, { includeDead: deadRowsMove(context), states });
}

/** What the column of row `t` would hold, in its type without domain and length: a cast to those would refuse or cut the value. */
function valueSql(judged: JudgedTable, name: string): Sql {
  const { context, rows, checks } = judged;
  const own = columnOf(context.table, name);
  const below = checks.find((check) => check.bare !== undefined && check.columns.includes(name))?.bare;
  const bare = below ?? own.type;
  const cast = below === undefined ? castFor(own) : 'text';
  const cases = rows.flatMap((row) => {
    const part = columnsOf(row).indexOf(name);
    const ways = row.mappings.filter((mapping) => part >= 0 && changesPart(mapping, part));
    return ways.map((mapping) => {
      const named = tupleEquals(context, 't', columnsOf(row), mapping.from);
      return sql`WHEN ${movesSql(judged, row)} AND ${named} THEN ${each(mapping.to[part] ?? [], cast)}::${raw(bare)}`;
    });
  });
  const old = sql`${column('t', name)}::${raw(bare)}`;
  return cases.length === 0 ? column('t', name) : sql`CASE ${join(cases, ' ')} ELSE ${old} END`;
}
