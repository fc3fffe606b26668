/** Assets as they are stored: rows, what depends on what, and what one survey knows of each. */
import { randomUUID } from 'node:crypto';
import type { Assessed, Decision } from '../../engine/assess/review.ts';
import type { AssetFacts } from '../../engine/assess/facts.ts';
import type { Recommendation } from '../../engine/assess/recommend.ts';
import type { Strategy } from '../../engine/assess/strategy.ts';
import type { AssetEdge } from '../../engine/assess/waves.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { stateTable } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { insertRows, momentSql, ofAssessment } from './rows.ts';
import type { AssessmentRecord } from './rows.ts';

/** The assets of these rows, known ones with the id that they have; those that the tenant has no more are marked as gone. */
export async function saveAssets(
  state: Tx,
  site: Site,
  { tenant, facts }: { readonly tenant: TenantKey; readonly facts: readonly AssetFacts[] },
): Promise<Map<string, string>> {
  const rows = new Map(
    facts.map(({ table, key, kind, name }) => [
      assetName(table, key),
      { id: randomUUID(), table, key, kind, name },
    ]),
  );
  const owner = `$1::text::${site.state.tenantType}`;
  const saved = await state.many<{ id: string; table: string; key: string }>(
    `INSERT INTO ${stateTable(site, 'assets')} AS a (tenant_id, id, table_name, row_key, kind, name)
     SELECT ${owner}, x.id, x."table", x.key, x.kind, x.name
     FROM jsonb_to_recordset($2::text::jsonb) x (id uuid, "table" text, key text, kind text, name text)
     ON CONFLICT (tenant_id, table_name, row_key) DO UPDATE SET kind = excluded.kind, name = excluded.name, gone_at = NULL
     RETURNING a.id::text AS id, a.table_name AS "table", a.row_key AS key`,
    [recordedTenant(tenant), JSON.stringify([...rows.values()])],
  );
  await state.run(
    `UPDATE ${stateTable(site, 'assets')} SET gone_at = statement_timestamp()
     WHERE tenant_id = ${owner} AND gone_at IS NULL AND id <> ALL ($2::text[]::uuid[])`,
    [recordedTenant(tenant), saved.map(({ id }) => id)],
  );
  return new Map(saved.map(({ id, table, key }) => [assetName(table, key), id]));
}

export function assetName(table: string, key: string): string {
  return JSON.stringify([table, key]);
}

export async function saveEdges(
  state: Tx,
  site: Site,
  { tenant, edges }: { readonly tenant: TenantKey; readonly edges: readonly AssetEdge[] },
): Promise<void> {
  const table = stateTable(site, 'asset_dependencies');
  const given = `SELECT DISTINCT x.dependent, x.dependency FROM jsonb_to_recordset($2::text::jsonb) x (dependent uuid, dependency uuid)`;
  const owner = `$1::text::${site.state.tenantType}`;
  const params = [recordedTenant(tenant), JSON.stringify(edges)];
  await state.run(
    `INSERT INTO ${table} (tenant_id, dependent_asset_id, dependency_asset_id) SELECT ${owner}, g.* FROM (${given}) g
     ON CONFLICT (tenant_id, dependent_asset_id, dependency_asset_id) DO UPDATE SET gone_at = NULL`,
    params,
  );
  await state.run(
    `UPDATE ${table} d SET gone_at = statement_timestamp() WHERE d.tenant_id = ${owner} AND d.gone_at IS NULL
       AND NOT EXISTS (SELECT FROM (${given}) g WHERE g.dependent = d.dependent_asset_id AND g.dependency = d.dependency_asset_id)`,
    params,
  );
}

export function readAssetEdges(state: Tx, site: Site, tenant: TenantKey): Promise<AssetEdge[]> {
  return state.many<AssetEdge>(
    `SELECT d.dependent_asset_id::text AS dependent, d.dependency_asset_id::text AS dependency
     FROM ${stateTable(site, 'asset_dependencies')} d
     WHERE d.tenant_id = $1::text::${site.state.tenantType} AND d.gone_at IS NULL ORDER BY 1, 2`,
    [recordedTenant(tenant)],
  );
}

/** What is stored of a fact: its column, and its name in the engine. */
const factColumns = {
  name: ['name', 'text'],
  dead: ['dead', 'boolean'],
  dependents: ['dependents', 'integer'],
  uses: ['uses', 'bigint'],
  lastUse: ['last_use', 'date'],
  created: ['created', 'date'],
  dataBound: ['data_bound', 'boolean'],
  ends: ['ends', 'date'],
  elsewhere: ['elsewhere', 'text'],
  target: ['target', 'text'],
  errors: ['errors', 'text[]'],
  asked: ['asked', 'boolean'],
  capabilitiesLost: ['capabilities_lost', 'text[]'],
  contextLower: ['context_lower', 'boolean'],
  parameters: ['parameters', 'text'],
  priceOver: ['price_over', 'boolean'],
  otherVendor: ['other_vendor', 'text'],
} as const satisfies Partial<Record<keyof AssetFacts, readonly [string, string]>>;

type StoredFact = keyof typeof factColumns;

const storedFacts = Object.entries(factColumns) as [StoredFact, readonly [string, string]][];

/** Facts with what the rules made of them. */
export type SurveyedAsset = Omit<Assessed, 'decision'>;

