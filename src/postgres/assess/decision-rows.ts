/** Decisions and waves as they are stored. Nothing is deleted: what was replaced names what replaced it. */
import { randomUUID } from 'node:crypto';
import type { Decision } from '../../engine/assess/review.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { stateTable } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { decisionMembers } from './asset-rows.ts';
import { insertRows, ofAssessment, typed } from './rows.ts';
import type { AssessmentRecord } from './rows.ts';

/** A decision with what it is about. */
export interface NewDecision {
  readonly asset: string;
  readonly source: string;
  readonly decision: Omit<Decision, 'at'>;
}

/**
 * Keeps the decisions. Those that stood about the same assets are superseded by them in the same statement, because the unique index lets
 * one stand; the count makes the change come first.
 */
export async function saveDecisions(
  state: Tx,
  site: Site,
  {
    record,
    decisions,
  }: { readonly record: Pick<AssessmentRecord, 'tenant' | 'id'>; readonly decisions: readonly NewDecision[] },
): Promise<void> {
  const rows = decisions.map(({ asset, source, decision }) => ({
    id: randomUUID(),
    asset_id: asset,
    source,
    strategy: decision.strategy,
    target: decision.target,
    reason: decision.reason,
    until: decision.until,
    owner: decision.owner,
    due: decision.due,
    group_name: decision.group,
    singly: decision.singly,
    actor: decision.actor,
    recommended: decision.recommended,
    recommended_target: decision.recommendedTarget,
    confidence: decision.confidence / 100,
    rule: decision.rule,
  }));
  const columns = {
    id: 'uuid',
    asset_id: 'uuid',
    source: 'text',
    strategy: 'text',
    target: 'text',
    reason: 'text',
    until: 'date',
    owner: 'text',
    due: 'date',
    group_name: 'text',
    singly: 'boolean',
    actor: 'text',
    recommended: 'text',
    recommended_target: 'text',
    confidence: 'numeric',
    rule: 'smallint',
  };
  const names = Object.keys(columns);
  const table = stateTable(site, 'decisions');
  await state.run(
    `WITH x AS (SELECT * FROM jsonb_to_recordset($3::text::jsonb) x (${typed(columns)})),
       before AS (UPDATE ${table} d SET superseded_by = x.id FROM x WHERE ${ofAssessment(site, 'd')}
         AND d.asset_id = x.asset_id AND d.source = x.source AND d.superseded_by IS NULL RETURNING 1)
     INSERT INTO ${table} (tenant_id, assessment_id, ${names.join(', ')})
     SELECT $1::text::${site.state.tenantType}, $2::text::uuid, ${names.map((name) => `x.${name}`).join(', ')}
     FROM x WHERE (SELECT count(*) FROM before) >= 0`,
    [recordedTenant(record.tenant), record.id, JSON.stringify(rows)],
  );
}

/** A decision as it was kept, whether it still stands or not. */
export interface KeptDecision {
  readonly id: string;
  readonly asset: string;
  readonly table: string;
  readonly key: string;
  readonly source: string;
  readonly decision: Decision;
  readonly supersededBy: string | null;
}

export interface DecisionPage {
  readonly limit: number;
  /** Go on after this one. */
  readonly after?: readonly [at: string, id: string];
  /** Only of this asset. */
  readonly asset?: string | undefined;
}

/** What was decided, the newest first. */
export function pageDecisions(
  state: Tx,
  site: Site,
  {
    record,
    page: { limit, after, asset },
  }: { readonly record: Pick<AssessmentRecord, 'tenant' | 'id'>; readonly page: DecisionPage },
): Promise<KeptDecision[]> {
  return state.many<KeptDecision>(
    `SELECT d.id::text AS id, d.asset_id::text AS asset, a.table_name AS "table", a.row_key AS key, d.source,
       jsonb_build_object(${decisionMembers}) AS decision, d.superseded_by::text AS "supersededBy"
     FROM ${stateTable(site, 'decisions')} d JOIN ${stateTable(site, 'assets')} a ON a.tenant_id = d.tenant_id AND a.id = d.asset_id
     WHERE ${ofAssessment(site, 'd')}
       AND ($3::text IS NULL OR (date_trunc('milliseconds', d.at), d.id) < ($3::text::timestamptz, $4::text::uuid))
       AND ($5::text IS NULL OR d.asset_id = $5::text::uuid)
     ORDER BY date_trunc('milliseconds', d.at) DESC, d.id DESC LIMIT $6`,
    [recordedTenant(record.tenant), record.id, after?.[0] ?? null, after?.[1] ?? null, asset ?? null, limit],
  );
}

/** An asset in the waves as accepted. */
export interface WaveMember {
  readonly asset: string;
  /** From 1. */
  readonly wave: number;
  readonly canary: boolean;
}

/** Those that are in no wave any more keep their row, without a wave. */
export async function saveWaves(
  state: Tx,
  site: Site,
  {
    record,
    members,
  }: { readonly record: Pick<AssessmentRecord, 'tenant' | 'id'>; readonly members: readonly WaveMember[] },
): Promise<void> {
  await state.run(
    `UPDATE ${stateTable(site, 'wave_members')} w SET wave = NULL, canary = false WHERE ${ofAssessment(site, 'w')}`,
    [recordedTenant(record.tenant), record.id],
  );
  await insertRows(
    state,
    { site, table: 'wave_members', record },
    {
      columns: { asset_id: 'uuid', wave: 'smallint', canary: 'boolean' },
      rows: members.map(({ asset, wave, canary }) => ({ asset_id: asset, wave, canary })),
      after:
        'ON CONFLICT (tenant_id, assessment_id, asset_id) DO UPDATE SET wave = excluded.wave, canary = excluded.canary',
    },
  );
}

export function readWaves(
  state: Tx,
  site: Site,
  record: Pick<AssessmentRecord, 'tenant' | 'id'>,
): Promise<WaveMember[]> {
  return state.many<WaveMember>(
    `SELECT w.asset_id::text AS asset, w.wave, w.canary FROM ${stateTable(site, 'wave_members')} w
     WHERE ${ofAssessment(site, 'w')} AND w.wave IS NOT NULL ORDER BY w.wave, 1`,
    [recordedTenant(record.tenant), record.id],
  );
}
