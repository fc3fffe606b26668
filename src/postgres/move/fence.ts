/**
 * The fence that stays behind in a foreign database where the configuration says `fence: trigger`: after a complete migration a row
 * that newly names the source is refused with MODEL_RETIRED, whoever writes it. Installed in the transaction of the migration, lifted
 * by its rollback, put up again when the rollback is rolled back.
 *
 * Which places have one is said by `src/engine/plan/fence.ts`. A fence is a condition over the row, made of the same pieces by which
 * rows are found and moved; what stands in documents is looked for by the functions of `migrations/0017_fences_of_documents.sql`.
 */
import { mayLack } from '../../engine/edit/json-changes.ts';
import { parsePattern } from '../../engine/edit/json-pointer.ts';
import { ownMember } from '../../engine/own.ts';
import { foldText } from '../../engine/inventory/term.ts';
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import { label } from '../../engine/models/select.ts';
import { deadRowsMove } from '../../engine/plan/decide.ts';
import { fencedPlaces } from '../../engine/plan/fence.ts';
import type { FencedPlace, Owned } from '../../engine/plan/fence.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Snapshot } from '../../engine/plan/snapshot.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import type { Sought } from '../facts/sought.ts';
import { stateTable } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import { castFor, columnOf, equalsEach, isKeyOf, isLoose } from '../sql/cast.ts';
import { conditionSql } from '../sql/condition.ts';
import { holdsSql, isList } from '../sql/document.ts';
import { ofPlaceSql } from '../sql/match.ts';
import { deadSql, liveSql } from '../sql/row.ts';
import {
  allOf,
  anyOf,
  bind,
  change,
  column,
  ident,
  list,
  literal,
  raw,
  sql,
  tableName,
  withLiterals,
} from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';

/** A complete migration, as far as its fences go. */
interface FencedMove {
  readonly snapshot: Snapshot;
  readonly intent: Intent;
  /** All by which the inventory knows the source. */
  readonly terms: Sought['terms'];
  readonly id: string;
}

/** Puts the fences of a complete migration up. Nothing where the configuration does not ask for it. */
export async function raiseFences(tx: Tx, site: Site, about: FencedMove): Promise<void> {
  if (site.config.database?.fence !== 'trigger') return;
  if (site.state.separate)
    throw new DroverError(
      'CONFIG_MISMATCH',
      'fence: trigger needs Drover’s records in the same database; use fence: lock with --state.',
    );
  const closed = fencedPlaces(about.snapshot, about.intent).filter(({ open }) => open === undefined);
  for (const [number, fenced] of closed.entries()) await insertFence(tx, site, { ...about, fenced, number });
  const tables = new Set(closed.map(({ place }) => place.table));
  for (const id of tables)
    await installTrigger(tx, site, { table: tableOf(about.snapshot.rules, id), latest: about.id });
}

interface NewFence extends FencedMove {
  readonly fenced: FencedPlace;
  readonly number: number;
}

async function insertFence(tx: Tx, site: Site, fence: NewFence): Promise<void> {
  const { snapshot, intent, fenced, id } = fence;
  const { source, target, rules } = snapshot;
  const table = tableOf(rules, fenced.place.table);
  const message = `${label(source)} was migrated away by Drover (migration ${id}): use ${label(target)}.`;
  const words = wordsOf(fence);
  const { searched, always } = searchedBefore(table, fenced.place, words);
  const content = contentOf(table, fenced.owner, intent.tenant ?? '');
  const row = list([
    bind(recordedTenant(intent.tenant), 'text'),
    bind(id, 'text::uuid'),
    bind(fence.number + 1, 'integer'),
    bind(table.id, 'text'),
    content,
    ownerOf(table, fenced.owner, content),
    bind(message, 'text'),
    bind(withLiterals(conditionOf(site, fence, words)), 'text'),
    bind(columnsOf(fenced.place), 'text[]'),
    bind(searched, 'text[]'),
    bind(always, 'boolean'),
    raw(`concat_ws(', ', 'pg_catalog', nullif(array_to_string(ARRAY(
      SELECT quote_ident(s) FROM unnest(current_schemas(false)) s WHERE s <> 'pg_catalog'), ', '), ''), 'pg_temp')`),
  ]);
  await tx.run(
    change`INSERT INTO ${raw(stateTable(site, 'fences'))}
      (tenant_id, migration_id, number, table_name, content, owner, message, condition, columns, words, always, path) VALUES (${row})`,
  );
}

/** The tenant of the row as JSON has it, so that the fences of other tenants are passed over; nothing where that says too little. */
function contentOf(table: Table, owner: Owned, tenant: string): Sql {
  if (owner.whose !== 'tenant' || isLoose(columnOf(table, owner.column))) return raw(`'{}'::jsonb`);
  const own = columnOf(table, owner.column);
  const type = own.comparison === undefined ? castFor(own) : 'text';
  return sql`jsonb_build_object(${literal(owner.column)}, ${bind(tenant, type)})`;
}

