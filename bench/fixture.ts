/** The database of the bench: Drover's own schema with one tenant whose assistants all name the source. */
import pg from 'pg';
import { installPlatform } from '../src/platform/install.ts';
import { openServer } from '../src/postgres/driver/connect.ts';

export const ids = {
  tenant: '0be7c000-0000-4000-8000-000000000001',
  user: '0be7c000-0000-4000-8000-000000000002',
  space: '0be7c000-0000-4000-8000-000000000003',
  provider: '0be7c000-0000-4000-8000-000000000004',
  source: '0be7c000-0000-4000-8000-000000000005',
  target: '0be7c000-0000-4000-8000-000000000006',
} as const;

/** Runs work on one connection as the login. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The url of another database of the same server. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/**
 * Makes the template database for one size: `rows` assistants of about 300 bytes, one in ten with parameters, spread over a table
 * ten times as wide in keys as one page, so that neighbours in the index are not neighbours on disk.
 */
export async function buildTemplate(serverUrl: string, name: string, rows: number): Promise<void> {
  await withClient(serverUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = databaseUrl(serverUrl, name);
  const database = await openServer({ url });
  await installPlatform(database);
  await database.close();
  await withClient(url, async (client) => {
    await client.query(scene);
    await client.query(
      `INSERT INTO migration.assistants (tenant_id, id, space_id, user_id, name, description, completion_model_id, parameters)
       SELECT '${ids.tenant}', gen_random_uuid(), '${ids.space}', '${ids.user}', 'assistant ' || n, repeat(md5(n::text), 4), '${ids.source}',
         CASE WHEN n % 10 = 0 THEN jsonb_build_object('temperature', (n % 100) / 100.0) ELSE '{}' END FROM generate_series(1, $1::int) n`,
      [rows],
    );
    await client.query('VACUUM ANALYZE');
  });
}

const scene = `
  INSERT INTO migration.tenants (id, name, slug) VALUES ('${ids.tenant}', 'Bench', 'bench');
  INSERT INTO migration.users (tenant_id, id, email, display_name) VALUES ('${ids.tenant}', '${ids.user}', 'bench@example.org', 'Bench');
  INSERT INTO migration.spaces (tenant_id, id, name) VALUES ('${ids.tenant}', '${ids.space}', 'Bench');
  INSERT INTO migration.model_providers (tenant_id, id, name, is_active, has_credentials) VALUES ('${ids.tenant}', '${ids.provider}', 'anthropic', true, true);
  INSERT INTO migration.completion_models (tenant_id, id, name, family, provider_id, is_enabled) VALUES
    ('${ids.tenant}', '${ids.source}', 'claude-3-7-sonnet', 'claude', '${ids.provider}', true),
    ('${ids.tenant}', '${ids.target}', 'claude-sonnet-4-6', 'claude', '${ids.provider}', true);`;

/** Clones the template, with the caches as after a checkpoint, and drops the clone afterwards. */
export async function withClone<T>(
  serverUrl: string,
  template: string,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const name = `${template}_clone`;
  await withClient(serverUrl, async (client) => {
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
    await client.query('CHECKPOINT');
  });
  try {
    return await work(databaseUrl(serverUrl, name));
  } finally {
    await withClient(serverUrl, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
  }
}
