/** What the tests of migrations over HTTP have in common. */
import assert from 'node:assert/strict';
import { completionId, type CompletionName } from '../../src/platform/demo/models.ts';
import { digestTenant } from '../../src/postgres/scope/tenants.ts';
import { demoTenants } from '../../src/platform/demo/tenants.ts';
import type { Answer, HttpPlatform } from '../support/http.ts';

export const source = completionId(1, 'claude-3-7-sonnet');
export const target = completionId(1, 'claude-sonnet-4-6');
export const haiku = completionId(1, 'claude-haiku-4-5');

/** The path of a model's migration, for the tenant's own admin. */
export function migratePath(name: CompletionName = 'claude-3-7-sonnet', tenant = 1): string {
  return `/api/v1/completion-models/${completionId(tenant, name)}/migrate`;
}

export interface MigrateCall {
  readonly path?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks for a migration off the retiring model of the first tenant, by its admin, unless told otherwise. */
export function migrate(
  http: HttpPlatform,
  body: Readonly<Record<string, unknown>> = {},
  call: MigrateCall = {},
): Promise<Answer> {
  const { path = migratePath(), key = http.keys.admin, headers = {} } = call;
  return http.call('POST', path, { key, headers, body: { to_model_id: target, ...body } });
}

/** Migrates and confirms. Fails unless the migration was done. */
export async function migrated(
  http: HttpPlatform,
  body: Readonly<Record<string, unknown>> = {},
  call: MigrateCall = {},
): Promise<Answer['json']> {
  const answer = await migrate(http, { confirm_migration: true, ...body }, call);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.success, true);
  return answer.json;
}

/** Fails unless the answer is a problem document with that status and code. */
export function refused(answer: Answer, status: number, code: string): Answer['json'] {
  assert.equal(answer.status, status, answer.text);
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
  assert.equal(answer.json.code, code, answer.text);
  return answer.json;
}

/** A digest of what each tenant has configured; Drover's records and keys are not part of it. */
export async function configured(http: HttpPlatform): Promise<Record<string, unknown>> {
  const digests = demoTenants.map(
    async ({ id }) => [id, await digestTenant(http.platform.site, id)] as const,
  );
  return Object.fromEntries(await Promise.all(digests));
}

/** The one value, in a column called `value`, as the login sees it. */
export async function valueOf<T>(
  http: HttpPlatform,
  sql: string,
  params: readonly unknown[] = [],
): Promise<T> {
  return http.asSuperuser(async (tx) => (await tx.one<{ value: T }>(sql, params)).value);
}
