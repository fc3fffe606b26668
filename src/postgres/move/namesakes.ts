/**
 * Where no table holds models, the data alone says which providers serve a model of the source's name. Whoever has another one in use
 * may mean it by the name alone (`ModelPair.namesakes`). Asked only where some place writes the name alone and another one says the
 * provider. Reading only, no locks: columns in one message, documents through a cursor and only for tenants without an answer.
 */
import { escaped } from '../../engine/edit/layers.ts';
import { withKnowledge } from '../../engine/models/knowledge.ts';
import { namedModel } from '../../engine/models/model.ts';
import type { ModelFacts, ModelPair } from '../../engine/models/model.ts';
import { canonicalSpelling } from '../../engine/models/select.ts';
import { mayName, textsOf } from '../../engine/rules/mapping.ts';
import { otherProviders, saysNameAlone, saysProvider } from '../../engine/rules/namesakes.ts';
import { canMove, isUse } from '../../engine/rules/place.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import { firstFetch, nextFetch } from '../driver/cursors.ts';
import type { Tx } from '../driver/database.ts';
import { askEach } from '../driver/members.ts';
import type { Numbered } from '../driver/members.ts';
import { textIn, wayOf } from '../facts/documents.ts';
import { rowContext } from '../facts/member.ts';
import type { Batch, Member } from '../facts/member.ts';
import { withNamesakes } from '../facts/pair.ts';
import { columnOf } from '../sql/cast.ts';
import { documentText, elementsSql, isList, sentSql } from '../sql/document.ts';
import { ofPlaceSql } from '../sql/match.ts';
import type { Each } from '../sql/match.ts';
import { concernedSql, mineSql, ownerSql } from '../sql/row.ts';
import { liveSql } from '../sql/state.ts';
import { allOf, anyOf, column, each, forEachMember, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';

/** The members, each with the models that its name alone may mean, too; the same where a table holds the models. */
export async function withNamesakesInUse(tx: Tx, { rules, members }: Batch): Promise<Member[]> {
  const asked = members.filter((member) => isInDoubt(rules, member.pair));
  if (asked.length === 0) return [...members];
  const found = new Map(asked.map((member) => [member, new Set<string>()]));
  const alike = Map.groupBy(asked, ({ intent, pair }) =>
    JSON.stringify([isSharedRows(intent.tenant), pair.source.kind]),
  );
  for (const some of alike.values()) await readProviders(tx, { rules, members: some, found });
  return members.map((member) => {
    const providers = found.get(member);
    if (providers === undefined || providers.size === 0) return member;
    const others = [...providers].toSorted().map((provider) => servedBy(rules, member.pair, provider));
    return { ...member, pair: withNamesakes(rules, member.pair, others) };
  });
}

/** Is a model a provider and a name here, and does a place that may move say the name alone? */
function isInDoubt(rules: Rules, { source, target }: ModelPair): boolean {
  const { name, provider } = source.components;
  const isText = rules.modelTables.length === 0 && rules.subject === undefined && source.key === undefined;
  if (!isText || provider === undefined || name === target.components['name']) return false;
  return rules.places.some((place) => canMove(place) && mayName(place, source) && saysNameAlone(place));
}

function servedBy(rules: Rules, { source }: ModelPair, provider: string): ModelFacts {
  const { name = '' } = source.components;
  const components = { provider: canonicalSpelling(rules.config, 'provider', provider), name };
  const model = namedModel({ kind: source.kind, components });
  const { spellings = [] } = withKnowledge(model, { knowledge: rules.knowledge, said: new Set() });
  return { ...model, spellings: [...spellings, { text: name, prefix: '' }] };
}

interface Providers extends Batch {
  /** What is found is added here. */
  readonly found: ReadonlyMap<Member, Set<string>>;
}

async function readProviders(tx: Tx, asked: Providers): Promise<void> {
  const { rules, members, found } = asked;
  const [first] = members;
  if (first === undefined) return;
  const telling = rules.places.filter(
    (place) =>
      isUse(place) &&
      place.role !== 'ignore' &&
      place.role !== 'prose' &&
      mayName(place, first.pair.source) &&
      saysProvider(place),
  );
  const columns = telling.filter(({ carrier }) => carrier === 'columns');
  const answers = await tx.together(
    columns.map((place) => askEach<Said>(members.length, columnsSql({ rules, place, members }))),
  );
  for (const [at, place] of columns.entries())
    for (const [number, rows] of (answers[at] ?? []).entries())
      addEach({ asked, place }, members[number], rows);
  for (const place of telling.filter(({ carrier }) => carrier !== 'columns')) {
    const left = members.filter((member) => found.get(member)?.size === 0);
    if (left.length > 0) await readDocuments(tx, { ...asked, members: left }, place);
  }
}

/** What a row says: the provider beside the name, or a value that holds both. */
interface Said {
  readonly provider: string | null;
  readonly text: string | null;
  readonly elements: readonly (string | null)[] | null;
}

function addEach(
  { asked: { rules, found }, place }: { readonly asked: Providers; readonly place: Place },
  member: Member | undefined,
  rows: readonly Said[],
): void {
  const into = member === undefined ? undefined : found.get(member);
  if (member === undefined || into === undefined) return;
  const about = { source: member.pair.source, config: rules.config };
  const own = new Set(textsOf('provider', about.source, about.config));
  const rule = { place, mappings: member.mappings.get(place.id) ?? [] };
  for (const { provider, text, elements } of rows) {
    const value = { text: text ?? '', elements };
    for (const other of provider === null ? otherProviders(rule, value, about) : [provider.trim()])
      if (!own.has(other)) into.add(other);
  }
}

interface PlaceAsked extends Batch {
  readonly place: Place;
}

/** Every provider that stands beside a name of the source, or value that holds both, in rows that may be the member's. */
function columnsSql({ rules, place, members }: PlaceAsked): Sql {
  const partner = place.columns.find(({ template }) => template === '{provider}');
  const name = place.columns.find(({ template }) => template === '{name}') ?? place.columns[0];
  const text = sql`lower(btrim(${column('t', name?.column ?? place.column)}::text))`;
  const names = namesOf(rules, members).map((each) => each.map((one) => one.trim().toLowerCase()));
  const isNamed = (named: (name: Sql) => Sql): Sql => anyOf(names.map((one) => named(each(one, 'text'))));
  const provider = sql`${column('t', partner?.column ?? place.column)}::text`;
  const [said, test] =
    partner === undefined
      ? [
          sql`NULL::text AS provider, ARRAY[${provider}] AS elements`,
          isNamed((one) => sql`strpos(${text}, ${one}) > 0`),
        ]
      : [
          sql`${provider} AS provider, NULL::text[] AS elements`,
          sql`btrim(${provider}) <> '' AND ${isNamed((one) => sql`${text} = ${one}`)}`,
        ];
  return sql`SELECT DISTINCT ${said}, NULL::text AS text FROM ${rowsOf(tableOf(rules, place.table))} t
    WHERE ${mayBeTheirs({ rules, place, members })} AND ${test}`;
}

async function readDocuments(tx: Tx, asked: Providers, place: Place): Promise<void> {
  const { rules, members } = asked;
  const table = tableOf(rules, place.table);
  const held = { own: columnOf(table, place.column), value: column('t', place.column) };
  const way = wayOf(place, held.own);
  const read =
    way.in === 'elements' ? ({ in: isList(held.own) ? 'array' : 'text', escapes: 0 } as const) : way;
  const { text, mayBeEscaped } = textIn(read, held);
  const named = namesOf(rules, members).map(
    (name) =>
      sql`strpos(lower(${text}), ${each(
        name.map((one) => escaped(one, read.escapes).toLowerCase()),
        'text',
      )}) > 0`,
  );
  const whole = documentText(held);
  const query = sql`SELECT NULL::text AS provider, ${sentSql(whole, whole)} AS text, ${sentSql(whole, elementsSql(held))} AS elements
    FROM ${rowsOf(table)} t WHERE ${mayBeTheirs({ rules, place, members })} AND (${anyOf([...named, ...mayBeEscaped])})`;
  await tx.batches<Said & Numbered>(
    { sql: forEachMember(members.length, query), size: firstFetch },
    (rows) => {
      for (const row of rows) addEach({ asked, place }, members[(row['drover:n'] ?? 1) - 1], [row]);
      return Promise.resolve(nextFetch(rows, ({ text: sent }) => sent?.length ?? 0));
    },
  );
}

/** Rows in use that belong to the member, or that nobody says are another's. What is nobody's may mean the model of any tenant. */
function mayBeTheirs({ rules, place, members }: PlaceAsked): Sql {
  const context = rowContext(rules, tableOf(rules, place.table), members);
  const isShared = isSharedRows(members[0]?.intent.tenant);
  const owned = isShared
    ? rules.exclusive === true
      ? [mineSql(context)]
      : []
    : [concernedSql(context, [{ byKey: false }]), sql`${ownerSql(context)} <> 'other'`];
  return allOf([...owned, ofPlaceSql(context, place), liveSql(context, place)]);
}

/** As many names for each member: one that has fewer has its first one again. */
function namesOf(rules: Rules, members: readonly Member[]): Each[] {
  const all = members.map(({ pair }) => textsOf('name', pair.source, rules.config));
  const most = Math.max(...all.map(({ length }) => length));
  return Array.from({ length: most }, (_, at) => all.map((names) => names[at] ?? names[0] ?? ''));
}
