/** Past migrations page by page: the list with its filters, what a migration led to, and its journal row by row. */
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { readRecords } from './history.ts';
import type { RecordedChange, MigrationRecord } from './history.ts';
import { stateTable, withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { allOf, bind, column, raw, render, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';

export interface HistoryFilter {
  readonly status?: MigrationRecord['status'];
  readonly kind?: MigrationRecord['kind'];
  readonly modelKind?: string;
  /** The key or the name of a model, as source or as target; also of one whose row is gone. */
  readonly model?: string;
  readonly actor?: string;
  /** Began at or after, and before, this time (ISO 8601). */
  readonly since?: string;
  readonly until?: string;
}

export interface HistoryPageQuery extends HistoryFilter {
  readonly tenant: string;
  readonly limit: number;
  /** The id of the last migration of the page before. */
  readonly after?: string;
}

/**
 * Migrations, newest first; those that began in the same instant by id. Index: migrations_started_at_idx.
 * @throws REQUEST_INVALID where the cursor is of another list
 */
export function pageMigrations(site: Site, query: HistoryPageQuery): Promise<MigrationRecord[]> {
  return withState(site, query.tenant, async (tx) => {
    if (query.after !== undefined) await requireCursor(tx, site, query.tenant, query.after);
    const where = allOf(conditionsOf(site, query));
    const { text, values } = render(
      sql`WHERE ${where} ORDER BY m.started_at DESC, m.id LIMIT ${bind(query.limit, 'int')}`,
    );
    return readRecords(tx, site, text, values);
  });
}

async function requireCursor(tx: Tx, site: Site, tenant: string, after: string): Promise<void> {
  const found = await tx.maybeOne(
    `SELECT 1 FROM ${stateTable(site, 'migrations')} WHERE tenant_id = $1::text::${site.state.tenantType} AND id = $2::text::uuid`,
    [tenant, after],
  );
  if (found === undefined)
    throw new DroverError(
      'REQUEST_INVALID',
      'The cursor is not one of this list: begin again without a cursor.',
    );
}

function conditionsOf(site: Site, query: HistoryPageQuery): Sql[] {
  const tenant = bind(query.tenant, `text::${site.state.tenantType}`);
  const equal = (name: string, value: string | undefined): Sql[] =>
    value === undefined ? [] : [sql`${column('m', name)} = ${bind(value, 'text')}`];
  const { model, since, until, after } = query;
  return [
    sql`m.tenant_id = ${tenant}`,
    ...equal('status', query.status),
    ...equal('kind', query.kind),
    ...equal('from_kind', query.modelKind),
    ...equal('actor', query.actor),
    ...(model === undefined
      ? []
      : [sql`${bind(model, 'text')} IN (m.from_key, m.from_name, m.to_key, m.to_name)`]),
    ...(since === undefined ? [] : [sql`m.started_at >= ${bind(since, 'text::timestamptz')}`]),
    ...(until === undefined ? [] : [sql`m.started_at < ${bind(until, 'text::timestamptz')}`]),
    ...(after === undefined ? [] : [laterSql(site, tenant, bind(after, 'text::uuid'))]),
  ];
}

/** Compared in the database: a time as text has lost its microseconds. */
function laterSql(site: Site, tenant: Sql, after: Sql): Sql {
  const records = raw(stateTable(site, 'migrations'));
  const start = sql`(SELECT c.started_at FROM ${records} c WHERE c.tenant_id = ${tenant} AND c.id = ${after})`;
  return sql`(m.started_at < ${start} OR (m.started_at = ${start} AND m.id > ${after}))`;
}

/** The rollbacks of a migration, oldest first, failed ones too. */
export function listChildren(
  site: Site,
  { tenant, id }: { tenant: string; id: string },
): Promise<MigrationRecord[]> {
  const where = `WHERE m.tenant_id = $1::text::${site.state.tenantType} AND m.parent_id = $2::text::uuid ORDER BY m.started_at, m.id`;
  return withState(site, tenant, (tx) => readRecords(tx, site, where, [tenant, id]));
}

/** Where a row stands in the journal: step, chunk, and its number within the chunk. */
export type ChangePosition = readonly [step: number, chunk: number, number: number];

export interface PagedChange extends RecordedChange {
  readonly position: ChangePosition;
}

interface ChangesQuery {
  readonly tenant: string;
  readonly id: string;
  readonly limit: number;
  readonly after?: ChangePosition;
  /** Only changes of this step. */
  readonly step?: number;
}

/** The journal of a migration row by row. Chunks that were read before are not opened again. */
export function pageChanges(site: Site, query: ChangesQuery): Promise<PagedChange[]> {
  const [step, chunk, number] = query.after ?? [0, 0, 0];
  return withState(site, query.tenant, (tx) =>
    tx.many<PagedChange>(
      `SELECT j.step, j.table_name AS "table", j.action, u.key,
         CASE WHEN j.before IS NULL THEN u.b ELSE j.before || coalesce(u.b, '{}') END AS before,
         CASE WHEN j.after IS NULL THEN u.a ELSE j.after || coalesce(u.a, '{}') END AS after,
         jsonb_build_array(j.step, j.chunk, u.n) AS position
       FROM ${stateTable(site, 'journal')} j
       CROSS JOIN LATERAL unnest(coalesce(j.uuid_keys::text[], j.int_keys::text[], j.text_keys), j.befores, j.afters)
         WITH ORDINALITY u (key, b, a, n)
       WHERE j.tenant_id = $1::text::${site.state.tenantType} AND j.migration_id = $2::text::uuid
         AND (j.step, j.chunk) >= ($3::int, $4::int)
         AND (j.step, j.chunk, u.n) > ($3::int, $4::int, $5::bigint) AND ($6::int IS NULL OR j.step = $6::int)
       ORDER BY j.step, j.chunk, u.n LIMIT $7::int`,
      [query.tenant, query.id, step, chunk, number, query.step ?? null, query.limit],
    ),
  );
}
