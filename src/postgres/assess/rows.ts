/**
 * The rows of an assessment as they are stored. A list travels as one JSON text, so that each statement is the same however many rows
 * there are. Nothing here changes a status: see `change-status.ts`.
 */
import type { AssessmentStatus } from '../../engine/assess/status.ts';
import type { ParameterPolicy } from '../../engine/plan/intent.ts';
import { recordedTenant, tenantOfRecord } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { stateTable } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

export interface AssessmentRecord {
  readonly tenant: TenantKey;
  readonly id: string;
  readonly status: AssessmentStatus;
  readonly version: number;
  /** How many surveys there were; the facts are those of the last. */
  readonly survey: number;
  /** Days, ISO. */
  readonly horizon: string;
  readonly surveyedOn: string | null;
  readonly useDays: number;
  readonly parameters: ParameterPolicy;
  readonly actor: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A model that ends, as of one survey. */
export interface AssessedSource {
  readonly source: string;
  readonly label: string;
  readonly kind: string;
  readonly ends: string | null;
  readonly says: string;
  /** The target that somebody gave. */
  readonly target: string | null;
}

/** Which rows of a statement: `$1` is the tenant, `$2` the assessment. */
export function ofAssessment({ state }: Site, alias: string): string {
  return `${alias}.tenant_id = $1::text::${state.tenantType} AND ${alias}.assessment_id = $2::text::uuid`;
}

export const momentSql = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

type StoredAssessment = Omit<AssessmentRecord, 'tenant'> & { readonly tenant: string };

/**
 * Of each tenant the assessment that is open, otherwise the newest; of all tenants that the transaction sees where none is named. None
 * before the first one made the tables.
 */
export async function listLatest(state: Tx, site: Site, tenant: TenantKey): Promise<AssessmentRecord[]> {
  if (!(await hasAssessments(state, site))) return [];
  const rows = await state.many<StoredAssessment>(
    `SELECT DISTINCT ON (a.tenant_id) ${assessmentColumns} FROM ${stateTable(site, 'assessments')} a
     WHERE $1::text IS NULL OR a.tenant_id = $1::text::${site.state.tenantType}
     ORDER BY a.tenant_id, a.status IN ('completed', 'cancelled'), a.created_at DESC, a.id`,
    [tenant ?? null],
  );
  return rows.map(recordOf);
}

/** Is the schema of the records of this version, or newer? The first command that writes makes it so. */
export async function hasAssessments(state: Tx, site: Site): Promise<boolean> {
  const { there } = await state.one<{ there: boolean }>(`SELECT to_regclass($1::text) IS NOT NULL AS there`, [
    stateTable(site, 'assessments'),
  ]);
  return there;
}

export interface AssessmentChosen {
  readonly tenant: TenantKey;
  /** Otherwise the one that is open, or the newest. */
  readonly id?: string | undefined;
}

/** One assessment of a tenant. */
export async function findAssessment(
  state: Tx,
  site: Site,
  chosen: AssessmentChosen,
): Promise<AssessmentRecord | undefined> {
  const [row] = await state.many<StoredAssessment>(oneSql(site), paramsOf(chosen));
  return row === undefined ? undefined : recordOf(row);
}

/** The same, held until the transaction ends: two people change it one after the other. */
export async function holdLatest(
  state: Tx,
  site: Site,
  chosen: AssessmentChosen,
): Promise<AssessmentRecord | undefined> {
  const row = await state.maybeOne<StoredAssessment>(`${oneSql(site)} FOR UPDATE`, paramsOf(chosen));
  return row === undefined ? undefined : recordOf(row);
}

function oneSql(site: Site): string {
  return `SELECT ${assessmentColumns} FROM ${stateTable(site, 'assessments')} a
     WHERE a.tenant_id = $1::text::${site.state.tenantType} AND ($2::text IS NULL OR a.id = $2::text::uuid)
     ORDER BY a.status IN ('completed', 'cancelled'), a.created_at DESC, a.id LIMIT 1`;
}

function paramsOf({ tenant, id }: AssessmentChosen): (string | null)[] {
  return [recordedTenant(tenant), id ?? null];
}

export interface AssessmentPage {
  readonly tenant: TenantKey;
  readonly status?: AssessmentStatus | undefined;
  readonly limit: number;
  /** Go on after this one. */
  readonly after?: readonly [createdAt: string, id: string];
}

/** All assessments of a tenant, the newest first. */
export async function pageAssessments(
  state: Tx,
  site: Site,
  { tenant, status, limit, after }: AssessmentPage,
): Promise<AssessmentRecord[]> {
  const rows = await state.many<StoredAssessment>(
    `SELECT ${assessmentColumns} FROM ${stateTable(site, 'assessments')} a
     WHERE a.tenant_id = $1::text::${site.state.tenantType} AND ($2::text IS NULL OR a.status = $2::text)
       AND ($3::text IS NULL OR (date_trunc('milliseconds', a.created_at), a.id) < ($3::text::timestamptz, $4::text::uuid))
     ORDER BY date_trunc('milliseconds', a.created_at) DESC, a.id DESC LIMIT $5`,
    [recordedTenant(tenant), status ?? null, after?.[0] ?? null, after?.[1] ?? null, limit],
  );
  return rows.map(recordOf);
}

const assessmentColumns = `a.tenant_id::text AS tenant, a.id::text AS id, a.status, a.version, a.survey, a.horizon::text AS horizon,
  a.surveyed_on::text AS "surveyedOn", a.use_days AS "useDays", a.parameters, a.actor,
  ${momentSql('a.created_at')} AS "createdAt", ${momentSql('a.updated_at')} AS "updatedAt"`;

function recordOf(row: StoredAssessment): AssessmentRecord {
  return { ...row, tenant: tenantOfRecord(row.tenant) };
}

/** Inserts rows of one table, each with the columns and types of `columns`, beside `$1` and `$2`. */
export async function insertRows(
  state: Tx,
  about: {
    readonly site: Site;
    readonly table: Parameters<typeof stateTable>[1];
    readonly record: Pick<AssessmentRecord, 'tenant' | 'id'>;
  },
  { columns, rows, after = '' }: StoredRows,
): Promise<void> {
  const { site, table, record } = about;
  if (rows.length === 0) return;
  const names = Object.keys(columns);
  await state.run(
    `INSERT INTO ${stateTable(site, table)} (tenant_id, assessment_id, ${names.join(', ')})
     SELECT $1::text::${site.state.tenantType}, $2::text::uuid, ${names.map((name) => `x.${name}`).join(', ')}
     FROM jsonb_to_recordset($3::text::jsonb) x (${typed(columns)}) ${after}`,
    [recordedTenant(record.tenant), record.id, JSON.stringify(rows)],
  );
}

interface StoredRows {
  /** Type by column. */
  readonly columns: Readonly<Record<string, string>>;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** What follows the statement. */
  readonly after?: string;
}

export function typed(columns: StoredRows['columns']): string {
  return Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(', ');
}

export async function saveSources(
  state: Tx,
  site: Site,
  {
    record,
    sources,
  }: {
    readonly record: Pick<AssessmentRecord, 'tenant' | 'id' | 'survey'>;
    readonly sources: readonly AssessedSource[];
  },
): Promise<void> {
  const columns = {
    survey: 'integer',
    source: 'text',
    label: 'text',
    kind: 'text',
    ends: 'date',
    says: 'text',
    target: 'text',
  };
  const rows = sources.map((source) => ({ survey: record.survey, ...source }));
  await insertRows(state, { site, table: 'assessment_sources', record }, { columns, rows });
}

/** By the day on which they end. */
export function readAssessedSources(
  state: Tx,
  site: Site,
  record: Pick<AssessmentRecord, 'tenant' | 'id' | 'survey'>,
): Promise<AssessedSource[]> {
  return state.many<AssessedSource>(
    `SELECT s.source, s.label, s.kind, s.ends::text AS ends, s.says, s.target FROM ${stateTable(site, 'assessment_sources')} s
     WHERE ${ofAssessment(site, 's')} AND s.survey = $3 ORDER BY s.ends NULLS LAST, s.source COLLATE "C"`,
    [recordedTenant(record.tenant), record.id, record.survey],
  );
}
