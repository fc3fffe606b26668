/** Runtimes: what each can reach, and the registry that says so. */
import { z } from 'zod';
import type { Platform } from '../../../platform/open.ts';
import { readInForce } from '../../../platform/workspaces/bring-in-registry.ts';
import { noRouting, type Routing } from '../../../platform/workspaces/routing.ts';
import { getRuntime, listRuntimes } from '../../../platform/workspaces/runtimes.ts';
import type { RuntimeMenu } from '../../../registry/verdict/menu.ts';
import type { App, AppDeps } from '../../contract.ts';
import { callOf } from './call.ts';

const lifecycle = z.object({
  status: z.string(),
  shutdown: z.string().nullable(),
  replacement: z.string().nullable(),
});

const item = z.object({
  id: z.string().describe('As this runtime spells it'),
  model: z.string(),
  name: z.string(),
  family: z.string(),
  lifecycle: lifecycle.nullable(),
});

const arm = z.object({
  provider: z.string(),
  label: z.string(),
  payer: z.enum(['platform', 'tenant']),
  needs: z.array(z.string()).describe('Any one of these secrets is enough'),
  ready: z.boolean().nullable().describe('Has the organisation such a secret?'),
  models: z.array(item),
  takes: z.array(z.string()).describe('Names that it takes besides, in words'),
});

const menu = z
  .object({
    id: z.string(),
    label: z.string(),
    kind: z.enum(['closed', 'open', 'retired']),
    successor: z.string().nullable(),
    arms: z.array(arm),
    registry_version: z.string(),
  })
  .meta({ id: 'Runtime' });

const access = { role: 'viewer', scope: 'workspaces:read' } as const;

export function runtimeRoutes(app: App, deps: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/runtimes',
    config: { access, exposure: 'authenticated' },
    schema: {
      tags: ['workspaces'],
      operationId: 'listRuntimes',
      summary: 'The runtimes, and how each reaches models',
      response: { 200: z.object({ items: z.array(menu) }) },
    },
    handler: async (request) => ({ items: (await listRuntimes(callOf(request, deps))).map(shown) }),
  });
  app.route({
    method: 'GET',
    url: '/api/v1/runtimes/:runtime_id/models',
    config: { access, exposure: 'authenticated' },
    schema: {
      tags: ['workspaces'],
      operationId: 'listRuntimeModels',
      summary: 'The models that a runtime offers, by who serves them',
      params: z.object({ runtime_id: z.string().min(1).max(100) }),
      response: { 200: menu },
    },
    handler: async (request) => shown(await getRuntime(callOf(request, deps), request.params.runtime_id)),
  });
}

function shown({ registryVersion, arms, ...runtime }: RuntimeMenu): z.infer<typeof menu> {
  return {
    ...runtime,
    arms: arms.map(({ needs, models, takes, ...rest }) => ({
      ...rest,
      needs: [...needs],
      takes: [...takes],
      models: models.map((each) => ({ ...each })),
    })),
    registry_version: registryVersion,
  };
}

const state = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    registry_version: z.string().nullable(),
    hash: z.string().nullable(),
    in_force: z
      .object({ registry_version: z.string(), hash: z.string(), day: z.string() })
      .nullable()
      .describe(
        'The registry that the database enforces. If it is another one, this server records no verdict',
      ),
    problems: z
      .array(z.object({ file: z.string(), line: z.int(), column: z.int(), message: z.string() }))
      .describe(
        'Problems of the last reading. With a version beside them, the last good registry is in force',
      ),
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
      summary: 'The registry that this server uses',
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
      summary: 'Reads the registry again. A broken one changes nothing, and the answer lists its problems',
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
