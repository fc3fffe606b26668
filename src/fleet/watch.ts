/**
 * The calendar goes on after a move: a look plans every move that stands once more, reading only, and says what came to name its source
 * since. What came late is moved by applying again.
 */
import { given } from '../engine/given.ts';
import { isMovingRows, touchedPlaces } from '../engine/operations/operations.ts';
import { Counts } from '../engine/own.ts';
import { isOfTenants, isShared } from '../engine/plan/completion.ts';
import type { Plan } from '../engine/plan/plan-types.ts';
import { moveWords } from '../engine/plan/shell-text.ts';
import { tenancyOf } from '../engine/rules/tenancy.ts';
import { isSharedRows, sharedRows } from '../engine/tenant.ts';
import type { TenantKey } from '../engine/tenant.ts';
import { DroverError } from '../errors.ts';
import { planMoves } from '../postgres/move/plan.ts';
import { listStanding } from '../postgres/records/standing-moves.ts';
import type { StandingMove } from '../postgres/records/standing-moves.ts';
import type { Site } from '../postgres/scope/site.ts';
import { listTenants } from '../postgres/scope/tenants.ts';

/** What came to name the source of one move after it. */
export interface Late {
  readonly migrationId: string;
  /** The tenant's key; null where the database has a single one. */
  readonly tenant: string | null;
  /** As it was asked for. */
  readonly from: string;
  readonly to: string;
  /** The options of `drover apply` that do the same move again. */
  readonly options: string;
  /** Rows by place; a row that names it in two places counts in each. */
  readonly places: Readonly<Record<string, number>>;
  readonly count: number;
}

/** A move that could not be looked after, and why. */
interface Unwatched {
  readonly migrationId: string;
  readonly tenant: string | null;
  readonly code: string;
  readonly message: string;
}

export interface WatchLook {
  /** How many moves stand. */
  readonly moves: number;
  /** How many moves were looked after; the unwatched are not among them. */
  readonly looked: number;
  /** The look was stopped before it had come to all moves. */
  readonly stopped: boolean;
  readonly late: readonly Late[];
  readonly unwatched: readonly Unwatched[];
}

/** How many tenants are planned together. */
const batchSize = 200;

/**
 * Looks once. Reads only.
 * @param tenant the key of one tenant, or of the shared rows; without it all of them
 * @param isOver asked between batches: a look that is stopped says what it saw
 */
export async function lookForLate(
  site: Site,
  { tenant, isOver = () => false }: { readonly tenant?: TenantKey; readonly isOver?: () => boolean } = {},
): Promise<WatchLook> {
  const standing = await listStanding(site, tenant === undefined ? await everybody(site) : [tenant]);
  const [late, unwatched]: [Late[], Unwatched[]] = [[], []];
  let visited = 0;
  for (const some of inBatches(standing)) {
    if (isOver()) break;
    const plans = await planMoves(
      site,
      some.map(({ intent }) => intent),
    );
    for (const [at, move] of some.entries()) {
      const plan = plans[at];
      if (plan instanceof DroverError)
        unwatched.push({ ...named(move), code: plan.code, message: plan.message });
      else if (plan !== undefined) late.push(...lateIn(move, plan));
    }
    visited += some.length;
  }
  const looked = visited - unwatched.length;
  return { moves: standing.length, looked, stopped: visited < standing.length, late, unwatched };
}

/** In Drover's own schema each tenant sees its own records; those of a foreign database are in one place. */
async function everybody(site: Site): Promise<TenantKey[]> {
  if (site.state.tenantType === 'text' || tenancyOf(site.config) === 'single') return [undefined];
  return [...(await listTenants(site)).map(({ key }) => key), sharedRows];
}

/** Each tenant once in a batch; the shared rows by themselves, because no other tenant's session sees them. */
function inBatches(moves: readonly StandingMove[]): StandingMove[][] {
  const rounds: StandingMove[][] = [];
  const seen = new Map<TenantKey, number>();
  const own = moves.filter(({ tenant }) => !isSharedRows(tenant));
  for (const move of own) {
    const round = seen.get(move.tenant) ?? 0;
    seen.set(move.tenant, round + 1);
    (rounds[round] ??= []).push(move);
  }
  const batches = rounds.flatMap((round) =>
    Array.from({ length: Math.ceil(round.length / batchSize) }, (_, at) =>
      round.slice(at * batchSize, (at + 1) * batchSize),
    ),
  );
  return [...batches, ...moves.filter(({ tenant }) => isSharedRows(tenant)).map((move) => [move])];
}

function named({ migrationId, tenant }: StandingMove): Pick<Late, 'migrationId' | 'tenant'> {
  return { migrationId, tenant: tenant ?? null };
}

/** What the move would move again, and what is live and would stay. Rows of others were none of its business, and are none now. */
function lateIn(move: StandingMove, plan: Plan): Late[] {
  const places = new Counts();
  for (const step of plan.steps.filter(isMovingRows))
    for (const place of touchedPlaces(step)) places.add(place, step.expected);
  const shared = isSharedRows(move.tenant);
  for (const entry of plan.leftBehind)
    if (entry.live && !isOfTenants(entry) && (shared || !isShared(entry)))
      places.add(entry.place, entry.count);
  const found = places.record();
  const count = Object.values(found).reduce((sum, rows) => sum + rows, 0);
  if (count === 0) return [];
  const { from, to } = move.asked;
  const options = moveWords({ ...move.asked, ...given({ tenant: move.tenant }) }, move);
  return [{ ...named(move), from, to, options, places: found, count }];
}
