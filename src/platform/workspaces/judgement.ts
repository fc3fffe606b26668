/** The registry's verdict about a pair that would be stored, and what follows from it for whoever asked. */
import { DroverError } from '../../errors.ts';
import type { LoadedRegistry } from '../../registry/load/load.ts';
import type { Allowed } from '../../registry/verdict/answer.ts';
import { judge, refuseRuntime } from '../../registry/verdict/routability.ts';
import type { NotAsked, Verdict } from '../../registry/verdict/routability.ts';
import type { Refused } from '../../registry/verdict/refusal.ts';

interface PairQuestion {
  readonly runtime: string;
  readonly model: string | null;
  /** Names of the secrets of the workspace and of its tenant. */
  readonly secrets: readonly string[];
  /** The workspace has this pair already. */
  readonly existing?: boolean;
  readonly today: string;
}

/** What the registry says, of a runtime without a model, too. */
export function verdictOf(loaded: LoadedRegistry, question: PairQuestion): Verdict {
  const { runtime, model, secrets, existing = false, today } = question;
  const verdict = judge(loaded, { runtime, model, secrets: new Set(secrets), existing, today });
  return verdict.verdict === 'not-asked' ? (refuseRuntime(loaded, { runtime }) ?? verdict) : verdict;
}

/** A model may be chosen later. @throws what the registry refuses; MISSING_BYOK_CREDENTIAL */
export function requireRoutable(loaded: LoadedRegistry, question: PairQuestion): Allowed | NotAsked {
  const verdict = verdictOf(loaded, question);
  if (verdict.verdict === 'refuse') throw refusedAs(verdict);
  if (verdict.verdict === 'allow' && lacksKey(verdict, question.secrets)) throw missingKey(verdict);
  return verdict;
}

export function refusedAs(refused: Refused): DroverError {
  const { code, message, runtime, model, successor, needs, suggestions, registryVersion } = refused;
  const field = code === 'RUNTIME_UNSUPPORTED' ? 'runtime' : 'model';
  return new DroverError(code, message, {
    field,
    runtime,
    model,
    ...(successor === null ? {} : { successor }),
    ...(needs.length === 0 ? {} : { needs }),
    suggestions,
    registry_version: registryVersion,
  });
}

export function modelRequired({ routes }: LoadedRegistry, runtime: string): DroverError {
  const suggestions = [...(routes.runtimes.get(runtime)?.listed.keys() ?? [])].slice(0, 5);
  return new DroverError(
    'MODEL_REQUIRED',
    `A workspace on ${runtime} needs a model${suggestions.length === 0 ? '' : `, for example ${suggestions.join(', ')}`}.`,
    { field: 'model', runtime, suggestions, registry_version: routes.version },
  );
}

/** Does the tenant pay, and is there no key to pay with? */
export function lacksKey({ payer, needs }: Allowed, secrets: readonly string[]): boolean {
  return payer === 'tenant' && needs.length > 0 && !needs.some((name) => secrets.includes(name));
}

export function missingKey({ runtime, model, provider, needs, registryVersion }: Allowed): DroverError {
  const message =
    `On ${runtime} ${model} is served by ${provider ?? 'a provider'} on a key of your own, and there is none: ` +
    `give one of ${needs.join(', ')}, to the workspace or to the organisation.`;
  return new DroverError('MISSING_BYOK_CREDENTIAL', message, {
    field: 'secrets',
    runtime,
    model,
    provider,
    needs,
    registry_version: registryVersion,
  });
}

/** Says without a database what may run by a registry, as of a day. */
export function judgeOf(loaded: LoadedRegistry, today: string) {
  return {
    hash: loaded.hash,
    day: today,
    allows: (pair: Pick<PairQuestion, 'runtime' | 'model' | 'secrets'>): boolean => {
      const verdict = verdictOf(loaded, { ...pair, today });
      return verdict.verdict === 'allow' && !lacksKey(verdict, pair.secrets);
    },
  };
}
