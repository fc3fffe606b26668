/**
 * The fence that stays behind in a foreign database where the configuration says `fence: trigger`: after a complete migration a row
 * that newly names the source is refused with MODEL_RETIRED, whoever writes it. Installed in the transaction of the migration, lifted
 * by its rollback, put up again when the rollback is rolled back.
 *
 * Which places have one is said by `src/engine/plan/fence.ts`. A fence is a condition over the row, made of the same pieces by which
 * rows are found and moved; what stands in documents is looked for by the functions of `migrations/0017_fences_of_documents.sql`.
 */
import { ownMember } from '../../engine/own.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import { label } from '../../engine/models/select.ts';
import { deadRowsMove } from '../../engine/plan/decide.ts';
import { fencedPlaces } from '../../engine/plan/fence.ts';
import type { FencedPlace, Owned } from '../../engine/plan/fence.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Snapshot } from '../../engine/plan/snapshot.ts';
import { tableOf } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import type { Sought } from '../facts/sought.ts';
import { stateTable } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { castFor, columnOf, equalsEach, isLoose } from '../sql/cast.ts';
import { conditionSql } from '../sql/condition.ts';
import { ofPlaceSql } from '../sql/match.ts';
import { deadSql, liveSql } from '../sql/state.ts';
import {
  allOf,
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
import { wordsOf, columnsName, documentNames, columnsOf, searchedBefore } from './fence-words.ts';
import type { SourceWords } from './fence-words.ts';

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
  const words = wordsOf(fenced, fence.terms);
  const { searched, always } = searchedBefore(table, fenced.place, words);
  const content = contentOf(table, fenced.owner);
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
function contentOf(table: Table, owner: Owned): Sql {
  if (owner.whose !== 'tenant' || isLoose(columnOf(table, owner.column))) return raw(`'{}'::jsonb`);
  const own = columnOf(table, owner.column);
  const type = own.comparison === undefined ? castFor(own) : 'text';
  return sql`jsonb_build_object(${literal(owner.column)}, ${bind(owner.tenant, type)})`;
}

/** The tenant as text, by which fences are looked up; empty where a value can be written in several ways, and where it is too long. */
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
    ...ownerTests(table, owner),
    ...(place.among === undefined ? [] : [ofPlaceSql(context, place)]),
    ...(place.conditions.live === undefined ? [] : [liveSql(context, place)]),
    ...kept.flatMap((one) => (one === undefined ? [] : [sql`NOT ${conditionSql(context, one)}`])),
    ...(deadRowsMove(snapshot) ? [] : [sql`NOT ${deadSql(context)}`]),
  ]);
}

function ownerTests(table: Table, owner: Owned): Sql[] {
  if (owner.whose === 'nobody') return [sql`${column('t', owner.column)} IS NULL`];
  if (owner.whose !== 'tenant') return [];
  return [equalsEach(columnOf(table, owner.column), column('t', owner.column), [owner.tenant])];
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
  about: { tenant: TenantKey; migrationId: string },
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
