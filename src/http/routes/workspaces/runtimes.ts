/** What runs agents, what each can reach, and the registry that says so. */
import { z } from 'zod';
import { getRuntime, listRuntimes } from '../../../platform/workspaces/runtimes.ts';
import type { RuntimeMenu } from '../../../registry/verdict/menu.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { doorOf } from './call.ts';

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
  takes: z.array(z.string()).describe('What else it takes by name, in words'),
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
    handler: async (request) => ({ items: (await listRuntimes(doorOf(request, deps))).map(shown) }),
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
    handler: async (request) => shown(await getRuntime(doorOf(request, deps), request.params.runtime_id)),
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
