/** What follows from the runtime and model of a workspace: who pays, and would it start. Each request derives it anew. */
import { z } from 'zod';
import { preflight, readBilling } from '../../../platform/workspaces/examine.ts';
import type { App, AppDeps } from '../../contract.ts';
import { rowId } from '../../schemas.ts';
import { callOf } from './call.ts';

const params = z.object({ workspace_id: rowId });
const access = { role: 'viewer', scope: 'workspaces:read' } as const;
const pair = { runtime: z.string(), model: z.string().nullable() };
const version = { registry_version: z.string().nullable() };

const billing = z
  .object({
    ...pair,
    mode: z.enum(['platform_managed', 'byok', 'disabled']),
    decided_by: z.enum([
      'platform-arm',
      'tenant-arm',
      'open-runtime',
      'missing-credential',
      'refused',
      'no-model',
    ]),
    provider: z.string().nullable(),
    missing: z.array(z.string()).describe('If a secret is missing: any one of these is enough'),
    ...version,
  })
  .meta({ id: 'BillingMode' });

const problem = z.object({ code: z.string(), message: z.string(), data: z.record(z.string(), z.unknown()) });

const readiness = z
  .object({
    ...pair,
    status: z.enum(['ready', 'blocked']),
    verified: z
      .boolean()
      .describe(
        'True if the runtime lists the model. A name proves nothing, and an open runtime finds its models itself',
      ),
    wire_id: z.string().nullable().describe('The model as its provider takes it: what is to be sent'),
    provider: z.string().nullable(),
    payer: z.enum(['platform', 'tenant']).nullable(),
    problems: z.array(problem),
    ...version,
  })
  .meta({ id: 'Preflight' });

export function workspaceStateRoutes(app: App, deps: AppDeps): void {
  addBilling(app, deps);
  addPreflight(app, deps);
}

function addBilling(app: App, deps: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/workspaces/:workspace_id/billing-mode',
    config: { access, exposure: 'authenticated' },
    schema: {
      tags: ['workspaces'],
      operationId: 'getWorkspaceBillingMode',
      summary: 'Who pays for the model of the workspace, and what decided it',
      params,
      response: { 200: billing },
    },
    handler: async (request) => {
      const found = await readBilling(callOf(request, deps), request.params.workspace_id);
      const { runtime, model, verdict } = found;
      const { mode, decidedBy, provider, missing } = found.billing;
      return {
        runtime,
        model,
        mode,
        decided_by: decidedBy,
        provider,
        missing: [...missing],
        registry_version: verdict.registryVersion,
      };
    },
  });
}

function addPreflight(app: App, deps: AppDeps): void {
  app.route({
    method: 'POST',
    url: '/api/v1/workspaces/:workspace_id/preflight',
    config: { access, exposure: 'authenticated' },
    schema: {
      tags: ['workspaces'],
      operationId: 'preflightWorkspace',
      summary: 'Would the workspace start? Judged with today’s registry and secrets; nothing is stored',
      params,
      response: { 200: readiness },
    },
    handler: async (request) => {
      const found = await preflight(callOf(request, deps), request.params.workspace_id);
      const { runtime, model, verdict, problems } = found;
      return {
        runtime,
        model,
        status: problems.length === 0 ? ('ready' as const) : ('blocked' as const),
        verified: verdict.verdict === 'allow' && verdict.verified,
        wire_id: verdict.verdict === 'allow' ? verdict.wireId : null,
        provider: verdict.verdict === 'not-asked' ? null : verdict.provider,
        payer: verdict.verdict === 'not-asked' ? null : verdict.payer,
        problems: problems.map(({ code, message, data }) => ({ code, message, data: { ...data } })),
        registry_version: verdict.registryVersion,
      };
    },
  });
}
