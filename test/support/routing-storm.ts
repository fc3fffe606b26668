/**
 * Everybody at once: clients at every endpoint of a few workspaces, secrets that come and go, a model that migrates and is taken back,
 * another server that brings in another registry, a server that has not heard of it, and SQL as the application's role.
 */
import assert from 'node:assert/strict';
import { completionId } from '../../src/platform/demo/models.ts';
import { platformScope } from '../../src/platform/scope.ts';
import { bringInRegistry } from '../../src/platform/workspaces/bring-in-registry.ts';
import { dayOf } from '../../src/platform/workspaces/day.ts';
import { DroverError } from '../../src/errors.ts';
import { findInForce } from '../../src/platform/queries/registry-in-force.ts';
import { asTenant } from '../../src/postgres/scope/tenant.ts';
import type { LoadedRegistry } from '../../src/registry/load/load.ts';
import { judge } from '../../src/registry/verdict/routability.ts';
import type { HttpPlatform, Method } from './http.ts';

const runtimes = ['hermes', 'claude-code', 'codex', 'openclaw', 'mock', 'external', 'moltbot'];
const models = [
  'claude-haiku-4-5',
  'claude-sonnet-4-6',
  'anthropic/claude-haiku-4-5',
  'kimi-k9',
  'gpt-5.5',
  'claudette',
  '',
];
const secrets = ['ANTHROPIC_API_KEY', 'MOONSHOT_API_KEY', 'OPENROUTER_API_KEY'];

export interface Storm {
  readonly registries: readonly LoadedRegistry[];
  /** Makes this server decide by one of them. */
  readonly decideBy: (registry: LoadedRegistry) => void;
  readonly workspaces: readonly string[];
  readonly durationMs: number;
}

/** Answers by status and code. Nobody may fail but by being refused, or by a registry that is another one. */
export async function storm(
  http: HttpPlatform,
  { registries, decideBy, workspaces, durationMs }: Storm,
): Promise<Map<string, number>> {
  const answers = new Map<string, number>();
  const count = (what: string): void => void answers.set(what, (answers.get(what) ?? 0) + 1);
  const today = dayOf(new Date());
  const ask = async (method: Method, path: string, body?: object): Promise<{ id: string } | undefined> => {
    const given = { key: http.keys.admin, ...(body === undefined ? {} : { body }) };
    const { status, json, text } = await http.call(method, `/api/v1${path}`, given);
    assert.ok(status < 500 || json.code === 'REGISTRY_UNAVAILABLE', text);
    count(`${status} ${json?.code ?? ''}`.trim());
    return status === 200 ? { id: String(json.migration_id) } : undefined;
  };
  const some = (): string => `/workspaces/${pick(workspaces)}`;
  const accepted = { accept_payer_change: true };
  const source = `/completion-models/${completionId(1, 'claude-haiku-4-5')}`;
  const move = { to_model_id: completionId(1, 'claude-sonnet-4-6'), confirm_migration: true };
  const clients: (() => Promise<unknown>)[] = [
    () => ask('PATCH', some(), { runtime: pick(runtimes), ...accepted }),
    () => ask('PATCH', some(), { runtime: pick(runtimes), model: pick(models), ...accepted }),
    () => ask('PUT', `${some()}/model`, { model: pick(models), ...accepted }),
    () => ask('PUT', `${some()}/secrets/${pick(secrets)}`, { value: 'k', ...accepted }),
    () => ask('DELETE', `${some()}/secrets/${pick(secrets)}`),
    () => ask('PUT', `/secrets/${pick(secrets)}`, { value: 'k', ...accepted }),
    () => ask('DELETE', `/secrets/${pick(secrets)}`),
    async () => {
      const next = pick(registries);
      await bringInRegistry(http.platform, { loaded: next, today });
      decideBy(Math.random() < 0.7 ? next : pick(registries));
    },
    async () => {
      const moved = await ask('POST', `${source}/migrate`, move);
      if (moved !== undefined) await ask('POST', `/migrations/${moved.id}/rollback`, {});
    },
    async () => {
      const sql = 'UPDATE migration.workspaces SET runtime = $2, model = $3, route = $4 WHERE id = $1';
      const row = [pick(workspaces), pick(runtimes), pick(models) || null, pick(['registry', 'verdict'])];
      const written = await asTenant(http.platform.database, platformScope, http.tenants.mine, (tx) =>
        tx.run(sql, row),
      ).catch((error: unknown) => error);
      count(`SQL ${written instanceof DroverError ? written.code : 'stored'}`);
    },
  ];
  const end = Date.now() + durationMs;
  await Promise.all(
    clients.map(async (client) => {
      while (Date.now() < end) await client();
    }),
  );
  return answers;
}

/** Fails where a pair is stored that the registry in force refuses, other than one that a workspace had before. */
export async function checkStored(http: HttpPlatform, registries: readonly LoadedRegistry[]): Promise<void> {
  const { inForce, rows } = await http.asSuperuser(async (tx) => ({
    inForce: await tx.ask(findInForce('migration')),
    rows: await tx.many<{ runtime: string; model: string | null; kept: boolean; secrets: string[] }>(
      `SELECT w.runtime, w.model, EXISTS (SELECT FROM migration.workspace_verdicts v WHERE v.workspace_id = w.id
         AND v.runtime = w.runtime AND v.model = w.verdict_model AND v.reason IN ('kept', 'ended')) AS kept,
         ARRAY(SELECT name FROM migration.workspace_secrets s WHERE s.workspace_id = w.id
               UNION SELECT name FROM migration.tenant_secrets t WHERE t.tenant_id = w.tenant_id) AS secrets
       FROM migration.workspaces w`,
    ),
  }));
  const registry = registries.find(({ hash }) => hash === inForce?.hash);
  assert.ok(registry);
  for (const { runtime, model, kept, secrets: names } of rows) {
    const { verdict } = judge(registry, { runtime, model, secrets: new Set(names), existing: true });
    assert.ok(verdict !== 'refuse' || kept, `${runtime} with ${model} is stored`);
  }
}

function pick<T>(list: readonly T[]): T {
  const one = list[Math.floor(Math.random() * list.length)];
  assert.ok(one !== undefined);
  return one;
}
