/** Makes runs. Which tenants are visited is decided once, and written in one transaction before the work begins. */
import { randomUUID } from 'node:crypto';
import { keyText } from '../engine/models/model.ts';
import { wantedLabel } from '../engine/models/resolve.ts';
import type { WantedModel } from '../engine/models/resolve.ts';
import { isSharedRows } from '../engine/tenant.ts';
import { DroverError } from '../errors.ts';
import { seesReplication } from '../postgres/runs/pressure.ts';
import type { Tx } from '../postgres/driver/database.ts';
import { recordOrder } from '../postgres/runs/orders.ts';
import { hasOpenRollback, insertRun, withRun } from '../postgres/runs/change-run.ts';
import type { RunModel, RunRecord, Throttle } from '../postgres/runs/runs.ts';
import type { NewRun } from '../postgres/runs/change-run.ts';
import { insertRunTenants, listUndoable } from '../postgres/runs/tenants.ts';
import type { NewRunTenant, Undoable } from '../postgres/runs/tenants.ts';
import { prepareState, withState } from '../postgres/scope/site.ts';
import type { Site } from '../postgres/scope/site.ts';
import { canarySizeOf, invalid, optionsOf } from './request.ts';
import type { RunPace, RunRequest } from './request.ts';
import { resolveRun } from './resolve.ts';
import { newSharedUnit, resolveShared } from './shared-rows.ts';
import type { ResolvedRun, ResolvedTenant } from './resolve.ts';
import { isFinal } from './status.ts';

/**
 * Makes a run; workers begin it. Returns its id.
 * @throws what `resolveRun` throws; RUN_INVALID, FORCE_NEEDS_REASON
 */
export async function createRun(site: Site, asked: RunRequest): Promise<string> {
  const request = { ...asked, parameters: asked.parameters ?? site.parameters };
  optionsOf(request, 0);
  const resolved = await resolveRun(site, request);
  const shared = await resolveShared(site, request, resolved);
  const unit = shared === undefined ? [] : [newSharedUnit(shared, request)];
  const tenants = inOrder(request.shared === 'only' ? [] : await newTenants(resolved), unit);
  const pending = tenants.filter(({ status }) => status === 'pending').length;
  const options = optionsOf(request, pending);
  await checkMeasurable(site, options.throttle);
  await prepareState(site);
  const run: NewRun = {
    id: randomUUID(),
    kind: 'model',
    parentId: null,
    modelKind: resolved.kind,
    from: modelOf(resolved.from),
    to: modelOf(resolved.to),
    options,
    actor: request.actor,
    reason: request.reason ?? null,
    canarySize: canarySizeOf(options.canary, pending),
    ...countsOf(tenants),
  };
  await withState(site, undefined, async (tx) => {
    await insertWhole(tx, site, { run, tenants });
  });
  return run.id;
}

/** The run, its tenants, and who ordered it. */
async function insertWhole(
  tx: Tx,
  site: Site,
  { run, tenants }: { readonly run: NewRun; readonly tenants: readonly NewRunTenant[] },
): Promise<void> {
  await insertRun(tx, site, run);
  await insertRunTenants(tx, site, { runId: run.id, tenants });
  const { id, kind, parentId, from, to, total, options, actor, reason } = run;
  const detail = { kind, parentId, from, to, tenants: total, forced: options.force, reason };
  await recordOrder(tx, site, { runId: id, what: 'created', actor, detail });
}

function modelOf({ key, name, second }: WantedModel): RunModel {
  return { key, name, family: second };
}

/** How many are resolved at a time. */
const resolvedAtOnce = 500;

/** Of each tenant what a run keeps, which is less than its models. */
async function newTenants({ tenants, resolve }: ResolvedRun): Promise<NewRunTenant[]> {
  const made: NewRunTenant[] = [];
  for (let from = 0; from < tenants.length; from += resolvedAtOnce)
    made.push(...(await resolve(tenants.slice(from, from + resolvedAtOnce))).map(newTenant));
  return made;
}

function newTenant({ tenant, resolution }: ResolvedTenant): NewRunTenant {
  const base = { tenant: tenant.key, tenantName: tenant.name, position: 0, undoesId: null };
  const { findings } = resolution;
  if (resolution.status !== 'pending') {
    const { status, code, message } = resolution;
    return { ...base, status, code, message, fromKey: null, toKey: null, sourceRetired: false, findings };
  }
  const { from, to, sourceRetired } = resolution;
  const keys = { fromKey: keyText(from) ?? null, toKey: keyText(to) ?? null };
  return { ...base, ...keys, status: 'pending', code: null, message: null, sourceRetired, findings };
}

