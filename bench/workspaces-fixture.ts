/** What the bench of workspaces asks: the endpoints, and the same change in a route that asks no registry. */
import fastify, { type FastifyInstance } from 'fastify';
import { buildApp } from '../src/http/server/app.ts';
import { authenticateKey } from '../src/platform/access/authenticate.ts';
import { createApiKey } from '../src/platform/access/keys.ts';
import { openPlatform, type Platform } from '../src/platform/open.ts';
import { platformScope } from '../src/platform/scope.ts';
import { bringInRegistry } from '../src/platform/workspaces/bring-in-registry.ts';
import { dayOf } from '../src/platform/workspaces/day.ts';
import { fixedRegistry } from '../src/platform/workspaces/live-registry.ts';
import { openServer } from '../src/postgres/driver/connect.ts';
import { asTenant } from '../src/postgres/scope/tenant.ts';
import type { LoadedRegistry } from '../src/registry/load/load.ts';
import { judge } from '../src/registry/verdict/routability.ts';
import { buildTemplate, databaseUrl, ids, withClient } from './fixture.ts';

/** Clients write workspaces of their own, so that they do not wait for each other. */
export const clients = 4;

interface Pair {
  readonly runtime: string;
  readonly model: string;
}

/** Two runtimes, each with two models that it can reach on a key of the tenant's. */
export interface Pairs {
  readonly here: readonly [Pair, Pair];
  readonly there: readonly [Pair, Pair];
  readonly secrets: readonly string[];
}

export function choosePairs(loaded: LoadedRegistry): Pairs {
  const served = [...loaded.routes.runtimes.values()].flatMap(({ runtime, listed }) => {
    const found = [...listed.keys()].flatMap((model) => {
      const pair = { runtime: runtime.id, model };
      const verdict = judge(loaded, { ...pair, today: dayOf(new Date()) });
      return verdict.verdict === 'allow' && verdict.payer === 'tenant' && verdict.needs.length > 0
        ? [{ pair, secret: verdict.needs[0] ?? '' }]
        : [];
    });
    const [first, second] = found;
    return first === undefined || second === undefined ? [] : [[first, second] as const];
  });
  const [here, there] = served;
  if (here === undefined || there === undefined) throw new Error('The registry has no two such runtimes.');
  const secrets = new Set([...here, ...there].map(({ secret }) => secret));
  return { here: [here[0].pair, here[1].pair], there: [there[0].pair, there[1].pair], secrets: [...secrets] };
}

/** A database with so many workspaces of the tenant, and of each of ten others. Returns its url and the ids of the tenant's. */
export async function buildWorkspaces(
  serverUrl: string,
  { name, workspaces, loaded }: { name: string; workspaces: number; loaded: LoadedRegistry },
): Promise<{ url: string; workspaceIds: string[] }> {
  await buildTemplate(serverUrl, name, 0);
  const url = databaseUrl(serverUrl, name);
  const database = await openServer({ url });
  const platform = await openPlatform(database, { install: false });
  await bringInRegistry(platform, { loaded, today: dayOf(new Date()) });
  await database.close();
  const { here, secrets } = choosePairs(loaded);
  return withClient(url, async (client) => {
    await client.query(`
      INSERT INTO migration.user_roles (tenant_id, id, user_id, role, scope)
        VALUES ('${ids.tenant}', gen_random_uuid(), '${ids.user}', 'member', 'tenant');
      INSERT INTO migration.tenants (id, name, slug) SELECT md5(n::text)::uuid, 'Other ' || n, 'other-' || n FROM generate_series(1, 10) n;
      INSERT INTO migration.users (tenant_id, id, email, display_name) SELECT id, id, 'x@example.org', 'X' FROM migration.tenants WHERE slug LIKE 'other-%'`);
    for (const secret of secrets)
      await client.query(
        `INSERT INTO migration.tenant_secrets (tenant_id, name, key_id, nonce, sealed) VALUES ($1, $2, 'bench', '', '')`,
        [ids.tenant, secret],
      );
    await client.query(
      `INSERT INTO migration.workspaces (tenant_id, id, user_id, name, runtime, model)
       SELECT u.tenant_id, gen_random_uuid(), u.id, 'workspace ' || n, $2, $3 FROM migration.users u, generate_series(1, $1::int) n`,
      [workspaces, here[0].runtime, here[0].model],
    );
    await client.query('VACUUM ANALYZE');
    const found = await client.query<{ id: string }>(
      `SELECT id FROM migration.workspaces WHERE tenant_id = $1 ORDER BY id LIMIT 200`,
      [ids.tenant],
    );
    return { url, workspaceIds: found.rows.map(({ id }) => id) };
  });
}

