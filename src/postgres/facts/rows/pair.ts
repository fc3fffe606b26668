/** From the intents of re-keys to facts: which row is meant, and is the other key free. Reading only. */
import { columnOf, isExact, isKeyOf } from '../../sql/cast.ts';
import { isAmong } from '../../sql/key-map.ts';
import { mineSql } from '../../sql/row.ts';
import { anyOf, bind, column, list, literal, nothing, raw, rowsOf, sql, type Sql } from '../../sql/sql.ts';
import { given } from '../../../engine/given.ts';
import { keySpellings, mostLookedFor } from '../../../engine/models/key-forms.ts';
import { keysReused, keysText, mergedPairs, pairProblems, type KeyPair } from '../../../engine/key-pairs.ts';
import { namedModel, type ModelFacts, type ModelPair } from '../../../engine/models/model.ts';
import { rowFindings } from '../../../engine/models/resolution-findings.ts';
import { askedPairs, type Intent } from '../../../engine/plan/intent.ts';
import { canMove } from '../../../engine/rules/place.ts';
import type { Subject } from '../../../engine/rules/rows/followers.ts';
import { subjectOf } from '../../../engine/rules/rows/view.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import { DroverError } from '../../../errors.ts';
import { askEach } from '../../driver/members.ts';
import { inOrder, readAs, type Question } from '../../driver/question.ts';

/** A row that one of the two texts may mean. */
interface SubjectRow {
  readonly key: string;
  /** What people know it by; null where nobody says. */
  readonly natural: string | null;
  readonly busy: boolean;
}

interface AskedRow {
  readonly rules: Rules;
  readonly subject: Subject;
  readonly intent: Intent;
}

/** The row of each intent, and its key to be: ROW_NOT_FOUND, ROW_AMBIGUOUS, SAME_MODEL, INVALID_VALUE where there is none. */
export function rowPairsOf(
  rules: Rules,
  subject: Subject,
  intents: readonly Intent[],
): Question<(ModelPair | DroverError)[]> {
  const questions = intents.map((intent) => {
    const asked = { rules, subject, intent };
    return readAs(askEach<SubjectRow>(1, rowsSql(asked)), ([rows = []]) => pairOf(asked, rows));
  });
  return inOrder(questions);
}

/** Of one row also those that people know by the text: a map names rows by their keys alone. */
function rowsSql({ rules, subject, intent }: AskedRow): Sql {
  const { table, key } = subject;
  const tenants = intent.tenant === undefined ? undefined : [intent.tenant];
  const own = columnOf(table, key);
  const pairs = askedPairs(intent);
  const texts = pairs.flatMap(({ from, to }) => [from, to]);
  const natural = naturalSql(rules);
  const { busy } = subjectOf(rules.config) ?? {};
  const forms = own.kind === 'text' ? texts.flatMap(formsOf) : [];
  const keys = [...new Set([...texts, ...forms])].filter((text) => isKeyOf(own, text));
  const byKey = keys.length === 0 ? raw('false') : isAmong(own, column('t', key), keys);
  const isMap = intent.pairs !== undefined;
  const byName = natural === undefined || isMap ? [] : [sql`${natural} = ANY (${bind(texts, 'text[]')})`];
  const order = byName.length === 0 || keys.length === 0 ? raw('1') : sql`(${byKey}) DESC, 1`;
  return sql`SELECT ${column('t', key)}::text AS key, ${natural ?? raw('NULL::text')} AS natural,
      coalesce((${raw(busy ?? 'false')}), false) AS busy
    FROM ${rowsOf(table)} t WHERE ${mineSql({ rules, table, size: 1, tenants })} AND ${anyOf([byKey, ...byName])}
    ORDER BY ${order}${isMap ? nothing : raw(' LIMIT 30')}`;
}

/** Several columns are one text, parted by slashes. */
function naturalSql(rules: Rules): Sql | undefined {
  const { natural = [] } = subjectOf(rules.config) ?? {};
  return natural.length === 0
    ? undefined
    : sql`concat_ws(${literal('/')}, ${list(natural.map((name) => sql`${column('t', name)}::text`))})`;
}

/** The rows of the intent: of one pair what stands in its way, of a map that of all pairs at once. */
function pairOf(asked: AskedRow, rows: readonly SubjectRow[]): ModelPair | DroverError {
  const { subject, intent } = asked;
  const other = comparedOtherwise(subject) ?? tooManyNames(asked);
  if (other !== undefined) return other;
  const isMap = intent.pairs !== undefined;
  const pairs = askedPairs(intent);
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const found = pairs.map((pair) => rowsMeant(asked, { rows, byKey, pair }));
  const wrong = isMap
    ? mapProblems(pairs, { found, merge: intent.merge === true })
    : found.filter((one) => one instanceof DroverError);
  if (wrong instanceof DroverError) return wrong;
  if (Array.isArray(wrong) && wrong[0] !== undefined) return wrong[0];
  const meant = found.filter((one): one is FoundRows => !(one instanceof DroverError));
  const alike = rowAlike(asked, rows, meant);
  if (alike !== undefined) return alike;
  return modelPair(asked, meant);
}