/** The same as text, by which fences are looked up; empty where a value can be written in several ways, and where it is too long. */
function ownerOf(table: Table, owner: Owned, content: Sql): Sql {
  if (owner.whose !== 'tenant' || !/^(text|uuid|integer)$/.test(columnOf(table, owner.column).kind))
    return raw(`''`);
  const text = sql`(${content} ->> ${literal(owner.column)})`;
  return sql`CASE WHEN length(${text}) <= 200 THEN ${text} ELSE '' END`;
}

/** Would the row name the source at the place, live, and is it one of those that moved? */
function conditionOf(site: Site, { snapshot, intent, fenced }: NewFence, words: readonly SourceWords[]): Sql {
  const { rules } = snapshot;
  const { place, owner } = fenced;
  const table = tableOf(rules, place.table);
  const context = { rules, table, size: 1, tenants: undefined };
  const { ask, guard } = place.conditions;
  const kept = ownMember(intent.answers, place.id) === 'keep' ? [ask, guard] : [];
  return allOf([
    place.carrier === 'columns'
      ? columnsName(table, place, words)
      : documentNames(site, table, { place, words }),
    ...ownerTests(table, owner, intent.tenant ?? ''),
    ...(place.among === undefined ? [] : [ofPlaceSql(context, place)]),
    ...(place.conditions.live === undefined ? [] : [liveSql(context, place)]),
    ...kept.flatMap((one) => (one === undefined ? [] : [sql`NOT ${conditionSql(context, one)}`])),
    ...(deadRowsMove(snapshot) ? [] : [sql`NOT ${deadSql(context)}`]),
  ]);
}

function ownerTests(table: Table, owner: Owned, tenant: string): Sql[] {
  if (owner.whose === 'nobody') return [sql`${column('t', owner.column)} IS NULL`];
  if (owner.whose !== 'tenant') return [];
  return [equalsEach(columnOf(table, owner.column), column('t', owner.column), [tenant])];
}

/** The values of one component of a place that mean the source. */
interface SourceWords {
  /** As the mover and the database compare. */
  readonly exact: readonly string[];
  /** In any letters, and without the blanks around them, as the inventory compares. */
  readonly folded: readonly string[];
  /** The member of an object that holds them. */
  readonly member?: string;
}

/** In the order of the mappings. A name may be any that the inventory knows for the source; what the target is called is none. */
function wordsOf({ fenced: { place, mappings }, terms }: NewFence): SourceWords[] {
  const fields = place.json?.fields;
  const templates =
    fields === undefined
      ? place.columns.map((part) => part.template)
      : Object.keys(fields).map((name) => `{${name}}`);
  const names = terms.filter(({ by }) => by === 'name').map(({ text }) => text);
  return templates.map((template, at) => {
    const written = [...new Set(mappings.map(({ from }) => from[at] ?? ''))];
    const targets = new Set(
      mappings
        .flatMap(({ to }) => to[at] ?? [])
        .filter((to) => !written.includes(to))
        .map(foldText),
    );
    const isName = /\{(?:name|spelling)\}/.test([template, ...(place.also ?? [])].join(' '));
    const exact = [...new Set([...written, ...(isName ? names : [])])];
    const folded = [...new Set(exact.map(foldText))].filter((word) => !targets.has(word));
    const member = fields === undefined ? undefined : Object.values(fields)[at];
    return { exact, folded, ...(member === undefined ? {} : { member }) };
  });
}

function columnsName(table: Table, place: Place, words: readonly SourceWords[]): Sql {
  return allOf(
    place.columns.map(({ column: name }, at) => {
      const own = columnOf(table, name);
      const { exact = [], folded = [] } = words[at] ?? {};
      const value = column('t', name);
      const equal = exact.filter((word) => isKeyOf(own, word)).map((word) => equalsEach(own, value, [word]));
      return anyOf([
        ...equal,
        sql`lower(btrim(${plainText(value)}, E' \\t\\n\\r\\f\\v')) = ANY (${bind(folded, 'text[]')})`,
      ]);
    }),
  );
}

/** The text of a value, however its column compares. */
function plainText(value: Sql): Sql {
  return sql`${value}::text COLLATE "default"`;
}

