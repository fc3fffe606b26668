/**
 * The registry of a running server. One that is broken at the start is no registry: nothing is stored until it is mended. One
 * that is broken when it is read again changes nothing: the last good one stays, and the problems are told.
 */
import type { ModelKnowledge } from '../../engine/models/knowledge.ts';
import { knowledgeOf } from '../../registry/known/knowledge.ts';
import type { Loaded } from '../../registry/load/load.ts';
import type { RegistryProblem } from '../../registry/load/positions.ts';
import { DroverError } from '../../errors.ts';
import type { Platform } from '../open.ts';
import { bringInRegistry } from './bring-in-registry.ts';
import { dayOf } from './day.ts';

export interface LiveRegistry {
  /** What verdicts are given by. */
  current(): Loaded;
  /** Of the last reading, where it failed. */
  problems(): readonly RegistryProblem[];
}

export interface Reloading extends LiveRegistry {
  /** What plans know of models; nothing where the registry is broken. */
  knowledge(): ModelKnowledge | undefined;
  /** Reads it again; a good one is brought into the database before anybody is answered by it. */
  reload(): Promise<{ readonly changed: boolean; readonly problems: readonly RegistryProblem[] }>;
  /** Tells the database what may be chosen on a new day. Nothing where the day is the same, or another server's registry is in force. */
  keepUp(): Promise<void>;
}

/** A registry that never changes: for tests, and for commands. */
export function fixedRegistry(loaded: Loaded): LiveRegistry {
  return { current: () => loaded, problems: () => (loaded.kind === 'invalid' ? loaded.problems : []) };
}

/** Reads the registry and brings it into the database. A broken one does not throw. */
export async function openRegistry({
  platform,
  load,
  now = () => new Date(),
}: {
  readonly platform: Platform;
  readonly load: () => Loaded;
  readonly now?: () => Date;
}): Promise<Reloading> {
  let current = load();
  let knowledge = findKnowledge(current);
  let problems: readonly RegistryProblem[] = current.kind === 'invalid' ? current.problems : [];
  let day = dayOf(now());
  const bringIn = async (next: Loaded, more: { readonly unlessReplaced?: boolean } = {}): Promise<void> => {
    const today = dayOf(now());
    if (next.kind === 'ok') await bringInRegistry(platform, { loaded: next, today, ...more });
    day = today;
  };
  await bringIn(current);
  // One after the other: two that read at the same time could leave the older one in force.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
  return {
    current: () => current,
    problems: () => problems,
    knowledge: () => knowledge,
    reload: () =>
      inTurn(async () => {
        const next = load();
        problems = next.kind === 'invalid' ? next.problems : [];
        if (next.kind === 'invalid') return { changed: false, problems };
        const changed = current.kind === 'invalid' || current.hash !== next.hash;
        await bringIn(next);
        current = next;
        knowledge = findKnowledge(next);
        return { changed, problems };
      }),
    keepUp: () =>
      inTurn(async () => (day === dayOf(now()) ? undefined : bringIn(current, { unlessReplaced: true }))),
  };
}

function findKnowledge(loaded: Loaded): ModelKnowledge | undefined {
  return loaded.kind === 'ok' ? knowledgeOf(loaded) : undefined;
}

/** @throws REGISTRY_UNAVAILABLE */
export function requireRegistry(registry: LiveRegistry): Extract<Loaded, { kind: 'ok' }> {
  const loaded = registry.current();
  if (loaded.kind === 'ok') return loaded;
  throw new DroverError(
    'REGISTRY_UNAVAILABLE',
    'The registry could not be loaded, so nobody can say what may run: `drover registry validate` says what is wrong.',
  );
}
