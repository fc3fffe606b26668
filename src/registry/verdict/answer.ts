/** What an allowed pair is told: who serves it, who pays, which secrets it needs, and what becomes of the model. */
import type { Payer, Route } from './route.ts';
import type { Lifecycle, Model } from '../load/shape.ts';

/** What becomes of a model, where there is something to say. */
export interface LifecycleNote {
  readonly status: Lifecycle['status'];
  readonly shutdown: string | null;
  readonly replacement: string | null;
}

/** By which row of the table a pair is allowed. */
export type AllowedBy = 'open' | 'listed' | 'listed-by-secrets' | 'listed-first' | 'name' | 'name-by-secrets';

export interface Allowed {
  readonly verdict: 'allow';
  readonly by: AllowedBy;
  readonly runtime: string;
  /** Trimmed. */
  readonly model: string;
  /** False for an open runtime, which finds its models itself. */
  readonly verified: boolean;
  /** Null for an open runtime. */
  readonly provider: string | null;
  readonly payer: Payer;
  /** Any one of these secrets is enough; empty where none is needed. */
  readonly needs: readonly string[];
  readonly route: Route | null;
  readonly lifecycle: LifecycleNote | null;
  readonly registryVersion: string;
}

/** The arm that has an id, by which row, and the model that is meant. */
export interface Found {
  readonly by: AllowedBy;
  readonly route: Route;
  readonly model: Model | undefined;
}

interface Pair {
  readonly runtime: string;
  readonly model: string;
  readonly version: string;
}

export function allow({ runtime, model, version }: Pair, found: Found): Allowed {
  const { by, route } = found;
  return {
    verdict: 'allow',
    by,
    runtime,
    model,
    verified: true,
    provider: route.provider,
    payer: route.payer,
    needs: route.needs,
    route,
    lifecycle: found.model === undefined ? null : lifecycleNote(found.model),
    registryVersion: version,
  };
}

/** An open runtime finds its models itself, and whoever runs it pays. */
export function allowUnverified({ runtime, model, version }: Pair): Allowed {
  return {
    verdict: 'allow',
    by: 'open',
    runtime,
    model,
    verified: false,
    provider: null,
    payer: 'tenant',
    needs: [],
    route: null,
    lifecycle: null,
    registryVersion: version,
  };
}

function lifecycleNote({ lifecycle }: Model): LifecycleNote | null {
  const { status, shutdown = null, replacement = null } = lifecycle;
  return status === 'active' && shutdown === null ? null : { status, shutdown, replacement };
}
