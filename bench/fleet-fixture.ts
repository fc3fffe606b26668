/** The database of the fleet bench: many tenants, each with the same number of assistants on the source. */
import { installPlatform } from '../src/platform/install.ts';
import { openServer } from '../src/postgres/driver/connect.ts';
import { databaseUrl, withClient } from './fixture.ts';

export interface FleetSize {
  readonly tenants: number;
  readonly rows: number;
}

/** The id of tenant number `n` (from 1) and of what it has: 1 user, 2 space, 3 provider, 4 source, 5 target. */
export function fleetId(n: number, what: number): string {
  return `0be7${what.toString(16).padStart(4, '0')}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

function idSql(what: number): string {
  return `('0be7${what.toString(16).padStart(4, '0')}-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
}

/** Makes the template database. The rows of the tenants are mixed, as they are after years of use. */
export async function buildFleet(serverUrl: string, name: string, size: FleetSize): Promise<void> {
  await withClient(serverUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = databaseUrl(serverUrl, name);
  const database = await openServer({ url });
  await installPlatform(database);
  await database.close();
  await withClient(url, async (client) => {
    await client.query(scene(size.tenants));
    await client.query(
      `INSERT INTO migration.assistants (tenant_id, id, space_id, user_id, name, description, completion_model_id, parameters)
       SELECT ${idSql(0)}, gen_random_uuid(), ${idSql(2)}, ${idSql(1)}, 'assistant ' || r, repeat(md5(r::text), 4), ${idSql(4)},
         CASE WHEN r % 10 = 0 THEN jsonb_build_object('temperature', (r % 100) / 100.0) ELSE '{}' END
       FROM generate_series(1, $2::int) r CROSS JOIN generate_series(1, $1::int) n`,
      [size.tenants, size.rows],
    );
    await client.query('VACUUM ANALYZE');
  });
}

function scene(tenants: number): string {
  const numbers = `FROM generate_series(1, ${tenants}) n`;
  return `
    INSERT INTO migration.tenants (id, name, slug) SELECT ${idSql(0)}, 'Tenant ' || n, 'tenant-' || n ${numbers};
    INSERT INTO migration.users (tenant_id, id, email, display_name) SELECT ${idSql(0)}, ${idSql(1)}, 'a@example.org', 'A' ${numbers};
    INSERT INTO migration.spaces (tenant_id, id, name) SELECT ${idSql(0)}, ${idSql(2)}, 'Space' ${numbers};
    INSERT INTO migration.model_providers (tenant_id, id, name, is_active, has_credentials) SELECT ${idSql(0)}, ${idSql(3)}, 'anthropic', true, true ${numbers};
    INSERT INTO migration.completion_models (tenant_id, id, name, family, provider_id, is_enabled)
      SELECT ${idSql(0)}, ${idSql(4)}, 'claude-3-7-sonnet', 'claude', ${idSql(3)}, true ${numbers};
    INSERT INTO migration.completion_models (tenant_id, id, name, family, provider_id, is_enabled)
      SELECT ${idSql(0)}, ${idSql(5)}, 'claude-sonnet-4-6', 'claude', ${idSql(3)}, true ${numbers};
    INSERT INTO migration.space_completion_models (tenant_id, space_id, model_id) SELECT ${idSql(0)}, ${idSql(2)}, ${idSql(4)} ${numbers};`;
}