/** Tenants that are visited come first, because the first of them are the canary. The shared rows come last. */
function inOrder(tenants: readonly NewRunTenant[], last: readonly NewRunTenant[]): NewRunTenant[] {
  const [visited, others] = [
    tenants.filter(({ status }) => status === 'pending'),
    tenants.filter(({ status }) => status !== 'pending'),
  ];
  return [...visited, ...others, ...last].map((tenant, at) => ({ ...tenant, position: at + 1 }));
}

function countsOf(
  tenants: readonly NewRunTenant[],
): Pick<NewRun, 'total' | 'pending' | 'failed' | 'skipped' | 'failuresExcused'> {
  // The shared rows are no tenant.
  const named = tenants.filter(({ tenant }) => !isSharedRows(tenant));
  const count = (status: NewRunTenant['status'], of = tenants): number =>
    of.filter((tenant) => tenant.status === status).length;
  const failed = count('failed');
  return {
    total: named.length,
    pending: count('pending', named),
    failed,
    skipped: count('skipped', named),
    failuresExcused: failed,
  };
}

/** A limit that cannot be measured would never apply, and nobody would notice. */
async function checkMeasurable(site: Site, throttle: Throttle): Promise<void> {
  const lag = throttle.maxReplicationLagMs ?? throttle.maxReplicationLagBytes;
  if (lag === undefined || (await seesReplication(site))) return;
  throw invalid(
    'The login may not see how far replicas lag, so that limit would never apply: GRANT pg_monitor to it, or leave the limit out.',
  );
}

/**
 * Makes a run that takes back what another run did, tenant by tenant. Returns its id. Such a run can itself be taken back.
 * @throws RUN_NOT_FOUND, RUN_CONFLICT (it has not ended; nothing is left to take back), RUN_INVALID
 */
export async function createRollback(
  site: Site,
  request: RunPace & { readonly runId: string; readonly actor: string; readonly reason?: string },
): Promise<string> {
  await prepareState(site);
  await checkMeasurable(site, request.throttle ?? {});
  return withRun(site, request.runId, async (tx, parent) => {
    if (!isFinal(parent))
      throw conflict(parent, `it is ${parent.status}; cancel it first, and what it did can be taken back`);
    if (await hasOpenRollback(tx, site, parent.id))
      throw conflict(parent, 'a run that takes it back is under way');
    const tenants = inOrder((await listUndoable(tx, site, parent.id)).map(undoneTenant), []);
    const { pending, ...counts } = countsOf(tenants);
    // The shared rows are no tenant, and may be all that it moved.
    if (tenants.every(({ status }) => status !== 'pending')) throw conflict(parent, nothingLeft(tenants));
    const options = {
      ...optionsOf({ ...request, from: '', to: '' }, pending),
      parameters: parent.options.parameters,
    };
    const { modelKind, from, to } = parent;
    const run: NewRun = {
      id: randomUUID(),
      kind: 'rollback',
      parentId: parent.id,
      modelKind,
      from,
      to,
      options,
      actor: request.actor,
      reason: request.reason ?? null,
      canarySize: canarySizeOf(options.canary, pending),
      pending,
      ...counts,
    };
    await insertWhole(tx, site, { run, tenants });
    return run.id;
  });
}

function undoneTenant({ tenant, tenantName, migrationId, fromKey, toKey, undoneBy }: Undoable): NewRunTenant {
  const base = { tenant, tenantName, position: 0, fromKey, toKey, sourceRetired: false, findings: [] };
  if (undoneBy === null)
    return { ...base, status: 'pending', code: null, message: null, undoesId: migrationId };
  const message = `Run ${undoneBy} has taken it back already.`;
  return { ...base, status: 'skipped', code: 'ROLLED_BACK', message, undoesId: null };
}

function nothingLeft(tenants: readonly NewRunTenant[]): string {
  return tenants.length === 0 ? 'it changed nothing' : 'all that it did was taken back already';
}

function conflict(run: RunRecord, why: string): DroverError {
  const [from, to] = [run.from, run.to].map(({ name, family }) => wantedLabel({ name, second: family }));
  const what = `${from} → ${to}`;
  return new DroverError('RUN_CONFLICT', `Run ${run.id} (${what}) cannot be taken back: ${why}.`, {
    run: run.id,
    status: run.status,
  });
}