function modelPair(asked: AskedRow, meant: readonly FoundRows[]): ModelPair {
  const { rules, subject, intent } = asked;
  const merge = intent.merge === true;
  const asPaired = meant.map(({ from, to }) => ({ from, to }));
  const keys = merge ? mergedPairs(asPaired) : asPaired;
  const froms = new Set(keys.map(({ from }) => from));
  const reused = new Set(keysReused(keys));
  // The row that has the key to be gives it up by the same map.
  const isTaken = ({ target, to }: FoundRows): boolean => target !== undefined && !froms.has(to);
  const both = merge ? [] : meant.filter((one) => one.source !== undefined && isTaken(one));
  const gone = meant.filter(({ source }) => source === undefined);
  const there = meant.map((one) => one.source !== undefined && !both.includes(one));
  const { busy } = subjectOf(rules.config) ?? {};
  const found = rowFindings({
    table: subject.table.id,
    both: both.map(({ from, to }) => ({ from, to })),
    gone: gone.map(({ from, to }) => ({ from, to })),
    busy: meant.flatMap(({ source, from }) => (source?.busy === true ? [from] : [])),
    reused: [...reused],
    ...given({ condition: busy }),
  });
  const [only, ...others] = meant;
  const alone = others.length === 0 && intent.pairs === undefined ? only : undefined;
  const natural = (alone?.source ?? alone?.target)?.natural ?? undefined;
  const facts = (side: 'from' | 'to'): ModelFacts => ({
    ...namedModel({
      kind: intent.kind ?? subject.table.id,
      components:
        alone === undefined ? { name: keysText(keys.map((pair) => pair[side])) } : given({ natural }),
      ...given({ key: alone?.[side] }),
    }),
    ...given({ tenant: intent.tenant }),
    table: subject.table.id,
    ...(alone === undefined
      ? {}
      : { spellings: keySpellings(alone[side], side === 'from' ? 'source' : 'target') }),
  });
  return {
    source: facts('from'),
    target: facts('to'),
    keys,
    moving: keys.filter((_, at) => there[at] === true),
    found,
  };
}

/** All that is wrong with the pairs of a map, each with its number: MAPPING_INVALID; undefined where nothing is. */
function mapProblems(
  pairs: readonly KeyPair[],
  { found, merge }: { readonly found: readonly (FoundRows | DroverError)[]; readonly merge: boolean },
): DroverError | undefined {
  const said = pairProblems(pairs, merge);
  const silent = new Set(said.map(({ at }) => at));
  const rest = found.flatMap((one, at) =>
    one instanceof DroverError && !silent.has(at) ? [{ at, message: one.message }] : [],
  );
  const problems = [...said, ...rest].toSorted((a, b) => a.at - b.at);
  return problems.length === 0 ? undefined : mappingInvalid(problems, ({ at }) => `pair ${at + 1}`);
}

const problemsShown = 100;

/** Everything that is wrong with a map, with where it stands; of very many the first ones. */
export function mappingInvalid<Problem extends { readonly message: string }>(
  problems: readonly Problem[],
  where: (problem: Problem) => string,
): DroverError {
  const shown = problems.slice(0, problemsShown);
  const lines = shown.map((problem) => `${where(problem)}: ${problem.message}`);
  const more = problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : [];
  return new DroverError(
    'MAPPING_INVALID',
    `The map cannot be followed, and nothing was written.\n${[...lines, ...more].join('\n')}`,
    { problems: shown, count: problems.length },
  );
}

/** A place without a foreign key is asked for each key and each form of it by name. */
function tooManyNames({ rules, subject, intent }: AskedRow): DroverError | undefined {
  const { length } = askedPairs(intent);
  if (length <= mostLookedFor || !rules.places.some(canMove)) return undefined;
  const message =
    `The map has ${length} pairs, and rows → names of ${subject.table.id} lists places without a foreign key, in which at most ` +
    `${mostLookedFor} keys are changed at once: divide the map into several.`;
  return new DroverError('MAPPING_INVALID', message, { pairs: length });
}

interface RowsOfPair {
  readonly rows: readonly SubjectRow[];
  readonly byKey: ReadonlyMap<string, SubjectRow>;
  readonly pair: KeyPair;
}

