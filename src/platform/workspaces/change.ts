/** Changes a workspace: what PATCH may change, the model by its own endpoint, and taking the workspace away. */
import { DroverError } from '../../errors.ts';
import { deleteSecrets } from '../queries/secrets.ts';
import { deleteWorkspace as deleteRow, updateWorkspace } from '../queries/workspaces.ts';
import type { Values } from '../resources/declaration.ts';
import { variableWords } from '../../registry/known/variable-words.ts';
import { changesOf, represent } from '../rows/representation.ts';
import { requireRegistry } from './live-registry.ts';
import { holdNamedModels } from './named-models.ts';
import type { RoutingCall } from './routing.ts';
import { pairOf, setRouting } from './set-routing.ts';
import { type InTenant, lockingAt, lockWorkspace, recordAt, routingAt, tenantOf } from './unit.ts';
import { checkCompute } from '../secrets/names.ts';
import { patchable, workspaces } from './workspace-rows.ts';

interface NamedWorkspace {
  readonly id: string;
  readonly ifMatch: string | undefined;
}

export interface Patched {
  readonly workspace: Values;
  /** Why what runs there must be started again; empty where it need not. */
  readonly restart: readonly string[];
}

/** @throws FIELD_NOT_PATCHABLE, SECRET_NAME_RESERVED, and whatever setRouting throws */
export function patchWorkspace(
  call: RoutingCall,
  { id, ifMatch, body }: NamedWorkspace & { readonly body: Readonly<Record<string, unknown>> },
): Promise<Patched> {
  requirePatchable(body);
  const routes = 'runtime' in body;
  const locks = (by: RoutingCall) =>
    [
      holdNamedModels(by, routes ? [body['model'] as string | null] : []),
      lockWorkspace(by, { id, ifMatch }),
    ] as const;
  // Which variables are a provider's, the registry says.
  const decides = routes || 'compute' in body;
  return (decides ? routingAt : lockingAt)(call, locks, async (at, [held, before]) => {
    checkCompute(body['compute'], variableWords(requireRegistry(at.routing.registry).registry));
    const beside = Object.fromEntries(Object.entries(body).filter(([name]) => isPatchable(name)));
    const workspace =
      body['runtime'] === undefined
        ? await changeBeside(at, before, beside)
        : await setRouting(at, before, {
            runtime: body['runtime'] as string,
            ...('model' in body && { model: body['model'] as string | null }),
            acceptPayerChange: body['accept_payer_change'] === true,
            held,
            mayClear: false,
            beside,
          });
    return { workspace, restart: restartReasons(before, workspace) };
  });
}

interface ModelRequest extends NamedWorkspace {
  /** Blank clears it. */
  readonly model: string;
  readonly acceptPayerChange: boolean;
}

export function putModel(
  call: RoutingCall,
  { id, ifMatch, model, acceptPayerChange }: ModelRequest,
): Promise<Patched> {
  const locks = (by: RoutingCall) =>
    [holdNamedModels(by, [model]), lockWorkspace(by, { id, ifMatch })] as const;
  return routingAt(call, locks, async (at, [held, before]) => {
    const workspace = await setRouting(at, before, { model, acceptPayerChange, held, mayClear: true });
    return { workspace, restart: restartReasons(before, workspace) };
  });
}

/** With its secrets; its verdicts go with it. */
export function deleteWorkspace(call: RoutingCall, named: NamedWorkspace): Promise<void> {
  return lockingAt(
    call,
    () => [lockWorkspace(call, named)],
    async (at, [{ id }]) => {
      const about = { tenantId: at.caller.tenantId, id: String(id) };
      await deleteSecrets(at.tx, tenantOf(at), { workspace: about.id });
      await deleteRow(at.tx, tenantOf(at), about.id);
      await recordAt(at, { action: 'workspace.removed', object: about.id, detail: {} });
    },
  );
}

function isPatchable(name: string): boolean {
  return patchable.some((field) => field === name);
}

/** The model goes by its own endpoint, or together with the runtime that shall reach it. */
function requirePatchable(body: Readonly<Record<string, unknown>>): void {
  const known = ['runtime', 'accept_payer_change', ...('runtime' in body ? ['model'] : [])];
  const wrong = Object.keys(body).filter((name) => !isPatchable(name) && !known.includes(name));
  if (wrong.length === 0) return;
  const way = wrong.includes('model')
    ? ' A model alone is changed by PUT /workspaces/{workspace_id}/model.'
    : '';
  const message =
    `Of a workspace ${wrong.join(', ')} cannot be changed here; ` +
    `${[...patchable, 'runtime'].join(', ')} can, and model together with runtime.${way}`;
  throw new DroverError('FIELD_NOT_PATCHABLE', message, { fields: wrong });
}

async function changeBeside(at: InTenant, before: Values, beside: Values): Promise<Values> {
  const values = changesOf(before, beside);
  if (Object.keys(values).length === 0) return before;
  const id = String(before['id']);
  const columns = Object.keys(workspaces.columns);
  const row = await updateWorkspace(at.tx, tenantOf(at), { id, values, columns });
  await recordAt(at, {
    action: 'workspace.updated',
    object: id,
    detail: { fields: Object.keys(values).toSorted() },
  });
  return represent(workspaces.columns, row);
}

function restartReasons(before: Values, after: Values): string[] {
  const [was, is] = [pairOf(before), pairOf(after)];
  return (['runtime', 'model'] as const).flatMap((name) =>
    was[name] === is[name] ? [] : [`${name} changed from ${was[name] ?? 'none'} to ${is[name] ?? 'none'}`],
  );
}