export async function saveFacts(
  state: Tx,
  site: Site,
  {
    record,
    assets,
  }: {
    readonly record: Pick<AssessmentRecord, 'tenant' | 'id' | 'survey'>;
    readonly assets: readonly SurveyedAsset[];
  },
): Promise<void> {
  const columns = {
    survey: 'integer',
    asset_id: 'uuid',
    source: 'text',
    ...Object.fromEntries(storedFacts.map(([, [column, type]]) => [column, type])),
    group_name: 'text',
    strategy: 'text',
    strategy_target: 'text',
    confidence: 'numeric',
    rule: 'smallint',
    reasons: 'jsonb',
  };
  const rows = assets.map(({ asset, facts, recommendation, group }) => ({
    survey: record.survey,
    asset_id: asset,
    source: facts.source,
    ...Object.fromEntries(storedFacts.map(([fact, [column]]) => [column, facts[fact]])),
    group_name: group,
    strategy: recommendation.strategy,
    strategy_target: recommendation.target,
    confidence: recommendation.confidence / 100,
    rule: recommendation.rule,
    reasons: recommendation.reasons,
  }));
  await insertRows(state, { site, table: 'asset_facts', record }, { columns, rows });
}

type FactsRow = AssetFacts &
  Omit<Recommendation, 'target'> & {
    readonly asset: string;
    readonly group: string;
    readonly strategyTarget: string | null;
    readonly decision: Decision | null;
  };

/** Which assets, and how many of them. */
export interface AssetPage {
  readonly limit: number;
  /** Go on after this one. */
  readonly after?: readonly [table: string, key: string, source: string];
  readonly group?: string | undefined;
  readonly source?: string | undefined;
  readonly kind?: string | undefined;
  /** Of what is decided; with `recommended` of what is recommended. */
  readonly decided?: Strategy | undefined;
  readonly recommended?: Strategy | undefined;
  readonly undecided?: boolean | undefined;
}

/** The assets of one survey, with the decisions that stand: by table, key and source; of a page where one is asked for. */
export async function readAssessed(
  state: Tx,
  site: Site,
  {
    record,
    survey,
    page,
  }: {
    readonly record: Pick<AssessmentRecord, 'tenant' | 'id'>;
    readonly survey: number;
    readonly page?: AssetPage;
  },
): Promise<Assessed[]> {
  const facts = storedFacts.map(
    ([fact, [column, type]]) => `f.${column}${type === 'date' ? '::text' : ''} AS "${fact}"`,
  );
  const rows = await state.many<FactsRow>(
    `SELECT f.asset_id::text AS asset, a.table_name AS "table", a.row_key AS key, a.kind, f.source, ${facts.join(', ')},
       f.group_name AS "group", f.strategy, f.strategy_target AS "strategyTarget", (f.confidence * 100)::int AS confidence,
       f.rule, f.reasons,
       CASE WHEN d.id IS NOT NULL THEN jsonb_build_object(${decisionMembers}) END AS decision
     FROM ${stateTable(site, 'asset_facts')} f
     JOIN ${stateTable(site, 'assets')} a ON a.tenant_id = f.tenant_id AND a.id = f.asset_id
     LEFT JOIN ${stateTable(site, 'decisions')} d ON d.tenant_id = f.tenant_id AND d.assessment_id = f.assessment_id
       AND d.asset_id = f.asset_id AND d.source = f.source AND d.superseded_by IS NULL
     WHERE ${ofAssessment(site, 'f')} AND f.survey = $3${page === undefined ? '' : pageSql}
     ORDER BY ${position}${page === undefined ? '' : ' LIMIT $4'}`,
    [recordedTenant(record.tenant), record.id, survey, ...(page === undefined ? [] : pageParams(page))],
  );
  return rows.map(
    ({ asset, group, decision, strategyTarget, strategy, confidence, rule, reasons, ...known }) => ({
      asset,
      group,
      decision,
      facts: known,
      recommendation: { strategy, target: strategyTarget, confidence, rule, reasons },
    }),
  );
}

const position = `a.table_name COLLATE "C", a.row_key COLLATE "C", f.source COLLATE "C"`;

const pageSql = ` AND ($5::text IS NULL OR (${position}) > ($5::text, $6::text, $7::text)) AND ($8::text IS NULL OR f.group_name = $8::text)
       AND ($9::text IS NULL OR f.source = $9::text) AND ($10::text IS NULL OR a.kind = $10::text)
       AND ($11::text IS NULL OR d.strategy = $11::text) AND ($12::text IS NULL OR f.strategy = $12::text)
       AND ($13::boolean IS NULL OR (d.id IS NULL) = $13::boolean)`;

function pageParams({
  limit,
  after,
  group,
  source,
  kind,
  decided,
  recommended,
  undecided,
}: AssetPage): unknown[] {
  const from = [after?.[0] ?? null, after?.[1] ?? null, after?.[2] ?? null];
  const only = [
    group ?? null,
    source ?? null,
    kind ?? null,
    decided ?? null,
    recommended ?? null,
    undecided ?? null,
  ];
  return [limit, ...from, ...only];
}

/** A decision `d` as a document. */
export const decisionMembers = `'strategy', d.strategy, 'target', d.target, 'reason', d.reason, 'until', d.until,
  'owner', d.owner, 'due', d.due,
  'group', d.group_name, 'singly', d.singly, 'actor', d.actor, 'at', ${momentSql('d.at')}, 'recommended', d.recommended,
  'recommendedTarget', d.recommended_target, 'confidence', (d.confidence * 100)::int, 'rule', d.rule`;
