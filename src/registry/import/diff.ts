/**
 * What a new registry would do to pairs that are in use: which would no longer run, for which somebody else would pay, and
 * whose models now go away. Pure: both registries and the stored pairs are given.
 */
import { compareText } from '../../engine/order.ts';
import type { Loaded, LoadedRegistry } from '../load/load.ts';
import { judge } from '../verdict/routability.ts';
import type { Verdict } from '../verdict/routability.ts';
import type { NamedPair } from '../verdict/pairs.ts';
import { findMeant } from '../load/routes.ts';
import type { Payer } from '../load/routes.ts';
import type { Model } from '../load/shape.ts';

/** A pair that a workspace has. */
export interface StoredPair extends NamedPair {
  /** `*` where nothing is said: the pair is not of one tenant. */
  readonly tenant?: string;
  /** Names of the secrets that the workspace could use. */
  readonly secrets?: readonly string[] | undefined;
  /** How many workspaces have it; 1 where nothing is said. */
  readonly count?: number | undefined;
}

interface Concerned extends NamedPair {
  readonly tenant: string;
  readonly count: number;
}

/** A pair that ran and would be refused. */
interface Orphan extends Concerned {
  readonly code: string;
  readonly message: string;
  readonly suggestions: readonly string[];
}

/** A pair that runs before and after, paid by somebody else. */
interface PayerFlip extends Concerned {
  readonly from: Payer;
  readonly to: Payer;
  readonly provider: string | null;
}

/** A pair whose model goes away now, or on another day than before. */
interface NewRetirement extends Concerned {
  readonly status: string;
  readonly shutdown: string | null;
  readonly replacement: string | null;
}

export interface RegistryDiff {
  readonly from: string;
  readonly to: string;
  readonly orphaned: readonly Orphan[];
  readonly payerFlips: readonly PayerFlip[];
  readonly retirements: readonly NewRetirement[];
}

/** What changes for the given pairs, by tenant. */
export function diffRegistries(
  before: LoadedRegistry,
  after: LoadedRegistry,
  pairs: readonly StoredPair[],
): RegistryDiff {
  const compared = pairs.map((pair) => comparePair(before, after, pair));
  return {
    from: before.routes.version,
    to: after.routes.version,
    orphaned: sortConcerned(compared.flatMap(({ orphaned }) => orphaned ?? [])),
    payerFlips: sortConcerned(compared.flatMap(({ flip }) => flip ?? [])),
    retirements: sortConcerned(compared.flatMap(({ retirement }) => retirement ?? [])),
  };
}

/** Must a person look at it? */
export function hasConsequences({ orphaned, payerFlips, retirements }: RegistryDiff): boolean {
  return orphaned.length + payerFlips.length + retirements.length > 0;
}

function comparePair(
  before: LoadedRegistry,
  after: LoadedRegistry,
  pair: StoredPair,
): { readonly orphaned?: Orphan; readonly flip?: PayerFlip; readonly retirement?: NewRetirement } {
  const was = judgeStored(before, pair);
  const is = judgeStored(after, pair);
  const { tenant = '*', runtime, model, count = 1 } = pair;
  const concerned = { tenant, runtime, model, count };
  if (was.verdict !== 'allow' || is.verdict === 'not-asked') return {};
  if (is.verdict === 'refuse') {
    const { code, message, suggestions } = is;
    return { orphaned: { ...concerned, code, message, suggestions } };
  }
  const retirement = retirementOf(modelOf(before, pair), modelOf(after, pair));
  return {
    ...(was.payer !== is.payer && {
      flip: { ...concerned, from: was.payer, to: is.payer, provider: is.provider },
    }),
    ...(retirement !== undefined && { retirement: { ...concerned, ...retirement } }),
  };
}

function judgeStored(loaded: Loaded, { runtime, model, secrets = [] }: StoredPair): Verdict {
  return judge(loaded, { runtime, model, secrets: new Set(secrets), existing: true });
}

/** The model of an allowed pair: what its arm says, or what its name means. */
function modelOf({ routes }: LoadedRegistry, { runtime, model }: StoredPair): Model | undefined {
  const id = model.trim();
  return routes.runtimes.get(runtime)?.listed.get(id)?.arms[0]?.model ?? findMeant(routes, id);
}

function retirementOf(
  before: Model | undefined,
  after: Model | undefined,
): Omit<NewRetirement, keyof Concerned> | undefined {
  if (after === undefined) return undefined;
  const { status, shutdown = null, replacement = null } = after.lifecycle;
  if (status === 'active' && shutdown === null) return undefined;
  const same = before?.lifecycle.status === status && (before.lifecycle.shutdown ?? null) === shutdown;
  return same ? undefined : { status, shutdown, replacement };
}

function sortConcerned<Each extends Concerned>(all: readonly Each[]): Each[] {
  return all.toSorted(
    (a, b) =>
      compareText(a.tenant, b.tenant) || compareText(a.runtime, b.runtime) || compareText(a.model, b.model),
  );
}
