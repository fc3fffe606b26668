/** The answer about an allowed pair: who serves it, who pays, which secrets it needs, and what becomes of the model. */
import type { Payer, Route } from '../load/routes.ts';
import type { Lifecycle, Model } from '../load/shape.ts';

/** What becomes of a model, where there is something to say. */
export interface LifecycleWarning {
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
  /** As the provider takes it: what is to be sent. Null for an open runtime. */
  readonly wireId: string | null;
  /** True where the runtime lists the model. A name proves nothing, and an open runtime finds its models itself. */
  readonly verified: boolean;
  /** Null for an open runtime. */
  readonly provider: string | null;
  readonly payer: Payer;
  /** Any one of these secrets is enough; empty where none is needed. */
  readonly needs: readonly string[];
  readonly route: Route | null;
  readonly lifecycle: LifecycleWarning | null;
  readonly registryVersion: string;
}

/** The arm that has an id, the row that says so, and the model that is meant. */
export interface FoundRoute {
  readonly by: AllowedBy;
  readonly route: Route;
  readonly model: Model | undefined;
  readonly wireId: string;
}

type AskedPair = Pick<Allowed, 'runtime' | 'model' | 'registryVersion'>;

export function allow(
  { runtime, model, registryVersion }: AskedPair,
  { by, route, model: meant, wireId }: FoundRoute,
): Allowed {
  return {
    verdict: 'allow',
    by,
    runtime,
    model,
    wireId,
    verified: by.startsWith('listed'),
    provider: route.provider,
    payer: route.payer,
    needs: route.needs,
    route,
    lifecycle: meant === undefined ? null : lifecycleNote(meant),
    registryVersion,
  };
}

/** An open runtime finds its models itself, and its user pays. */
export function allowUnverified({ runtime, model, registryVersion }: AskedPair): Allowed {
  return {
    verdict: 'allow',
    by: 'open',
    runtime,
    model,
    wireId: null,
    verified: false,
    provider: null,
    payer: 'tenant',
    needs: [],
    route: null,
    lifecycle: null,
    registryVersion,
  };
}

function lifecycleNote({ lifecycle }: Model): LifecycleWarning | null {
  const { status, shutdown = null, replacement = null } = lifecycle;
  return status === 'active' && shutdown === null ? null : { status, shutdown, replacement };
}