function documentNames(
  site: Site,
  table: Table,
  { place, words }: { readonly place: Place; readonly words: readonly SourceWords[] },
): Sql {
  const own = columnOf(table, place.column);
  const value = column('t', place.column);
  const call = (name: string, args: readonly Sql[]): Sql =>
    sql`${ident(site.state.schema)}.${ident(name)}(${list(args)})`;
  const plain = words[0] ?? { exact: [], folded: [] };
  const equal =
    isLoose(own) && place.shape !== 'inside' ? [holdsSql({ own, value }, bind(plain.exact, 'text[]'))] : [];
  if (place.carrier === 'text')
    return anyOf([call('text_names', [plainText(value), literal(place.shape), jsonOf(plain)]), ...equal]);
  const text = isList(own) || own.kind.endsWith('[]') ? sql`to_jsonb(${value})::text` : plainText(value);
  const named = call('document_names', [call('document', [text]), jsonOf(pointOf(place, words))]);
  // Of a document that cannot be read nobody knows that it does not name the source.
  const unread = call('mentions', [text, bind(plain.exact.map(bareOf), 'text[]')]);
  return anyOf([sql`coalesce(${named}, ${unread}, false)`, ...equal]);
}

function jsonOf(value: unknown): Sql {
  return sql`${literal(JSON.stringify(value))}::jsonb`;
}

/** Where in the document it is, as `document_names` reads it. An array is a list of its elements. */
function pointOf(place: Place, words: readonly SourceWords[]): unknown {
  const { json, shape, carrier } = place;
  const elements = carrier === 'array' && json === undefined && shape !== 'list';
  const { steps, names } = parsePattern(json?.pointer ?? (elements ? '/*' : ''));
  // An object without its key is named by the rest, as the editors have it.
  const components = words.map((_, at) => templateAt(place, at));
  const parts = words.map((part, at) =>
    mayLack(components, at) ? { ...part, exact: [...part.exact, ''] } : part,
  );
  return { steps, names, shape, parts };
}

function columnsOf({ column: own, columns }: Place): string[] {
  return [...new Set([own, ...columns.map(({ column: name }) => name)])];
}

/**
 * The words of which a row must hold one before its condition is asked, as `plain` of the migration writes them. It is `always` asked
 * where the database could take something else for equal, or where it could fold letters in another way.
 */
function searchedBefore(
  table: Table,
  place: Place,
  words: readonly SourceWords[],
): { readonly searched: string[]; readonly always: boolean } {
  const naming =
    words.find(({ exact }, at) => exact.length > 0 && /key|name|spelling/.test(templateAt(place, at))) ??
    words[0];
  const all = [...(naming?.exact ?? []), ...(naming?.folded ?? [])];
  const columns: Column[] = columnsOf(place).map((name) => columnOf(table, name));
  const strange = columns.some(({ comparison }) => comparison?.collation !== undefined);
  const plain = all.every((word) => /^[\x20-\x7e]+$/.test(word));
  const searched = new Set(all.filter((word) => word !== '').map(bareOf));
  return { searched: [...searched], always: strange || !plain };
}

function templateAt({ json, columns }: Place, at: number): string {
  return json?.fields === undefined ? (columns[at]?.template ?? '') : (Object.keys(json.fields)[at] ?? '');
}

function bareOf(word: string): string {
  return JSON.stringify(word).slice(1, -1).toLowerCase().replaceAll('\\', '');
}

/**
 * The table is locked already, so nobody can slip in between. The row is judged as it is stored: BEFORE it other triggers could still
 * change it, generated columns were empty, and a copy was judged that ON CONFLICT drops.
 */
async function installTrigger(
  tx: Tx,
  site: Site,
  { table, latest }: { readonly table: Table; readonly latest: string },
): Promise<void> {
  const refuse = sql`${ident(site.state.schema)}.refuse_named(${literal(table.id)}, ${literal(latest)})`;
  await tx.run(
    change`CREATE OR REPLACE TRIGGER drover_fence AFTER INSERT OR UPDATE ON ${tableName(table)} FOR EACH ROW EXECUTE FUNCTION ${refuse}`,
  );
}

/**
 * Lifts the fences of a migration that is rolled back, or puts them up again when that rollback is rolled back. Those that were put up
 * count, whatever the configuration asks for by now. Drover's own schema and records in another database have none.
 */
export async function switchFences(
  tx: Tx,
  site: Site,
  about: { tenant: string | undefined; migrationId: string },
): Promise<void> {
  if (site.state.separate || site.state.tenantType === 'uuid') return;
  await tx.run(
    `WITH RECURSIVE chain AS (SELECT id, parent_id, true AS lifts FROM ${stateTable(site, 'migrations')}
         WHERE tenant_id = $1 AND id = $2::text::uuid
       UNION ALL SELECT p.id, p.parent_id, NOT c.lifts
       FROM chain c JOIN ${stateTable(site, 'migrations')} p ON p.tenant_id = $1 AND p.id = c.parent_id)
     UPDATE ${stateTable(site, 'fences')} f SET active = NOT c.lifts FROM chain c WHERE f.tenant_id = $1 AND f.migration_id = c.id`,
    [recordedTenant(about.tenant), about.migrationId],
  );
}