/** The rows that one pair means, and why none. */
function rowsMeant(asked: AskedRow, { rows, byKey, pair }: RowsOfPair): FoundRows | DroverError {
  const { subject, intent } = asked;
  const meant = (text: string): SubjectRow | DroverError | undefined =>
    intent.pairs === undefined ? rowMeant(asked, rows, text) : rowOfKey(asked, byKey, text);
  const source = meant(pair.from);
  // Where the row is there, it gets a key; only where it is gone the text may say by name which row it became.
  const isNamed = source === undefined || intent.merge === true;
  const target = isNamed ? meant(pair.to) : rowOfKey(asked, byKey, pair.to);
  if (source instanceof DroverError) return source;
  if (target instanceof DroverError) return target;
  const from = source?.key ?? keyFrom(subject, pair.from);
  const to = target?.key ?? keyFrom(subject, pair.to);
  if (from instanceof DroverError) return from;
  if (to instanceof DroverError) return to;
  if (from === to)
    return new DroverError('SAME_MODEL', `The row of ${subject.table.id} has the key ${to} already.`);
  if (source === undefined && target === undefined) return nobody(asked, pair);
  if (intent.merge === true && target === undefined) return alone(asked, to);
  return { source, target, from, to };
}

/** The ways to write a key that is a uuid, in whichever of them it is given. */
function formsOf(key: string): string[] {
  const bare = key.replaceAll(/^(?:urn:uuid:|\{)|\}$/gi, '');
  return keySpellings(bare, 'source').map(({ text }) => text);
}

/** What is written differently and equal all the same can be neither looked for nor kept as an alias. */
function comparedOtherwise({ table, key }: Subject): DroverError | undefined {
  const own = columnOf(table, key);
  if (isExact(own)) return undefined;
  const { type, comparison } = own;
  const how = comparison?.collation === undefined ? '' : `, collation ${comparison.collation}`;
  const message =
    `Rows of ${table.id} get no other key: ${key} is of type ${type}${how}, whose values may be equal and written differently, and ` +
    'then nobody can say what names the row. Keys of uuid, integers, text and enums that compare to the letter can be changed.';
  return new DroverError('INVALID_VALUE', message, { column: key });
}

/** Another row of which the key is one of these in another form: what is written so may mean either. */
function rowAlike(
  { subject: { table } }: AskedRow,
  rows: readonly SubjectRow[],
  meant: readonly FoundRows[],
): DroverError | undefined {
  const own = new Set(meant.flatMap(({ source, target }) => [source, target]));
  const others = new Map(rows.filter((row) => !own.has(row)).map((row) => [row.key, row]));
  if (others.size === 0) return undefined;
  for (const key of meant.flatMap(({ from, to }) => [from, to])) {
    const other = formsOf(key).find((form) => others.has(form));
    if (other === undefined) continue;
    const message =
      `${table.id} has a row ${other}, and ${key} is the same written differently: nobody can say which of the two a reference ` +
      'means. Choose another key, or give one of the rows another key where it was made.';
    return new DroverError('ROW_AMBIGUOUS', message, { table: table.id, keys: [key, other] });
  }
  return undefined;
}

function rowOfKey(
  { subject }: AskedRow,
  byKey: ReadonlyMap<string, SubjectRow>,
  text: string,
): SubjectRow | undefined {
  const key = keyFrom(subject, text);
  return key instanceof DroverError ? undefined : byKey.get(key);
}

function rowMeant(
  asked: AskedRow,
  rows: readonly SubjectRow[],
  text: string,
): SubjectRow | DroverError | undefined {
  const { subject } = asked;
  const byKey = rowOfKey(asked, new Map(rows.map((row) => [row.key, row])), text);
  const [first, ...others] = rows.filter(({ natural }) => natural === text);
  if (byKey !== undefined || others.length === 0) return byKey ?? first;
  const keys = [first, ...others].map((row) => row?.key ?? '').join(', ');
  return new DroverError(
    'ROW_AMBIGUOUS',
    `"${text}" fits several rows of ${subject.table.id} (${keys}): say which by its key.`,
  );
}

/** The text as the database writes the key. */
function keyFrom({ table, key }: Subject, text: string): string | DroverError {
  const own = columnOf(table, key);
  if (isKeyOf(own, text)) {
    if (own.kind === 'uuid') return text.toLowerCase();
    if (own.comparison?.type === 'bpchar') return text.replace(/ +$/, '');
    return own.kind === 'integer' ? String(BigInt(text)) : text;
  }
  const message = `"${text}" cannot be a key of ${table.id}: ${key} is of type ${own.type}.`;
  return new DroverError('INVALID_VALUE', message, { column: key });
}

function nobody({ subject: { table }, intent }: AskedRow, { from, to }: KeyPair): DroverError {
  const whose = intent.tenant === undefined ? '' : ` of tenant ${intent.tenant}`;
  const message = `There is no row ${from} in ${table.id}${whose}, and none ${to}.`;
  return new DroverError('ROW_NOT_FOUND', message, { table: table.id, key: from });
}

function alone({ subject: { table } }: AskedRow, key: string): DroverError {
  const message = `There is no row ${key} in ${table.id} to become one with. To give the row this key, leave out --merge.`;
  return new DroverError('ROW_NOT_FOUND', message, { table: table.id, key });
}

interface FoundRows extends KeyPair {
  readonly source: SubjectRow | undefined;
  readonly target: SubjectRow | undefined;
}
