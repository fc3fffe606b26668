/** The registry of this server, for those who run it. */
import { z } from 'zod';
import { noRouting, type Routing } from '../../platform/workspaces/routing.ts';
import type { App, AppDeps } from '../app.ts';

const state = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    registry_version: z.string().nullable(),
    hash: z.string().nullable(),
    problems: z
      .array(z.object({ file: z.string(), line: z.int(), column: z.int(), message: z.string() }))
      .describe('Of the last reading; with a version beside them the last good registry stays in force'),
  })
  .meta({ id: 'RegistryState' });

export function registryRoutes(app: App, { routing = noRouting }: AppDeps): void {
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
    handler: () => Promise.resolve(stateOf(routing)),
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
      return stateOf(routing);
    },
  });
}

function stateOf({ registry }: Routing): z.infer<typeof state> {
  const loaded = registry.current();
  const problems = registry
    .problems()
    .map(({ file, line, column, message }) => ({ file, line, column, message }));
  if (loaded.kind !== 'ok') return { status: 'unavailable', registry_version: null, hash: null, problems };
  return { status: 'ok', registry_version: loaded.routes.version, hash: loaded.hash, problems };
}
