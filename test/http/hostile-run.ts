/**
 * Attacks every operation of openapi.json on the demo data, as people of one tenant. No answer is an error inside, each is one that the
 * document describes, a refusal has written nothing, no row of another tenant changes, what is stored is what the API would take,
 * and the server goes on.
 */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import type { App } from '../../src/http/contract.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import type { Tx } from '../../src/postgres/driver/database.ts';
import type { Engine } from '../support/databases.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';
import { assertDescribed } from './described.ts';
import { type Attack, attacksOn } from './hostile-attacks.ts';
import { type ExampleOf, type Target } from './hostile-schemas.ts';
import { migrated } from './moving.ts';
import { statesRefused } from './states.ts';

export interface HostileGround {
  readonly http: HttpPlatform;
  readonly app: App;
  readonly ids: ExampleOf;
  close(): Promise<void>;
}

/** The demo with a migration and a run in its history, behind an application. */
export async function hostileGround(engine: Engine): Promise<HostileGround> {
  const http = await httpPlatform(engine);
  const { migration_id: migrationId } = await migrated(http);
  const { json: spare } = await http.call('POST', '/api/v1/api-keys', {
    key: http.keys.sysadmin,
    body: { name: 'spare' },
  });
  const fixed: Readonly<Record<string, string>> = {
    migration_id: migrationId,
    api_key_id: spare.api_key.id,
    run_id: await endedRun(http),
  };
  const ids: ExampleOf = (name, target) => fixed[name] ?? idOf(name, target);
  return {
    http,
    app: http.app,
    ids,
    close: () => http.close(),
  };
}

async function endedRun(http: HttpPlatform): Promise<string> {
  const key = http.keys.sysadmin;
  const from = completionId(1, 'claude-haiku-4-5');
  const { text, json } = await http.call(
    'POST',
    `/api/v1/sysadmin/system/completion-models/${from}/migrate-all-tenants`,
    { key, body: { to_model_id: completionId(1, 'claude-sonnet-4-6'), confirm_migration: true } },
  );
  assert.equal(typeof json.run_id, 'string', text);
  await http.call('POST', `/api/v1/runs/${json.run_id}/cancel`, { key });
  return json.run_id as string;
}

/** Rows of the first tenant. Where a tenant is named, the second, so that no key in use is at stake. */
function idOf(name: string, { path, method }: Target): string | undefined {
  const kind = /(completion|transcription|embedding)/.exec(path)?.[1] ?? 'completion';
  if (name === 'tenant_id') return demoId(2, 'tenants', 0);
  if (name === 'secret_name') return 'ANTHROPIC_API_KEY';
  if (name === 'runtime_id' || name === 'runtime') return 'claude-code';
  if (name === 'user_id') return demoId(1, 'users', 2);
  if (name === 'user_role_id') return demoId(1, 'user_roles', 2);
  if (name === 'audit_record_id') return demoId(1, 'audit_log', 0);
  if (name === 'model_provider_id' || name === 'provider_id') return demoId(1, 'model_providers', 0);
  const model = /^(?:default_)?(completion|transcription|embedding)_model_id$/.exec(name)?.[1] ?? kind;
  if (name.endsWith('model_id')) return modelOf(model, method === 'POST' && name === 'model_id' ? 2 : 1);
  const table = tables.find((each) => `${each.slice(0, -1)}_id` === name);
  if (table === undefined) return undefined;
  return demoId(table.startsWith('global') ? 0 : 1, table, 0);
}

function modelOf(kind: string, n: number): string {
  return demoId(1, `${kind}_models` as 'completion_models', kind === 'completion' ? n : 0);
}

const tables = [
  'spaces',
  'assistants',
  'apps',
  'services',
  'workspaces',
  'assistant_templates',
  'app_templates',
  'global_assistant_templates',
  'global_app_templates',
] as const;

export interface HostileOptions {
  readonly seed: number;
  readonly numRuns: number;
}

/** Attacks one operation; fails with the seed and the attack. */
export async function attack(ground: HostileGround, target: Target, options: HostileOptions): Promise<void> {
  let before = await digest(ground);
  const property = fc.asyncProperty(attacksOn({ target, ids: ground.ids }), async (each) => {
    const status = await send(ground, target, each);
    const after = await digest(ground);
    if (status >= 400) assert.deepEqual(after, before, `${status}, and yet something was written`);
    if (target.role !== 'sysadmin') assert.equal(after.others, before.others, 'rows of another tenant');
    before = after;
  });
  await fc.assert(property, { ...options, endOnFailure: true, verbose: 0 });
  await isAlive(ground);
}

