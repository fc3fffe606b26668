/** From the intents of re-keys to facts: which row is meant, and is the other key free. Reading only. */
import { columnOf, equalsEach, isKeyOf } from '../../sql/cast.ts';
import { mineSql } from '../../sql/row.ts';
import { anyOf, bind, column, list, literal, raw, rowsOf, sql } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { given } from '../../../engine/given.ts';
import { keySpellings } from '../../../engine/models/key-forms.ts';
import { namedModel } from '../../../engine/models/model.ts';
import type { ModelFacts, ModelPair } from '../../../engine/models/model.ts';
import { rowFindings } from '../../../engine/models/resolution-findings.ts';
import type { RowsFound } from '../../../engine/models/resolution-findings.ts';
import type { Intent } from '../../../engine/plan/intent.ts';
import type { Subject } from '../../../engine/rules/rows/followers.ts';
import { subjectOf } from '../../../engine/rules/rows/view.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import { DroverError } from '../../../errors.ts';
import { askEach } from '../../driver/members.ts';
import { inOrder, readAs } from '../../driver/question.ts';
import type { Question } from '../../driver/question.ts';

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

function rowsSql({ rules, subject, intent }: AskedRow): Sql {
  const { table, key } = subject;
  const tenants = intent.tenant === undefined ? undefined : [intent.tenant];
  const own = columnOf(table, key);
  const texts = [intent.from, intent.to];
  const natural = naturalSql(rules);
  const { busy } = subjectOf(rules.config) ?? {};
  const forms = own.kind === 'text' ? [...formsOf(intent.from), ...formsOf(intent.to)] : [];
  const keys = [...new Set([...texts, ...forms])].filter((text) => isKeyOf(own, text));
  const byKey = keys.map((text) => equalsEach(own, column('t', key), [text]));
  const named = [
    ...byKey,
    ...(natural === undefined ? [] : [sql`${natural} = ANY (${bind(texts, 'text[]')})`]),
  ];
  const first = byKey.length === 0 ? raw('1') : sql`(${anyOf(byKey)}) DESC, 1`;
  return sql`SELECT ${column('t', key)}::text AS key, ${natural ?? raw('NULL::text')} AS natural,
      coalesce((${raw(busy ?? 'false')}), false) AS busy
    FROM ${rowsOf(table)} t WHERE ${mineSql({ rules, table, size: 1, tenants })} AND ${anyOf(named)} ORDER BY ${first} LIMIT 30`;
}

/** Several columns are one text, parted by slashes. */
function naturalSql(rules: Rules): Sql | undefined {
  const { natural = [] } = subjectOf(rules.config) ?? {};
  return natural.length === 0
    ? undefined
    : sql`concat_ws(${literal('/')}, ${list(natural.map((name) => sql`${column('t', name)}::text`))})`;
}

function pairOf(asked: AskedRow, rows: readonly SubjectRow[]): ModelPair | DroverError {
  const { subject, intent } = asked;
  const other = comparedOtherwise(subject);
  if (other !== undefined) return other;
  const source = rowMeant(asked, rows, intent.from);
  // Where the row is there, it gets a key; only where it is gone the text may say by name which row it became.
  const isNamed = source === undefined || intent.merge === true;
  const target = isNamed ? rowMeant(asked, rows, intent.to) : rowOfKey(asked, rows, intent.to);
  if (source instanceof DroverError) return source;
  if (target instanceof DroverError) return target;
  const from = source?.key ?? keyFrom(subject, intent.from);
  const to = target?.key ?? keyFrom(subject, intent.to);
  if (from instanceof DroverError) return from;
  if (to instanceof DroverError) return to;
  if (from === to)
    return new DroverError('SAME_MODEL', `The row of ${subject.table.id} has the key ${to} already.`);
  if (source === undefined && target === undefined) return nobody(asked);
  if (intent.merge === true && target === undefined) return alone(asked, to);
  const alike = rowAlike(asked, rows, { source, target, from, to });
  if (alike !== undefined) return alike;
  const found = rowFindings(foundRows(asked, { source, target, from, to }));
  const natural = (source ?? target)?.natural;
  const facts = (side: 'source' | 'target', key: string): ModelFacts => ({
    ...namedModel({
      kind: intent.kind ?? subject.table.id,
      key,
      components: natural === null || natural === undefined ? {} : { natural },
    }),
    ...given({ tenant: intent.tenant }),
    table: subject.table.id,
    spellings: keySpellings(key, side),
  });
  return { source: facts('source', from), target: facts('target', to), found };
}

