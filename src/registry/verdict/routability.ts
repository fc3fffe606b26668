/**
 * May this runtime use this model, who serves it and who pays? Decided here and nowhere else, in this order:
 *
 *  1 no model           not this check's business      7 listed by several      the available secrets decide, else the first
 *  2 no registry        refused: nobody can know       8 one arm takes the name allowed
 *  3 runtime retired    refused, with its successor    9 several take it        the available secrets decide, else refused
 *  4 runtime unknown    refused                       10 model withdrawn        refused as a new choice
 *  5 runtime open       allowed, unverified           11 nothing                refused, with suggestions
 *  6 listed by one arm  allowed
 *
 * The model is trimmed once. Listed ids are compared exactly and go before names. Row 10 looks at the model of the arm that
 * rows 6 to 9 found: a withdrawn model may stay where it is in use, one that was shut down runs nowhere. Of several arms that list an
 * id those decide which let it be chosen. A workspace takes completion models; another kind, and a name of which the registry knows
 * that it means something else, are row 11.
 */
import { allow, allowUnverified } from './answer.ts';
import type { Allowed } from './answer.ts';
import { decide } from './choose-arm.ts';
import type { ArmQuestion, RoutingRequest } from './choose-arm.ts';
import type { Loaded, LoadedRegistry } from '../load/load.ts';
import { refusal } from './refusal.ts';
import type { Refused } from './refusal.ts';
import { compareText } from '../../engine/order.ts';
import { findSuccessor } from '../known/lifecycle.ts';
import { meantInAnySpelling } from '../known/any-spelling.ts';
import { findMeant } from '../load/routes.ts';
import type { KnownId, RuntimeRoutes } from '../load/routes.ts';
import type { Model } from '../load/shape.ts';

/** No model was named. The caller says whether one is needed. */
export interface NotAsked {
  readonly verdict: 'not-asked';
  readonly runtime: string;
  readonly registryVersion: string | null;
}

export type Verdict = Allowed | Refused | NotAsked;

/** The verdict about one pair. Pure: the same registry and request have the same answer. */
export function judge(loaded: Loaded, request: RoutingRequest): Verdict {
  const model = request.model?.trim() ?? '';
  if (model === '') return notAsked(loaded, request.runtime);
  const pair = { runtime: request.runtime, model };
  const refused = refuseRuntime(loaded, pair);
  if (refused !== undefined) return refused;
  const runtime = loaded.kind === 'ok' ? loaded.routes.runtimes.get(request.runtime) : undefined;
  if (loaded.kind !== 'ok' || runtime === undefined) return refusal.unavailable(pair);
  if (runtime.runtime.kind === 'closed') return judgeClosed({ loaded, runtime, model, request });
  return allowUnverified({ ...pair, registryVersion: loaded.routes.version });
}

/** Rows 2 to 4: what is refused whatever the model. A runtime without a model is asked about by this alone. */
export function refuseRuntime(
  loaded: Loaded,
  { runtime: id, model = '' }: { readonly runtime: string; readonly model?: string },
): Refused | undefined {
  const pair = { runtime: id, model };
  if (loaded.kind !== 'ok') return refusal.unavailable(pair);
  const { routes } = loaded;
  const runtime = routes.runtimes.get(id)?.runtime;
  if (runtime === undefined) return refusal.unknownRuntime(routes, pair);
  return runtime.kind === 'retired'
    ? refusal.retiredRuntime(routes, pair, runtime.successor ?? null)
    : undefined;
}

/** An open runtime finds its models itself. False of one that the registry does not know: that is refused. */
export function needsModel({ routes }: LoadedRegistry, runtime: string): boolean {
  return routes.runtimes.get(runtime)?.runtime.kind === 'closed';
}

function notAsked(loaded: Loaded, runtime: string): NotAsked {
  return {
    verdict: 'not-asked',
    runtime,
    registryVersion: loaded.kind === 'ok' ? loaded.routes.version : null,
  };
}

function judgeClosed(question: ArmQuestion): Verdict {
  const { model, request } = question;
  const { routes } = question.loaded;
  const pair = { runtime: request.runtime, model };
  const decision = decide(question);
  switch (decision.kind) {
    case 'found':
      return allow({ ...pair, registryVersion: routes.version }, decision.found);
    case 'several':
      return refusal.ambiguous(routes, pair, decision.routes);
    case 'stopped':
      return refusal.withdrawn(routes, pair, {
        ...decision.found,
        status: decision.status,
        suggestions: suggestModels(question),
      });
    case 'unfit':
      return refusal.unfit(routes, pair, { ...decision, suggestions: suggestModels(question) });
    case 'unknown':
      return refusal.unregistered(routes, pair, suggestModels(question));
  }
}

/* What to offer instead of a model that a runtime does not take: its family, its replacement, then the menu. */

const most = 5;

/** Up to five ids that would be allowed, best first, one for each model. */
function suggestModels(question: ArmQuestion): string[] {
  const { loaded, runtime, model } = question;
  const { models } = loaded.registry;
  const asked = findMeant(loaded.routes, model) ?? meantInAnySpelling(loaded, model)[0];
  const family = asked?.family ?? familyMeant(models, model);
  const successor = asked === undefined ? undefined : findSuccessor({ models }, asked.id);
  const menu = menuOf(runtime);
  const reachable = [...menu, ...runtime.named.flatMap(({ known }) => known)];
  const those = (wanted: (each: Model) => boolean): KnownId[] =>
    reachable.filter((each) => wanted(each.model));
  return chooseAllowed(question, [
    // The model that was meant, as this runtime spells it.
    ...those(({ id }) => id === asked?.id),
    ...those((each) => each.family === family).sort(goingAwayLast),
    ...those(({ id }) => id === successor?.id),
    ...menu,
  ]);
}

function chooseAllowed(question: ArmQuestion, ranked: readonly KnownId[]): string[] {
  const chosen = new Map<string, string>();
  for (const { id, model } of ranked) {
    if (chosen.size === most) break;
    if (id === question.model || chosen.has(model.id)) continue;
    if (isAllowed({ ...question, model: id })) chosen.set(model.id, id);
  }
  return [...chosen.values()];
}

/** As a new choice: what the workspace has does not count. */
function isAllowed(question: ArmQuestion): boolean {
  return decide({ ...question, request: { ...question.request, existing: false } }).kind === 'found';
}

function menuOf({ listed }: RuntimeRoutes): KnownId[] {
  return [...listed.values()].flatMap(({ id, arms }) => {
    const model = arms[0]?.model;
    return model === undefined ? [] : [{ id, model }];
  });
}

/** The family that an unknown id begins with: `claude-opus-9` → claude-opus. */
function familyMeant(models: readonly Model[], id: string): string | undefined {
  const own = id.slice(Math.max(id.lastIndexOf('/'), id.lastIndexOf(':')) + 1).toLowerCase();
  return [...new Set(models.map(({ family }) => family))]
    .filter((family) => own.startsWith(family) && !/[a-z]/.test(own.charAt(family.length)))
    .sort((a, b) => b.length - a.length || compareText(a, b))[0];
}

/** Models that stay come first. The sort keeps the order of the menu, which is the order of preference. */
function goingAwayLast({ model: a }: KnownId, { model: b }: KnownId): number {
  return Number(a.lifecycle.status !== 'active') - Number(b.lifecycle.status !== 'active');
}
