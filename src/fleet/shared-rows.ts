/**
 * The rows that are nobody's alone, as the last of a run over all tenants. Where they are asked for they move after every tenant, and
 * where they are not, the run says how many remain. A model of everybody is retired with them, or where nothing else is left.
 */
import { rowCount, verbOf } from '../engine/plan/row-text.ts';
import { namedIn } from '../engine/operations/operations.ts';
import { isOfTenants } from '../engine/plan/completion.ts';
import type { Intent } from '../engine/plan/intent.ts';
import { moveWords } from '../engine/plan/shell-text.ts';
import { given } from '../engine/given.ts';
import type { WantedModel } from '../engine/models/resolve.ts';
import { occurrenceCount } from '../engine/plan/accounts.ts';
import type { Plan } from '../engine/plan/plan-types.ts';
import { sharedRows } from '../engine/tenant.ts';
import { DroverError, isConnectionLost } from '../errors.ts';
import { planMove } from '../postgres/move/plan.ts';
import type { NewRunTenant } from '../postgres/runs/tenants.ts';
import type { Site } from '../postgres/scope/site.ts';
import { intentOf, isSharedAsked } from './request.ts';
import type { FleetIntent, RunRequest } from './request.ts';
import type { ResolvedRun } from './resolve.ts';

/** The shared rows as a run finds them; nothing where they are no business of it. */
export interface SharedUnit {
  readonly move: Intent;
  /** The plan, or why there is none. */
  readonly plan: Plan | DroverError;
  /** Nobody asked for them, and they would change. */
  readonly remains: number;
}

/** @throws what concerns no single tenant: the database is gone */
export async function resolveShared(
  site: Site,
  asked: FleetIntent,
  resolved: Pick<ResolvedRun, 'kind' | 'from' | 'to'>,
): Promise<SharedUnit | undefined> {
  const isAsked = isSharedAsked(asked);
  if (asked.tenants !== undefined && !isAsked) return undefined;
  const { kind, from, to } = resolved;
  const move = { ...intentOf(asked), kind, from: textOf(from), to: textOf(to), tenant: sharedRows };
  const plan = await planMove(site, move).catch(asOutcome);
  if (plan instanceof DroverError)
    return isAsked || !nothingShared.has(plan.code) ? { move, plan, remains: 0 } : undefined;
  const remains = isAsked ? 0 : namedIn(plan, isLive);
  const mayRetire = plan.source.key !== undefined;
  return isAsked || remains > 0 || mayRetire ? { move, plan, remains } : undefined;
}

/** Why there is nothing shared to speak of: a model that only tenants have, or a database in which no rows are. */
const nothingShared: ReadonlySet<string> = new Set(['MODEL_NOT_FOUND', 'TENANT_INVALID']);

/** How a model of the run is asked for where it is everybody's, or only a name. */
export function textOf({ key, name, second, owned }: WantedModel): string {
  if (key !== null && owned !== true) return key;
  return second === null ? name : `${second}/${name}`;
}

function asOutcome(error: unknown): DroverError {
  if (error instanceof DroverError && !isConnectionLost(error)) return error;
  throw error;
}

/** What a plan for the shared rows leaves of them; of rows of tenants it calls none live. */
function isLive({ live }: Plan['leftBehind'][number]): boolean {
  return live;
}

/** The unit as the run keeps it. */
export function newSharedUnit(
  { move, plan, remains }: SharedUnit,
  { reason, shared }: Pick<RunRequest, 'reason' | 'shared'>,
): NewRunTenant {
  const base = { tenant: sharedRows, tenantName: 'shared rows', position: 0, undoesId: null, findings: [] };
  const nothing = { ...base, fromKey: null, toKey: null, sourceRetired: false };
  if (plan instanceof DroverError) {
    const { code, message: why } = plan;
    if (isSharedAsked({ ...given({ shared }) })) return { ...nothing, status: 'failed', code, message: why };
    // The tenants are what the run is for, and its word must not say more than is known.
    const message = `Nobody knows whether shared rows name the source, because no plan can be made for them: ${why}`;
    return { ...nothing, status: 'skipped', code, message };
  }
  if (remains > 0)
    return {
      ...nothing,
      ...sharedLeft(remains, { move, reason }),
    };
  const keys = { fromKey: plan.source.key ?? null, toKey: plan.target.key ?? null };
  return { ...nothing, ...keys, status: 'pending', code: null, message: null };
}

/** The move of the shared rows, and why the run was asked for. */
interface AskedMove {
  readonly move: Intent;
  readonly reason: string | undefined;
}

/** The sentence that shared rows remain, with the command that moves them. */
function sharedLeft(
  count: number,
  { move, reason }: AskedMove,
): { readonly status: 'skipped'; readonly code: 'SHARED_ROWS_LEFT'; readonly message: string } {
  const left = `Shared rows still name the source (${occurrenceCount(count)})`;
  const message = `${left}; move them with: drover apply ${moveWords(move, given({ reason }))}`;
  return { status: 'skipped', code: 'SHARED_ROWS_LEFT', message };
}

/** Why the unit need not be worked on now that all tenants are through; undefined where it has work. */
export function sharedOutcome(
  plan: Plan,
  about: AskedMove & { readonly asked: boolean; readonly failed: number },
): { readonly status: 'skipped'; readonly code: string; readonly message: string } | undefined {
  const remains = namedIn(plan, isLive);
  if (about.failed > 0) {
    const failed = about.failed === 1 ? '1 tenant' : `${about.failed} tenants`;
    const message = `${failed} failed, and the shared rows move after every tenant. ${sharedLeft(remains, about).message}`;
    return { status: 'skipped', code: 'TENANTS_FAILED', message };
  }
  if (!about.asked && remains > 0) return sharedLeft(remains, about);
  if (plan.steps.length > 0) return undefined;
  const others = plan.leftBehind.filter(isOfTenants).reduce((sum, { count }) => sum + count, 0);
  return others > 0
    ? {
        status: 'skipped',
        code: 'SOURCE_IN_USE',
        message: `No shared row moves; ${rowCount(others)} of tenants still ${verbOf(others, 'name')} the source, so it is not retired.`,
      }
    : { status: 'skipped', code: 'ALREADY_MIGRATED', message: 'No shared row names the source.' };
}
