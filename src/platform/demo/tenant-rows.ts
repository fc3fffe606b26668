/** All rows of one demo tenant, table by table in the order in which their foreign keys allow them to be inserted. */
import { configurationRows, modelsNamedBy } from './configuration.ts';
import { demoId, demoTime } from './ids.ts';
import { completionId, completionRows, embeddingRows, providerRows, transcriptionRows } from './models.ts';
import type { DemoRow, DemoRows, DemoTenant } from './tenants.ts';
import { workspaceRows } from './workspaces.ts';
import type { MayHave } from './workspaces.ts';

/**
 * The rows of a tenant, without those that Drover writes about its own work.
 * @param mayHave what the registry in force names; not given where none is
 */
export function tenantRows(tenant: DemoTenant, mayHave?: MayHave): DemoRows[] {
  const { number } = tenant;
  const configuration = configurationRows(tenant);
  const parts: DemoRows[] = [
    { table: 'users', rows: userRows(tenant) },
    { table: 'model_providers', rows: providerRows(number) },
    { table: 'completion_models', rows: completionRows(number) },
    { table: 'transcription_models', rows: transcriptionRows(number) },
    { table: 'embedding_models', rows: embeddingRows(number) },
    { table: 'tenant_defaults', rows: [defaultsRow(number)] },
    { table: 'spaces', rows: spaceRows(tenant) },
    { table: 'user_roles', rows: roleRows(tenant) },
    { table: 'api_keys', rows: [keyRow(number)] },
    { table: 'space_completion_models', rows: completionLinks(tenant, configuration) },
    { table: 'space_transcription_models', rows: otherLinks(tenant, 'transcription_models') },
    { table: 'space_embedding_models', rows: otherLinks(tenant, 'embedding_models') },
    ...configuration,
    ...workspaceRows(tenant, mayHave),
    ...historyRows(tenant),
    { table: 'audit_log', rows: [auditRow(number)] },
  ];
  return parts.map(({ table, rows }) => ({
    table,
    rows: rows.map((row) => ({ tenant_id: tenant.id, ...row })),
  }));
}

const people = ['Ada Admin', 'Eli Editor', 'Uma User', 'Axel Auditor'];
const roles = ['admin', 'member', 'member', 'viewer'];

function userRows({ number, slug }: DemoTenant): DemoRow[] {
  return people.map((display_name, n) => ({
    id: demoId(number, 'users', n),
    email: `${display_name.split(' ')[0]?.toLowerCase()}@${slug}.example`,
    display_name,
  }));
}

/** Everybody has one role in the tenant; the editor is also admin of the first space, the very first person sysadmin. */
function roleRows({ number }: DemoTenant): DemoRow[] {
  const grant = (n: number, user: number, role: DemoRow): DemoRow => ({
    id: demoId(number, 'user_roles', n),
    user_id: demoId(number, 'users', user),
    granted_by: demoId(number, 'users', 0),
    ...role,
  });
  return [
    ...roles.map((role, n) => grant(n, n, { role, scope: 'tenant', space_id: null })),
    grant(roles.length, 1, { role: 'admin', scope: 'space', space_id: demoId(number, 'spaces', 0) }),
    ...(number === 1
      ? [grant(roles.length + 1, 0, { role: 'sysadmin', scope: 'system', space_id: null })]
      : []),
  ];
}

/** A key that was revoked, of a secret that nobody knows: nobody gets in by the demo. */
function keyRow(tenant: number): DemoRow {
  return {
    id: demoId(tenant, 'api_keys', 0),
    user_id: demoId(tenant, 'users', 0),
    name: 'Last year’s script',
    prefix: 'demodemo',
    secret_hash: '0'.repeat(64),
    scopes: ['*'],
    revoked_at: demoTime(1),
  };
}

function defaultsRow(tenant: number): DemoRow {
  return {
    completion_model_id: completionId(tenant, 'claude-3-7-sonnet'),
    transcription_model_id: demoId(tenant, 'transcription_models', 0),
    embedding_model_id: demoId(tenant, 'embedding_models', 0),
  };
}

/** Every other space has the retiring model as its default; a fifth space is archived. */
function spaceRows({ number, spaces }: DemoTenant): DemoRow[] {
  return spaces.map((name, n) => ({
    id: demoId(number, 'spaces', n),
    name,
    default_completion_model_id: n % 2 === 0 ? completionId(number, 'claude-3-7-sonnet') : null,
    archived_at: n === 4 ? demoTime(20) : null,
  }));
}

/** A space lists its default, what its rows name, and the successor, so that moving its link collides. */
function completionLinks(tenant: DemoTenant, configuration: readonly DemoRows[]): DemoRow[] {
  const rows = configuration.flatMap((part) => part.rows);
  return spaceRows(tenant).flatMap(({ id: space_id, default_completion_model_id: chosen }) => {
    const own = rows.filter((row) => row['space_id'] === space_id);
    const models = new Set([
      completionId(tenant.number, 'claude-sonnet-4-6'),
      ...[chosen, ...own.flatMap(modelsNamedBy)].filter((id) => typeof id === 'string'),
    ]);
    return [...models].map((model_id) => ({ space_id, model_id }));
  });
}

function otherLinks(
  { number, spaces }: DemoTenant,
  table: 'transcription_models' | 'embedding_models',
): DemoRow[] {
  return spaces.map((_, n) => ({
    space_id: demoId(number, 'spaces', n),
    model_id: demoId(number, table, 0),
  }));
}

function auditRow(tenant: number): DemoRow {
  return { id: demoId(tenant, 'audit_log', 0), actor: 'drover seed', action: 'demo.seeded', object: null };
}

/* What happened at demo tenants: most of it was done by the retiring model, and must go on saying so. */

/** Questions and runs of a tenant. */
function historyRows(tenant: DemoTenant): DemoRows[] {
  return [
    { table: 'questions', rows: Array.from({ length: tenant.size * 6 }, (_, n) => questionRow(tenant, n)) },
    { table: 'app_runs', rows: Array.from({ length: tenant.size * 2 }, (_, n) => runRow(tenant, n)) },
  ];
}

function questionRow({ number, size, spaces }: DemoTenant, n: number): DemoRow {
  return {
    id: demoId(number, 'questions', n),
    assistant_id: demoId(number, 'assistants', n % (size * spaces.length)),
    user_id: demoId(number, 'users', n % 3),
    completion_model_id: completionId(number, n % 4 === 3 ? 'claude-sonnet-4-6' : 'claude-3-7-sonnet'),
    question: `What changed since last week? (${n + 1})`,
    answer: 'Two things changed; both are in the notes.',
    tokens_in: 180 + 7 * n,
    tokens_out: 60 + 3 * n,
    created_at: demoTime(n % 28, n),
  };
}

function runRow({ number, size, spaces }: DemoTenant, n: number): DemoRow {
  const app = n % (Math.ceil(size / 3) * spaces.length);
  return {
    id: demoId(number, 'app_runs', n),
    app_id: demoId(number, 'apps', app),
    user_id: demoId(number, 'users', n % 3),
    completion_model_id: completionId(number, 'claude-3-7-sonnet'),
    transcription_model_id: app % 3 === 1 ? demoId(number, 'transcription_models', 0) : null,
    outcome: n % 10 === 9 ? 'failed' : 'succeeded',
    input: 'A recording or a text.',
    output: n % 10 === 9 ? '' : 'A summary.',
    created_at: demoTime(n % 28, n),
  };
}
