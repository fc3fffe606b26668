/** The answer about a refused pair: a code for programs, and a sentence with the thing, the place and the way out. */
import type { ErrorCode } from '../../errors.ts';
import type { Payer, Route } from '../load/routes.ts';
import type { Routes } from '../load/routes.ts';
import type { Model } from '../load/shape.ts';

type RefusalCode = Extract<
  ErrorCode,
  | 'REGISTRY_UNAVAILABLE'
  | 'RUNTIME_UNSUPPORTED'
  | 'UNREGISTERED_MODEL_FOR_RUNTIME'
  | 'AMBIGUOUS_MODEL_FOR_RUNTIME'
  | 'MODEL_WITHDRAWN'
>;

export interface Refused {
  readonly verdict: 'refuse';
  readonly code: RefusalCode;
  readonly message: string;
  readonly runtime: string;
  /** Trimmed. */
  readonly model: string;
  /** The arm that has the id, where one has. */
  readonly provider: string | null;
  readonly payer: Payer | null;
  /** Any one of these secrets would be enough. */
  readonly needs: readonly string[];
  /** Up to five ids that this runtime takes. */
  readonly suggestions: readonly string[];
  /** What to take instead of the runtime. */
  readonly successor: string | null;
  readonly registryVersion: string | null;
}

type RefusedPair = Pick<Refused, 'runtime' | 'model'>;

interface Stopped {
  readonly route: Route;
  readonly model: Model | undefined;
  readonly status: 'withdrawn' | 'retired';
  readonly suggestions: readonly string[];
}

/** One function for each way to be refused. */
export const refusal = {
  unavailable: (pair: RefusedPair): Refused =>
    refuse(pair, {
      code: 'REGISTRY_UNAVAILABLE',
      message:
        `The registry could not be loaded, so nobody can say what ${pair.runtime} reaches. Nothing ` +
        'is stored until it is mended: `drover registry validate` says what is wrong.',
      registryVersion: null,
    }),

  unknownRuntime: ({ version, runtimes }: Routes, pair: RefusedPair): Refused => {
    const name = pair.runtime.trim() === '' ? 'without a name' : pair.runtime;
    return refuse(pair, {
      code: 'RUNTIME_UNSUPPORTED',
      message: `There is no runtime ${name}. There are ${currentRuntimes(runtimes).join(', ')}.`,
      registryVersion: version,
    });
  },

  retiredRuntime: ({ version }: Routes, pair: RefusedPair, successor: string | null): Refused =>
    refuse(pair, {
      code: 'RUNTIME_UNSUPPORTED',
      message: `The runtime ${pair.runtime} is retired${successor === null ? '' : `; ${successor} took its place`}.`,
      successor,
      registryVersion: version,
    }),

  unregistered: ({ version, models }: Routes, pair: RefusedPair, suggestions: readonly string[]): Refused =>
    refuse(pair, {
      code: 'UNREGISTERED_MODEL_FOR_RUNTIME',
      message: `${pair.runtime} has no way to reach ${pair.model}${shutDown(models.get(pair.model))}.${instead(suggestions)}`,
      suggestions,
      registryVersion: version,
    }),

  unfit: (
    { version }: Routes,
    pair: RefusedPair,
    {
      route,
      model,
      suggestions,
    }: { readonly route: Route; readonly model: Model; readonly suggestions: readonly string[] },
  ): Refused =>
    refuse(pair, {
      code: 'UNREGISTERED_MODEL_FOR_RUNTIME',
      message: `${pair.runtime} has no way to reach ${pair.model}${whyUnfit(route, model)}.${instead(suggestions)}`,
      suggestions,
      registryVersion: version,
    }),

  ambiguous: ({ version }: Routes, pair: RefusedPair, arms: readonly Route[]): Refused =>
    refuse(pair, {
      code: 'AMBIGUOUS_MODEL_FOR_RUNTIME',
      message:
        `On ${pair.runtime} ${pair.model} could be served by ${arms.map(withNeeds).join(' or ')}, and the available ` +
        'secrets do not decide: have the secret of exactly one of them.',
      needs: arms.flatMap(({ needs }) => needs),
      registryVersion: version,
    }),

  withdrawn: ({ version }: Routes, pair: RefusedPair, stopped: Stopped): Refused =>
    refuse(pair, {
      code: 'MODEL_WITHDRAWN',
      message: `${withdrawnSentence(pair.model, stopped)}${instead(stopped.suggestions)}`,
      provider: stopped.route.provider,
      payer: stopped.route.payer,
      needs: stopped.route.needs,
      suggestions: stopped.suggestions,
      registryVersion: version,
    }),
};

function refuse(
  { runtime, model }: RefusedPair,
  given: Pick<Refused, 'code' | 'message' | 'registryVersion'> & Partial<Refused>,
): Refused {
  return {
    verdict: 'refuse',
    runtime,
    model,
    provider: null,
    payer: null,
    needs: [],
    suggestions: [],
    successor: null,
    ...given,
  };
}

function currentRuntimes(runtimes: Routes['runtimes']): string[] {
  return [...runtimes.values()]
    .filter(({ runtime }) => runtime.kind !== 'retired')
    .map(({ runtime }) => runtime.id);
}

function withNeeds({ provider, needs }: Route): string {
  return `${provider} (${needs.join(', ')})`;
}

function whyUnfit({ provider, vendor }: Route, model: Model): string {
  if (model.kind !== 'completion')
    return `: it is a model for ${model.kind}, and a workspace takes completion models`;
  if (model.vendor !== vendor)
    return `: the registry knows ${model.id} of ${model.vendor}, and not that ${provider} serves it`;
  return `: ${provider} calls that model ${model.id}`;
}

function withdrawnSentence(id: string, { route, model, status }: Stopped): string {
  const { shutdown, distributors = [] } = model?.lifecycle ?? {};
  const day = distributors.find(({ via }) => via === route.provider)?.shutdown ?? shutdown;
  const on = day === undefined ? '' : ` on ${day}`;
  if (status === 'retired') return `${id} was shut down${on}.`;
  if (model !== undefined && model.vendor !== route.vendor && route.payer === 'tenant')
    return (
      `${model.vendor} has shut down ${model.id}${on}, and nobody knows whether ${route.provider} goes on with ${id}: ` +
      'where it is in use it may stay, but it cannot be chosen any more.'
    );
  return `${id} was withdrawn: where it is in use it may stay, but it cannot be chosen any more.`;
}

function shutDown(model: Model | undefined): string {
  if (model?.lifecycle.status !== 'retired') return '';
  const { shutdown } = model.lifecycle;
  return shutdown === undefined ? ', which was shut down' : `, which was shut down on ${shutdown}`;
}

function instead(suggestions: readonly string[]): string {
  return suggestions.length === 0 ? '' : ` It takes, for example, ${suggestions.join(', ')}.`;
}
