/** What somebody asks a run for. */
import { refuseUnreasoned } from '../postgres/move/admission.ts';
import type { AskAnswer, Intent, ParameterPolicy } from '../engine/plan/intent.ts';
import { DroverError } from '../errors.ts';
import type { Canary, RunOptions, Throttle } from '../postgres/runs/runs.ts';

/** The keys of one tenant's models, where the names of the run fit other models or none. */
export interface TenantMapping {
  readonly from?: string;
  readonly to?: string;
}

/** In which portions a run works, and when it stops or waits. */
export interface RunPace {
  readonly waveSize?: number;
  readonly canary?: Canary;
  /** The run stops when more tenants have failed: a number, or a share of those that it visits. */
  readonly maxFailures?: number;
  readonly maxFailureShare?: number;
  readonly throttle?: Throttle;
}

/** Which move, in which tenants. */
export interface FleetIntent {
  readonly kind?: string;
  /** A model by name, `family/name`, `provider/name`, or the key of one tenant's row. */
  readonly from: string;
  readonly to: string;
  /** Only these, in this order; undefined: all. */
  readonly tenants?: readonly string[];
  readonly mapping?: Readonly<Record<string, TenantMapping>>;
  readonly includeSuspended?: boolean;
  /** After every tenant also the rows that are nobody's alone, or only those. Not with some tenants. */
  readonly shared?: boolean | 'only';
  readonly entityTypes?: readonly string[];
  readonly parameters?: ParameterPolicy;
  readonly answers?: Readonly<Record<string, AskAnswer>>;
  readonly leaveAsks?: boolean;
  readonly allowUnknown?: boolean;
}

export interface RunRequest extends FleetIntent, RunPace {
  readonly confirm?: boolean;
  readonly force?: boolean;
  readonly actor: string;
  readonly reason?: string;
}

const defaultWaveSize = 100;
const maxWaveSize = 10_000;

/** The move of a run, without a tenant. */
export function intentOf(asked: FleetIntent): Intent {
  const { kind, from, to, entityTypes, parameters = 'reset', answers = {}, leaveAsks = false } = asked;
  return {
    from,
    to,
    parameters,
    answers,
    leaveAsks,
    ...(kind === undefined ? {} : { kind }),
    ...(entityTypes === undefined ? {} : { entityTypes }),
    ...(asked.allowUnknown === true ? { allowUnknown: true } : {}),
  };
}

/** The options as they are kept; `visited` is how many tenants the run will visit. @throws RUN_INVALID, FORCE_NEEDS_REASON */
export function optionsOf(request: RunRequest, visited: number): RunOptions {
  const { entityTypes, parameters, answers, leaveAsks, allowUnknown } = intentOf(request);
  const { confirm = false, force = false, canary, throttle = {} } = request;
  refuseUnreasoned(request);
  if (isSharedAsked(request) && request.tenants !== undefined)
    throw invalid('The shared rows move after every tenant; a run over some tenants leaves them.');
  const maxFailures = failureLimit(request, visited);
  return {
    parameters,
    answers,
    leaveAsks,
    confirm,
    force,
    waveSize: waveSizeOf(request),
    throttle: checkedThrottle(throttle),
    ...(isSharedAsked(request) ? { shared: true } : {}),
    ...(entityTypes === undefined ? {} : { entityTypes }),
    ...(allowUnknown === undefined ? {} : { allowUnknown }),
    ...(canary === undefined ? {} : { canary: checkedCanary(canary) }),
    ...(maxFailures === undefined ? {} : { maxFailures }),
  };
}

/** Were the rows that are nobody's alone asked for? */
export function isSharedAsked({ shared = false }: Pick<FleetIntent, 'shared'>): boolean {
  return shared !== false;
}

/** @throws RUN_INVALID */
function waveSizeOf({ waveSize = defaultWaveSize }: RunPace): number {
  return whole('The size of a wave', waveSize, { from: 1, to: maxWaveSize });
}

/** How many of the tenants that are visited go first. */
export function canarySizeOf(canary: Canary | undefined, visited: number): number {
  if (canary === undefined) return 0;
  return Math.min(visited, canary.tenants ?? Math.ceil((canary.share ?? 0) * visited));
}

function failureLimit({ maxFailures, maxFailureShare }: RunPace, visited: number): number | undefined {
  if (maxFailures !== undefined && maxFailureShare !== undefined)
    throw invalid('A limit of failures is a number of tenants or a share of them, not both.');
  if (maxFailureShare !== undefined)
    return Math.floor(share('The share of failures', maxFailureShare) * visited);
  return maxFailures === undefined
    ? undefined
    : whole('The limit of failures', maxFailures, { from: 0, to: 1_000_000 });
}

function checkedCanary(canary: Canary): Canary {
  if ((canary.tenants === undefined) === (canary.share === undefined))
    throw invalid('A canary is a number of tenants or a share of them.');
  if (canary.tenants !== undefined) whole('The canary', canary.tenants, { from: 1, to: 1_000_000 });
  if (canary.share !== undefined) share('The share of the canary', canary.share);
  return canary;
}

function checkedThrottle(throttle: Throttle): Throttle {
  for (const [name, limit] of Object.entries(throttle))
    if (typeof limit !== 'number' || !Number.isFinite(limit) || limit < 0)
      throw invalid(`The limit ${name} is not a number from 0 on.`);
  return throttle;
}

function whole(what: string, value: number, { from, to }: { from: number; to: number }): number {
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  throw invalid(`${what} is a whole number from ${from} to ${to}, not ${value}.`);
}

function share(what: string, value: number): number {
  if (value > 0 && value <= 1) return value;
  throw invalid(`${what} is a number above 0 and up to 1, not ${value}.`);
}

export function invalid(message: string): DroverError {
  return new DroverError('RUN_INVALID', message);
}