/** Every workspace has the first pair again, from which the changes begin. */
export async function startAnew(url: string, loaded: LoadedRegistry): Promise<void> {
  const [{ runtime, model }] = choosePairs(loaded).here;
  const sql = `UPDATE migration.workspaces SET runtime = $1, model = $2, route = 'registry' WHERE (runtime, model) IS DISTINCT FROM ($1, $2)`;
  await withClient(url, (client) => client.query(sql, [runtime, model]));
}

/** One request of a contender. */
export interface Asked {
  readonly method: 'PATCH' | 'PUT';
  readonly path: string;
  readonly body: string;
}

export interface Contender {
  readonly name: string;
  readonly url: string;
  readonly key: string;
  /** What is asked of one workspace: two changes, each of which undoes the other. */
  readonly changes: (id: string) => readonly [Asked, Asked];
}

/** Every contender on the same database, each listening. `close` ends them. */
export async function openContenders(
  url: string,
  loaded: LoadedRegistry,
): Promise<{ readonly contenders: readonly Contender[]; readonly close: () => Promise<void> }> {
  const database = await openServer({ url, poolSize: 8 });
  const platform = await openPlatform(database, { install: false });
  const routing = { registry: fixedRegistry(loaded), keys: undefined, now: () => new Date() };
  const app = await buildApp({ platform, routing, version: 'bench', settings: { requestsPerMinute: 1e9 } });
  const bare = bareRoutes(platform);
  const [api, plain] = await Promise.all(
    [app, bare].map((each) => each.listen({ host: '127.0.0.1', port: 0 })),
  );
  const person = { tenantId: ids.tenant, userId: ids.user, name: 'bench', scopes: ['*'] };
  const { text: key } = await createApiKey(platform, person);
  return {
    contenders: contendersOf(choosePairs(loaded), { api: api ?? '', plain: plain ?? '', key }),
    close: async () => {
      await Promise.all([app.close(), bare.close()]);
      await database.close();
    },
  };
}

function contendersOf(
  { here, there }: Pairs,
  { api, plain, key }: { readonly api: string; readonly plain: string; readonly key: string },
): Contender[] {
  const patch = (id: string, body: object): Asked => ({
    method: 'PATCH',
    path: `/api/v1/workspaces/${id}`,
    body: JSON.stringify(body),
  });
  const put = (id: string, { model }: Pair): Asked => ({
    method: 'PUT',
    path: `/api/v1/workspaces/${id}/model`,
    body: JSON.stringify({ model }),
  });
  const both = (id: string): [Asked, Asked] => [patch(id, there[0]), patch(id, here[0])];
  return [
    { name: 'bare route, locked UPDATE', url: plain, key, changes: both },
    {
      name: 'PATCH name',
      url: api,
      key,
      changes: (id) => [patch(id, { name: `a ${id}` }), patch(id, { name: `b ${id}` })],
    },
    { name: 'PATCH runtime and model', url: api, key, changes: both },
    { name: 'PUT model', url: api, key, changes: (id) => [put(id, here[1]), put(id, here[0])] },
  ];
}

/** The same key, the same tenant, the same lock and columns; no registry, no schemas, no audit record. */
function bareRoutes(platform: Platform): FastifyInstance {
  const app = fastify();
  app.patch<{ Params: { id: string }; Body: Pair }>('/api/v1/workspaces/:id', (request) =>
    change(platform, request),
  );
  return app;
}

interface Request {
  readonly headers: { readonly authorization?: string | undefined };
  readonly params: { readonly id: string };
  readonly body: Pair;
}

async function change(platform: Platform, request: Request): Promise<object> {
  const credential = request.headers.authorization?.slice('Bearer '.length) ?? '';
  const { tenantId } = await authenticateKey(platform, credential);
  const { runtime, model } = request.body;
  return asTenant(platform.database, platformScope, tenantId, async (tx) => {
    const key = [tenantId, request.params.id];
    await tx.one(`SELECT * FROM migration.workspaces WHERE tenant_id = $1 AND id = $2 FOR UPDATE`, key);
    return tx.one(
      `UPDATE migration.workspaces SET runtime = $3, model = $4, version = version + 1, updated_at = statement_timestamp()
         WHERE tenant_id = $1 AND id = $2 RETURNING *`,
      [...key, runtime, model],
    );
  });
}
