/** What the bench of the API asks: the same list of models from the API, and from routes that somebody wrote without it. */
import fastify, { type FastifyInstance } from 'fastify';
import pg from 'pg';
import { startEdge } from '../src/http/edge/edge.ts';
import { buildApp } from '../src/http/server/app.ts';
import { createLog } from '../src/http/server/log.ts';
import { createApiKey } from '../src/platform/access/keys.ts';
import { openPlatform } from '../src/platform/open.ts';
import { completionModels } from '../src/platform/resources/models.ts';
import { openServer } from '../src/postgres/driver/connect.ts';
import { buildTemplate, databaseUrl, ids, withClient } from './fixture.ts';

/** How many models one page can hold; longer lists are asked for by their first page. */
const pageSize = 200;

const tenants = 20;
const poolSize = 8;

/** A database in which each of some tenants has so many completion models. Returns its url. */
export async function buildModels(serverUrl: string, models: number): Promise<string> {
  const name = `http_${models}`;
  await buildTemplate(serverUrl, name, 0);
  const url = databaseUrl(serverUrl, name);
  await withClient(url, async (client) => {
    await client.query(
      `INSERT INTO migration.user_roles (tenant_id, id, user_id, role, scope) VALUES ($1, gen_random_uuid(), $2, 'viewer', 'tenant')`,
      [ids.tenant, ids.user],
    );
    await client.query(`INSERT INTO migration.tenants (id, name, slug)
      SELECT md5(n::text)::uuid, 'Other ' || n, 'other-' || n FROM generate_series(1, ${tenants - 1}) n`);
    await client.query(`INSERT INTO migration.model_providers (tenant_id, id, name)
      SELECT id, id, 'anthropic' FROM migration.tenants WHERE slug LIKE 'other-%'`);
    await client.query(
      `INSERT INTO migration.completion_models (tenant_id, id, name, family, provider_id)
       SELECT p.tenant_id, gen_random_uuid(), 'model-' || n, 'family-' || n % 10, p.id
       FROM migration.model_providers p, generate_series(1, $1::int) n`,
      [models],
    );
    await client.query('VACUUM ANALYZE');
  });
  return url;
}

export interface Contender {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Every contender on the same database, each listening. `close` ends them. */
export async function openContenders(
  url: string,
): Promise<{ readonly contenders: readonly Contender[]; readonly close: () => Promise<void> }> {
  const database = await openServer({ url, poolSize });
  const platform = await openPlatform(database, { install: false });
  const settings = { requestsPerMinute: 1e9 };
  const app = await buildApp({ platform, version: 'bench', settings });
  const api = await app.listen({ host: '127.0.0.1', port: 0 });
  const person = { tenantId: ids.tenant, userId: ids.user, name: 'bench', scopes: ['*'] };
  const { text } = await createApiKey(platform, person);
  const pool = new pg.Pool({ connectionString: url, max: poolSize });
  const bare = bareRoutes(pool);
  const plain = await bare.listen({ host: '127.0.0.1', port: 0 });
  const headers = { authorization: `Bearer ${text}` };
  const edge = await startEdge({
    upstream: new URL(api),
    declared: app.known.declared,
    answerWithinMs: 60_000,
    host: '127.0.0.1',
    port: 0,
    stopTimeoutMs: 1000,
    version: 'bench',
    log: createLog({ level: 'silent' }),
  });
  const path = `${api}/api/v1/completion-models?limit=${pageSize}`;
  return {
    contenders: [
      { name: 'bare Fastify, the query', url: `${plain}/models`, headers: {} },
      { name: 'bare Fastify, the query as the tenant', url: `${plain}/models-of-tenant`, headers: {} },
      { name: 'drover, ?usage=false', url: `${path}&usage=false`, headers },
      { name: 'drover, with usage counted', url: path, headers },
      {
        name: 'drover, ?usage=false, through the edge',
        url: `${path.replace(api, edge.url)}&usage=false`,
        headers,
      },
    ],
    close: async () => {
      await Promise.all([edge.stop(), app.close(), bare.close()]);
      await Promise.all([pool.end(), database.close()]);
    },
  };
}

const columns = Object.keys(completionModels.columns).join(', ');

const query = `SELECT ${columns} FROM migration.completion_models WHERE tenant_id = $1 AND lifecycle = ANY ('{active,deprecated,withdrawn}')
  ORDER BY created_at, id LIMIT ${pageSize + 1}`;

const asTenant = `BEGIN; SET LOCAL ROLE drover_app; SET LOCAL app.tenant_id = '${ids.tenant}'`;

/** As somebody writes it in an afternoon: no credential, no schemas, and in the first route nothing that keeps tenants apart. */
function bareRoutes(pool: pg.Pool): FastifyInstance {
  const app = fastify();
  app.get('/models', async () => {
    const { rows } = await pool.query<Record<string, unknown>>(query, [ids.tenant]);
    return { items: rows.slice(0, pageSize), next_cursor: null };
  });
  app.get('/models-of-tenant', async () => {
    const client = await pool.connect();
    try {
      await client.query(asTenant);
      const { rows } = await client.query<Record<string, unknown>>(query, [ids.tenant]);
      await client.query('COMMIT');
      return { items: rows.slice(0, pageSize), next_cursor: null };
    } finally {
      client.release();
    }
  });
  return app;
}
