/** What stands: a migration that no rollback takes back, or of which the rollback was taken back, and so on. */
import { sharedRows } from '../../engine/tenant.ts';
import { readEach } from '../driver/members.ts';
import type { Tx } from '../driver/database.ts';
import { stateTable } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { each, literal, raw, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { chainSql } from './undone.ts';
import type { MoveResult } from './move-result.ts';

/** A migration, and the model that a rollback of it would restore. */
interface Restoring {
  readonly id: string;
  readonly tenant: string;
  readonly model: {
    readonly key: string | null;
    readonly name: string | null;
    readonly provider: string | null;
  };
}

/** A migration that came later and stands. */
interface Later {
  readonly id: string;
  readonly tenant: string;
  readonly from: string;
  readonly to: string;
}

/**
 * For each migration the last one that moved the same tenant off the model that its rollback would restore, came later, changed
 * something, and stands; or the last one that did so with the shared rows, which retires a model of everybody. `state` reads the records.
 */
export async function laterMoves(
  state: Tx,
  site: Site,
  asked: readonly Restoring[],
): Promise<(Later | undefined)[]> {
  const of = (what: (one: Restoring) => unknown, type: string): Sql => each(asked.map(what), type);
  const own = of(({ tenant }) => tenant, `text::${site.state.tenantType}`);
  const key = of(({ model }) => model.key, 'text');
  const name = of(({ model }) => model.name, 'text');
  const provider = of(({ model }) => model.provider, 'text');
  const same = sql`(m.from_key = ${key} OR (m.from_key IS NULL AND ${key} IS NULL AND m.from_name = ${name}
    AND m.from_provider IS NOT DISTINCT FROM ${provider}))`;
  const theirs = sql`m.tenant_id = ${own} OR (m.from_key IS NOT NULL AND m.tenant_id::text = ${literal(sharedRows)})`;
  const rows = await readEach<Later>(
    state,
    asked.length,
    sql`SELECT m.id::text AS id, m.tenant_id::text AS tenant,
        coalesce(m.from_name, m.from_key) AS "from", coalesce(m.to_name, m.to_key) AS "to"
      FROM ${raw(stateTable(site, 'migrations'))} m
      JOIN ${raw(stateTable(site, 'migrations'))} p ON p.tenant_id = ${own} AND p.id = ${of(({ id }) => id, 'text::uuid')}
      CROSS JOIN LATERAL (${raw(chainSql(site))} SELECT max(depth) AS depth,
        coalesce(max(finished_at), 'infinity') AS stands_since FROM chain) c
      WHERE m.kind = 'model' AND m.status IN ('succeeded', 'under_way') AND m.from_kind = p.from_kind AND (${theirs}) AND ${same}
        AND c.depth % 2 = 0 AND c.stands_since > p.finished_at
        AND EXISTS (SELECT FROM ${raw(stateTable(site, 'migration_steps'))} s
          WHERE s.tenant_id = m.tenant_id AND s.migration_id = m.id AND s.actual > 0)
      ORDER BY c.stands_since DESC LIMIT 1`,
  );
  return asked.map((_, at) => rows[at]?.[0]);
}

/** For each migration what the one at the root of its chain found that rows named where it was not granted. */
export async function rootsUngranted(
  state: Tx,
  site: Site,
  asked: readonly Pick<Restoring, 'id' | 'tenant'>[],
): Promise<(MoveResult['ungranted'] | undefined)[]> {
  const table = raw(stateTable(site, 'migrations'));
  const own = each(
    asked.map(({ tenant }) => tenant),
    `text::${site.state.tenantType}`,
  );
  const ids = each(
    asked.map(({ id }) => id),
    'text::uuid',
  );
  const rows = await readEach<{ ungranted: MoveResult['ungranted'] | null }>(
    state,
    asked.length,
    sql`WITH RECURSIVE up AS (SELECT m.tenant_id, m.parent_id, m.result FROM ${table} m WHERE m.tenant_id = ${own} AND m.id = ${ids}
      UNION ALL SELECT p.tenant_id, p.parent_id, p.result FROM up u JOIN ${table} p ON p.tenant_id = u.tenant_id AND p.id = u.parent_id)
      SELECT u.result -> 'ungranted' AS ungranted FROM up u WHERE u.parent_id IS NULL`,
  );
  return asked.map((_, at) => rows[at]?.[0]?.ungranted ?? undefined);
}
