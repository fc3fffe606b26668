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
 * rows 6 to 9 found: a withdrawn model may stay where it is in use, one that was shut down runs nowhere.
 */
import { allow, allowUnverified } from './answer.ts';
import type { Allowed } from './answer.ts';
import { findArm, stoppedAs } from './choose-arm.ts';
import type { Question, RoutingRequest } from './choose-arm.ts';
import type { Loaded } from '../load/load.ts';
import type { Model } from '../load/shape.ts';
import { refusal } from './refusal.ts';
import type { Refused } from './refusal.ts';
import { suggestModels } from './suggestions.ts';

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
  if (loaded.kind !== 'ok') return refusal.unavailable(pair);
  const { routes, registry } = loaded;
  const runtime = routes.runtimes.get(request.runtime);
  if (runtime === undefined) return refusal.unknownRuntime(routes, pair);
  if (runtime.runtime.kind === 'closed')
    return judgeClosed({ routes, runtime, model, request }, registry.models);
  if (runtime.runtime.kind === 'open') return allowUnverified({ ...pair, registryVersion: routes.version });
  return refusal.retiredRuntime(routes, pair, runtime.runtime.successor ?? null);
}

function notAsked(loaded: Loaded, runtime: string): NotAsked {
  return {
    verdict: 'not-asked',
    runtime,
    registryVersion: loaded.kind === 'ok' ? loaded.routes.version : null,
  };
}

function judgeClosed(question: Question, models: readonly Model[]): Verdict {
  const { routes, model, request } = question;
  const pair = { runtime: request.runtime, model };
  const found = findArm(question);
  if (found === undefined) return refusal.unregistered(routes, pair, suggestModels(question, models));
  if ('several' in found) return refusal.ambiguous(routes, pair, found.several);
  const status = stoppedAs(found.model, request);
  if (status === undefined) return allow({ ...pair, registryVersion: routes.version }, found);
  return refusal.withdrawn(routes, pair, { ...found, status, suggestions: suggestModels(question, models) });
}