/** What is stored is what the API would take. */
export async function holdsWhatItWouldTake({ http }: HostileGround, after = 'all operations'): Promise<void> {
  assert.deepEqual(await statesRefused(http), [], after);
}

async function send({ app, http }: HostileGround, target: Target, each: Attack): Promise<number> {
  const { method, url, payload, chunked, headers } = each;
  const body = chunked === true && payload !== undefined ? Readable.from(pieces(payload)) : payload;
  const authorization = `Bearer ${http.keys[each.caller]}`;
  const answer = await app.inject({
    method,
    url,
    headers: { ...(target.isPublic ? {} : { authorization }), ...headers },
    ...(body === undefined ? {} : { payload: body }),
  });
  const { statusCode: status, body: text } = answer;
  const said = `${each.what} → ${status} ${text.slice(0, 300)}`;
  assert.ok(status < 500, said);
  const mayCall = each.caller === 'sysadmin' || target.isPublic;
  if (each.status !== undefined && (mayCall || each.status === 401)) assert.equal(status, each.status, said);
  if (each.refused) assert.ok(status >= 400, said);
  assert.ok(text.length < 1_000_000, `${said}: an answer of ${text.length} characters`);
  for (const value of Object.values(answer.headers)) assert.doesNotMatch(String(value), /[\r\n]/, said);
  assert.doesNotMatch(text, leaks, said);
  if (each.isOperation)
    assertDescribed(target, { status, type: String(answer.headers['content-type']), text }, said);
  if (status >= 400) {
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, said);
    assert.equal(answer.json<{ status: number }>().status, status, said);
  }
  return status;
}

/** What no answer may hold: hashes of secrets, statements, stacks, paths of this machine. */
const leaks =
  /"secret_hash":|\bINSERT INTO |\bSELECT t\.|node_modules|\n\s+at |\/src\/|sqlState|databaseMessage/;

function* pieces(payload: string | Buffer): Generator<Buffer> {
  const bytes = Buffer.from(payload);
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function isAlive({ app, http }: HostileGround): Promise<void> {
  const headers = { authorization: `Bearer ${http.keys.viewer}` };
  const { statusCode, body } = await app.inject({ url: '/api/v1/completion-models?limit=1', headers });
  assert.equal(statusCode, 200, body);
}

/**
 * Of every row, without what a refusal keeps on purpose: when a key was used, the record of a refused migration, and an
 * answer under an Idempotency-Key.
 */
async function digest({ http }: HostileGround): Promise<Digest> {
  return http.asSuperuser(async (tx) => {
    const { found } = await tx.one<{ found: string[][] }>(await digestSql(tx), [http.tenants.mine]);
    return {
      own: found.map(([own]) => own).join('\n'),
      others: found.map(([, others]) => others).join('\n'),
    };
  });
}

interface Digest {
  /** Of the caller's tenant, and of what belongs to nobody. */
  readonly own: string;
  readonly others: string;
}

let statement: string | undefined;

async function digestSql(tx: Tx): Promise<string> {
  if (statement !== undefined) return statement;
  const tables = await tx.many<{ name: string; owner: string | null }>(
    `SELECT t.tablename::text AS name, CASE t.tablename WHEN 'tenants' THEN 'id' ELSE (SELECT a.attname::text FROM pg_attribute a
       WHERE a.attrelid = format('%I.%I', t.schemaname, t.tablename)::regclass AND a.attname IN ('tenant_id', 'tenant')) END AS owner
     FROM pg_tables t WHERE t.schemaname = 'migration' AND t.tablename <> 'idempotency_keys' ORDER BY 1`,
  );
  const digests = tables.map(({ name, owner }) => {
    const row = name === 'api_keys' ? `(to_jsonb(t) - 'last_used_at')::text` : 't::text';
    const own = owner === null ? 'true' : `t.${owner}::text IS NOT DISTINCT FROM $1::text`;
    const of = (rows: string): string =>
      `'${name} ' || count(*) FILTER (WHERE ${rows}) || ' ' || coalesce(sum(hashtextextended(${row}, 0)) FILTER (WHERE ${rows}), 0)`;
    const where = name === 'migrations' ? `WHERE status <> 'failed'` : '';
    return `(SELECT ARRAY[${of(own)}, ${of(`NOT (${own})`)}] FROM migration.${name} t ${where})`;
  });
  statement = `SELECT to_json(ARRAY[${digests.join(', ')}]) AS found, $1::text AS mine`;
  return statement;
}
