/** What a run would do, tenant by tenant. Many tenants are planned in one read-only transaction. */
import { keyText } from '../engine/models/model.ts';
import { refusing, toConfirm } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import type { Intent } from '../engine/plan/intent.ts';
import type { Plan } from '../engine/plan/plan-types.ts';
import { isSharedRows } from '../engine/tenant.ts';
import { DroverError } from '../errors.ts';
import { ownError } from '../postgres/move/batch.ts';
import { planMoves } from '../postgres/move/plan.ts';
import { refusalText, rehearseMove } from '../postgres/move/rehearse.ts';
import type { RunTenant } from '../postgres/runs/tenants.ts';
import type { Site } from '../postgres/scope/site.ts';
import { idleOutcome, mayBeIdle } from './outcome.ts';
import { intentOf } from './request.ts';
import type { RunRequest } from './request.ts';
import { isMovingRows } from '../engine/operations/operations.ts';
import { newSharedUnit, resolveShared } from './shared-rows.ts';
import type { SharedUnit } from './shared-rows.ts';
import { resolveRun } from './resolve.ts';
import type { ResolvedTenant } from './resolve.ts';

/** What would be kept of a tenant, as far as a plan knows it. */
export interface PlannedTenant extends Omit<
  RunTenant,
  'position' | 'status' | 'migrationId' | 'migratedCount' | 'durationMs' | 'attempts' | 'finishedAt'
> {
  /** `ready`: it would be moved. */
  readonly status: 'ready' | 'failed' | 'skipped';
  /** Rows that would move. */
  readonly count: number;
  /** A warning would have to be confirmed. */
  readonly needsConfirmation: boolean;
  readonly planHash: string | null;
}

/** Of all tenants, whichever page was asked for. */
export interface PlannedCounts {
  readonly total: number;
  readonly ready: number;
  readonly failed: number;
  readonly skipped: number;
  /** Rows that would move, of tenants that are ready. */
  readonly count: number;
  readonly needsConfirmation: boolean;
}

export interface PlannedRun extends PlannedCounts {
  readonly kind: string;
  /** The tenants of the page that was asked for; all by default, and none where somebody takes them one by one. */
  readonly tenants: readonly PlannedTenant[];
}

export interface Planning {
  /** From time to time. */
  readonly onTenant?: (done: number, total: number) => void;
  /** Gets each tenant once it is planned; the plan keeps none of them then, so that it is as small for any number of tenants. */
  readonly take?: (one: PlannedTenant) => void;
  /** Try each tenant of the page that is ready, and the shared rows, and take it back. */
  readonly rehearse?: boolean;
  /**
   * Keep so many after the first so many, so that the answer and its rehearsals are bounded whatever is planned; and one more, which is
   * not tried, where there are others. What an earlier page counted is counted: only tenants of the page are planned then, and rehearsals
   * of them correct the counts.
   */
  readonly page?: PlanPage;
  /** Nobody waits for the plan any more: it ends before the next tenants. */
  readonly signal?: AbortSignal;
}

interface PlanPage {
  readonly after: number;
  readonly limit: number;
  readonly counted?: PlannedCounts | undefined;
}

/** How many tenants are planned at a time. */
const planned = 50;

/** @throws what `resolveRun` throws; INTERRUPTED after the signal */
export async function planRun(
  site: Site,
  asked: PlanRunRequest,
  { onTenant, take, rehearse = false, page, signal }: Planning = {},
): Promise<PlannedRun> {
  const request = { ...asked, parameters: asked.parameters ?? site.parameters };
  const resolved = await resolveRun(site, request);
  const found = collect(resolved.kind, { page, take });
  const all = request.shared === 'only' ? [] : resolved.tenants;
  const visited = page?.counted === undefined ? all : all.slice(page.after, page.after + page.limit + 1);
  const tries = async (some: readonly PlannedMove[]): Promise<void> => {
    for (const { plan, move } of some) {
      refuseStopped(signal);
      const tried = rehearse && plan.status === 'ready' && found.isOnPage();
      found.add(plan, tried ? await rehearsed(site, { plan, move, force: request.force === true }) : plan);
    }
  };
  for (let from = 0; from < visited.length; from += planned) {
    const some = await resolved.resolve(visited.slice(from, from + planned));
    const plans = await planTenants(site, request, { some, kind: resolved.kind });
    await tries(plans);
    onTenant?.(Math.min(from + planned, visited.length), visited.length);
  }
  const shared = found.isFull() ? undefined : await resolveShared(site, request, resolved);
  if (shared !== undefined) await tries(plannedShared(request, shared));
  return found.all();
}

const none: PlannedCounts = { total: 0, ready: 0, failed: 0, skipped: 0, count: 0, needsConfirmation: false };

/** Counts all, or corrects what was counted, and keeps those of a page. */
function collect(
  kind: string,
  { page, take }: { readonly page: PlanPage | undefined; readonly take: Planning['take'] },
): {
  /** Is the next one on the page? */
  readonly isOnPage: () => boolean;
  /** Is nothing to be kept or counted any more? */
  readonly isFull: () => boolean;
  /** @param one as it is told, where it was tried */
  readonly add: (plan: PlannedTenant, one: PlannedTenant) => void;
  readonly all: () => PlannedRun;
} {
  const { after, limit, counted } = page ?? { after: 0, limit: Infinity, counted: undefined };
  const tenants: PlannedTenant[] = [];
  const shared = findingsShared();
  const counts = { ...(counted ?? none) };
  let seen = counted === undefined ? 0 : after;
  const change = (one: PlannedTenant, by: 1 | -1): void => {
    if (one.status === 'ready') counts.count += by * one.count;
    // The shared rows are no tenant, and count only where they would move.
    if (isSharedRows(one.tenant) && one.status === 'skipped') return;
    counts.total += by;
    counts[one.status] += by;
  };
  const add = (plan: PlannedTenant, one: PlannedTenant): void => {
    seen += 1;
    if (take !== undefined) take(one);
    else if (seen > after && tenants.length <= limit)
      tenants.push({ ...one, findings: one.findings.map(shared) });
    if (counted !== undefined) change(plan, -1);
    change(one, 1);
    counts.needsConfirmation ||= one.needsConfirmation;
  };
  return {
    isOnPage: () => seen >= after && tenants.length < limit,
    isFull: () => counted !== undefined && tenants.length > limit,
    add,
    all: () => ({ kind, ...counts, tenants }),
  };
}