/** The ways to write a key that is a uuid, in whichever of them it is given. */
function formsOf(key: string): string[] {
  const bare = key.replaceAll(/^(?:urn:uuid:|\{)|\}$/gi, '');
  return keySpellings(bare, 'source').map(({ text }) => text);
}

/** What is written differently and equal all the same can be neither looked for nor kept as an alias. */
function comparedOtherwise({ table, key }: Subject): DroverError | undefined {
  const { kind, type, comparison } = columnOf(table, key);
  const exact = kind === 'uuid' || kind === 'integer' || kind === 'text' || kind === 'enum';
  if (exact && comparison?.loose !== true) return undefined;
  const how = comparison?.collation === undefined ? '' : `, collation ${comparison.collation}`;
  const message =
    `Rows of ${table.id} get no other key: ${key} is of type ${type}${how}, whose values may be equal and written differently, and ` +
    'then nobody can say what names the row. Keys of uuid, integers, text and enums that compare to the letter can be changed.';
  return new DroverError('INVALID_VALUE', message, { column: key });
}

/** Another row of which the key is one of the two in another form: what is written so may mean either. */
function rowAlike(
  { subject: { table } }: AskedRow,
  rows: readonly SubjectRow[],
  { source, target, from, to }: FoundRows,
): DroverError | undefined {
  for (const key of [from, to]) {
    const forms = new Set(formsOf(key));
    const other = rows.find((row) => row !== source && row !== target && forms.has(row.key));
    if (other === undefined) continue;
    const message =
      `${table.id} has a row ${other.key}, and ${key} is the same written differently: nobody can say which of the two a reference ` +
      'means. Choose another key, or give one of the rows another key where it was made.';
    return new DroverError('ROW_AMBIGUOUS', message, { table: table.id, keys: [key, other.key] });
  }
  return undefined;
}

function rowOfKey({ subject }: AskedRow, rows: readonly SubjectRow[], text: string): SubjectRow | undefined {
  const key = keyFrom(subject, text);
  return rows.find((row) => row.key === key);
}

function rowMeant(
  asked: AskedRow,
  rows: readonly SubjectRow[],
  text: string,
): SubjectRow | DroverError | undefined {
  const { subject } = asked;
  const byKey = rowOfKey(asked, rows, text);
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

function nobody({ subject: { table }, intent }: AskedRow): DroverError {
  const whose = intent.tenant === undefined ? '' : ` of tenant ${intent.tenant}`;
  const message = `There is no row ${intent.from} in ${table.id}${whose}, and none ${intent.to}.`;
  return new DroverError('ROW_NOT_FOUND', message, { table: table.id, key: intent.from });
}

function alone({ subject: { table } }: AskedRow, key: string): DroverError {
  const message = `There is no row ${key} in ${table.id} to become one with. To give the row this key, leave out --merge.`;
  return new DroverError('ROW_NOT_FOUND', message, { table: table.id, key });
}

interface FoundRows {
  readonly source: SubjectRow | undefined;
  readonly target: SubjectRow | undefined;
  readonly from: string;
  readonly to: string;
}

function foundRows({ rules, subject, intent }: AskedRow, { source, target, from, to }: FoundRows): RowsFound {
  const { busy } = subjectOf(rules.config) ?? {};
  const there = { source: source !== undefined, target: target !== undefined };
  return {
    table: subject.table.id,
    from,
    to,
    there,
    merge: intent.merge === true,
    ...given({ busy: source?.busy === true ? busy : undefined }),
  };
}
