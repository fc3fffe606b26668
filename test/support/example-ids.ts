/**
 * A row for every path parameter of the API, in each of the first two tenants of the demo. Whoever adds a parameter adds
 * a line here; without it the access matrix (test/http/access.test.ts) fails and says so.
 */
import assert from 'node:assert/strict';
import { demoId, type DemoTable } from '../../src/platform/demo/ids.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import type { HttpPlatform } from './http.ts';

export interface ExampleRequest {
  readonly http: HttpPlatform;
  /** The tenant of the demo: 1 is `tenants.mine`, 2 is `tenants.other`. */
  readonly tenant: 1 | 2;
  readonly path: string;
}

type Example = (request: ExampleRequest) => string | Promise<string>;

const row =
  (table: DemoTable): Example =>
  ({ tenant }) =>
    demoId(tenant, table, 0);

/** `model_id` is of the kind that the path names. */
function modelId({ tenant, path }: ExampleRequest): string {
  if (path.includes('transcription-models')) return demoId(tenant, 'transcription_models', 0);
  if (path.includes('embedding-models')) return demoId(tenant, 'embedding_models', 0);
  return completionId(tenant, 'claude-3-7-sonnet');
}

const migrations = new WeakMap<HttpPlatform, Map<number, Promise<string>>>();

/** The demo has done no migration, so one is done: of a model that nothing uses. */
function migrationId({ http, tenant }: ExampleRequest): Promise<string> {
  const known = migrations.get(http) ?? new Map<number, Promise<string>>();
  migrations.set(http, known);
  const found = known.get(tenant) ?? migrateUnused(http, tenant);
  known.set(tenant, found);
  return found;
}

async function migrateUnused(http: HttpPlatform, tenant: 1 | 2): Promise<string> {
  const { status, json, text } = await http.call(
    'POST',
    `/api/v1/completion-models/${completionId(tenant, 'gpt-4o')}/migrate`,
    {
      key: tenant === 1 ? http.keys.admin : http.keys.otherAdmin,
      body: { to_model_id: completionId(tenant, 'claude-haiku-4-5'), confirm_migration: true },
    },
  );
  assert.equal(status, 200, text);
  return String(json.migration_id);
}

const runs = new WeakMap<HttpPlatform, Promise<string>>();

/** A run over both tenants that no worker begins. Runs are the operator's: there is no other tenant's. */
function runId({ http }: ExampleRequest): Promise<string> {
  const found = runs.get(http) ?? queueRun(http);
  runs.set(http, found);
  return found;
}

async function queueRun(http: HttpPlatform): Promise<string> {
  const { status, json, text } = await http.call(
    'POST',
    `/api/v1/sysadmin/system/completion-models/${completionId(1, 'claude-3-7-sonnet')}/migrate-all-tenants`,
    { key: http.keys.sysadmin, body: { to_model_id: completionId(1, 'claude-haiku-4-5') } },
  );
  assert.equal(status, 202, text);
  return String(json.run_id);
}

const assessments = new WeakMap<HttpPlatform, Map<number, Promise<string>>>();

/** The demo has none, so one is begun. */
function assessmentId({ http, tenant }: ExampleRequest): Promise<string> {
  const known = assessments.get(http) ?? new Map<number, Promise<string>>();
  assessments.set(http, known);
  const found = known.get(tenant) ?? beginAssessment(http, tenant);
  known.set(tenant, found);
  return found;
}

async function beginAssessment(http: HttpPlatform, tenant: 1 | 2): Promise<string> {
  const key = tenant === 1 ? http.keys.admin : http.keys.otherAdmin;
  const { status, json, text } = await http.call('POST', '/api/v1/assessments', { key, body: {} });
  assert.equal(status, 200, text);
  return String(json.assessment.id);
}

const examples: Readonly<Record<string, Example>> = {
  tenant_id: row('tenants'),
  user_id: row('users'),
  user_role_id: row('user_roles'),
  api_key_id: row('api_keys'),
  model_provider_id: row('model_providers'),
  model_id: modelId,
  space_id: row('spaces'),
  assistant_id: row('assistants'),
  app_id: row('apps'),
  service_id: row('services'),
  assistant_template_id: row('assistant_templates'),
  app_template_id: row('app_templates'),
  workspace_id: row('workspaces'),
  // The same for every tenant; see isOfTenant in test/http/access.test.ts.
  secret_name: () => 'ANTHROPIC_API_KEY',
  runtime_id: () => 'hermes',
  audit_record_id: row('audit_log'),
  migration_id: migrationId,
  run_id: runId,
  assessment_id: assessmentId,
  // For everybody; there is no other tenant's.
  global_assistant_template_id: () => demoId(0, 'global_assistant_templates', 0),
  global_app_template_id: () => demoId(0, 'global_app_templates', 0),
};

/** The id of a row in the tenant that fits the parameter. */
export async function exampleId(name: string, request: ExampleRequest): Promise<string> {
  const example = examples[name];
  assert.ok(
    example,
    `test/support/example-ids.ts has no row for the path parameter {${name}} of ${request.path}`,
  );
  return example(request);
}