const mostShared = 1000;

/** Most tenants of a fleet have the same findings, and a plan keeps all tenants: each finding once. */
function findingsShared(): (finding: Finding) => Finding {
  const known = new Map<string, Finding>();
  return (finding) => {
    const text = JSON.stringify(finding);
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size < mostShared) known.set(text, finding);
    return finding;
  };
}

type PlanRunRequest = Omit<RunRequest, 'actor'>;

/** What is planned of a tenant, with the move that a rehearsal of it tries. */
interface PlannedMove {
  readonly plan: PlannedTenant;
  readonly move: Intent;
}

/** @throws INTERRUPTED */
function refuseStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new DroverError('INTERRUPTED', 'Stopped before all tenants were planned; nothing was changed.');
}

async function planTenants(
  site: Site,
  request: PlanRunRequest,
  { some, kind }: { some: readonly ResolvedTenant[]; kind: string },
): Promise<PlannedMove[]> {
  const moves = some.map(({ tenant, resolution }) => ({
    ...intentOf(request),
    ...('from' in resolution
      ? { from: keyText(resolution.from) ?? request.from, to: keyText(resolution.to) ?? request.to }
      : {}),
    kind,
    tenant: tenant.key,
  }));
  const visited = some.flatMap(({ resolution }, at) => (resolution.status === 'pending' ? [at] : []));
  const outcomes = await planMoves(
    site,
    visited.flatMap((at) => moves[at] ?? []),
  );
  const planned = new Map(visited.map((at, number) => [at, outcomes[number]]));
  return moves.flatMap((move, at) => {
    const one = some[at];
    return one === undefined ? [] : [{ move, plan: plannedTenant(request, one, planned.get(at)) }];
  });
}

/** Tried alone: what one of them is refused concerns it alone. */
async function rehearsed(
  site: Site,
  { plan, move, force }: PlannedMove & { readonly force: boolean },
): Promise<PlannedTenant> {
  const tried = await rehearseMove(site, move, { force }).catch(ownError);
  if (tried instanceof DroverError)
    return { ...plan, status: 'failed', code: tried.code, message: tried.message };
  const message = tried.refusals.map(refusalText).join(' ');
  return message === '' ? plan : { ...plan, status: 'failed', code: 'ROW_REFUSED', message };
}

function plannedTenant(
  request: PlanRunRequest,
  { tenant, resolution }: ResolvedTenant,
  outcome: Plan | DroverError | undefined,
): PlannedTenant {
  const base = { ...nothing, tenant: tenant.key, tenantName: tenant.name, findings: resolution.findings };
  if (resolution.status !== 'pending') {
    const { status, code, message } = resolution;
    return { ...base, status, code, message };
  }
  const { from, to, sourceRetired } = resolution;
  const found = { ...base, fromKey: keyText(from) ?? null, toKey: keyText(to) ?? null };
  if (outcome === undefined || outcome instanceof DroverError) {
    const { code = 'INTERNAL', message = '' } = outcome ?? {};
    return { ...found, status: 'failed', code, message };
  }
  const plan = outcome;
  const refused = refusing(plan.findings, request.force).length > 0;
  const isIdle = !refused && mayBeIdle({ sourceRetired, fromKey: found.fromKey });
  const idle = isIdle ? idleOutcome(plan, found.fromKey) : undefined;
  return { ...found, ...judged(request, plan), ...idle, findings: [...base.findings, ...plan.findings] };
}

/** The shared rows, where they would move or remain. */
function plannedShared(request: PlanRunRequest, unit: SharedUnit): PlannedMove[] {
  const { plan, move } = unit;
  const { tenant, tenantName, findings, code, message, status } = newSharedUnit(unit, request);
  const base = { ...nothing, tenant, tenantName, findings };
  if (plan instanceof DroverError || status !== 'pending')
    return [{ move, plan: { ...base, code, message, status: status === 'skipped' ? 'skipped' : 'failed' } }];
  return plan.steps.some(isMovingRows) ? [{ move, plan: { ...base, ...judged(request, plan) } }] : [];
}

/** What a plan means for the tenant: would it be moved? */
function judged(
  request: PlanRunRequest,
  plan: Plan,
): Omit<PlannedTenant, 'tenant' | 'tenantName' | 'fromKey' | 'toKey'> {
  const errors = refusing(plan.findings, request.force);
  return {
    status: errors.length > 0 ? 'failed' : 'ready',
    code: errors.length > 0 ? 'PLAN_REFUSED' : null,
    message: errors.map(({ code, message }) => `${code}: ${message}`).join(' ') || null,
    completion: plan.completion,
    count: Object.values(plan.counts).reduce((sum, rows) => sum + rows, 0),
    details: plan.counts,
    findings: plan.findings,
    needsConfirmation: toConfirm(plan.findings).length > 0,
    planHash: plan.hash,
  };
}

const nothing = {
  code: null,
  message: null,
  fromKey: null,
  toKey: null,
  completion: null,
  count: 0,
  details: {},
  needsConfirmation: false,
  planHash: null,
} as const;
