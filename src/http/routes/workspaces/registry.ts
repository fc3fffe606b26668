/** The registry of this server, for those who run it. */
import { z } from 'zod';
import type { Platform } from '../../../platform/open.ts';
import { readInForce } from '../../../platform/workspaces/bring-in-registry.ts';
import { noRouting, type Routing } from '../../../platform/workspaces/routing.ts';
import type { App, AppDeps } from '../../server/app.ts';

const state = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    registry_version: z.string().nullable(),
    hash: z.string().nullable(),
    in_force: z
      .object({ registry_version: z.string(), hash: z.string(), day: z.string() })
      .nullable()
      .describe('What the database holds to. Another one: this server records no verdict of its own'),
    problems: z
      .array(z.object({ file: z.string(), line: z.int(), column: z.int(), message: z.string() }))
      .describe('Of the last reading; with a version beside them the last good registry stays in force'),
  })
  .meta({ id: 'RegistryState' });

export function registryRoutes(app: App, { platform, routing = noRouting }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/sysadmin/registry',
    config: { access: { role: 'sysadmin', scope: 'workspaces:read' }, exposure: 'authenticated' },
    schema: {
      tags: ['registry'],
      operationId: 'getRegistry',
      summary: 'Which registry this server decides by',
      response: { 200: state },
    },
    handler: () => stateOf(platform, routing),
  });
  app.route({
    method: 'POST',
    url: '/api/v1/sysadmin/registry/reload',
    config: { access: { role: 'sysadmin', scope: 'workspaces:write' }, exposure: 'authenticated' },
    schema: {
      tags: ['registry'],
      operationId: 'reloadRegistry',
      summary: 'Reads the registry again; a broken one changes nothing and its problems are told',
      response: { 200: state },
    },
    handler: async () => {
      await routing.reload?.();
      return stateOf(platform, routing);
    },
  });
}

async function stateOf(platform: Platform, { registry }: Routing): Promise<z.infer<typeof state>> {
  const loaded = registry.current();
  const held = await readInForce(platform);
  const in_force =
    held === undefined ? null : { registry_version: held.version, hash: held.hash, day: held.day };
  const problems = registry
    .problems()
    .map(({ file, line, column, message }) => ({ file, line, column, message }));
  const about = { in_force, problems };
  if (loaded.kind !== 'ok') return { status: 'unavailable', registry_version: null, hash: null, ...about };
  return { status: 'ok', registry_version: loaded.routes.version, hash: loaded.hash, ...about };
}
