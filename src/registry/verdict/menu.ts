/** What a runtime offers. A menu asks the function that enforcement asks, so nothing is offered that would be refused. */
import { describeMatcher } from '../load/matchers.ts';
import type { LoadedRegistry } from '../load/load.ts';
import { armEntries, armMatchers, goesByName } from '../load/registry.ts';
import { judge } from './routability.ts';
import type { LifecycleWarning } from './answer.ts';
import type { Payer } from '../load/routes.ts';
import type { Arm, Provider, Runtime } from '../load/shape.ts';

interface MenuItem {
  /** As this runtime spells it. */
  readonly id: string;
  readonly model: string;
  readonly name: string;
  readonly family: string;
  readonly lifecycle: LifecycleWarning | null;
}

/** One way to reach models. */
interface MenuArm {
  readonly provider: string;
  readonly label: string;
  readonly payer: Payer;
  /** Any one of these secrets is enough. */
  readonly needs: readonly string[];
  /** Is one of them among the secrets of the request? Null where the request names no secrets. */
  readonly ready: boolean | null;
  readonly models: readonly MenuItem[];
  /** What else it takes: `kimi-…`. Empty where it takes only what it lists. */
  readonly takes: readonly string[];
}

export interface RuntimeMenu {
  readonly id: string;
  readonly label: string;
  readonly kind: Runtime['kind'];
  readonly successor: string | null;
  readonly arms: readonly MenuArm[];
  readonly registryVersion: string;
}

export interface MenuRequest {
  /** Names of the available secrets. */
  readonly secrets?: ReadonlySet<string> | undefined;
  /** ISO date. What is shut down by then is not offered. */
  readonly today?: string | undefined;
  /** May this caller be offered the id? Without it, everything that the registry allows is offered. */
  readonly offers?: ((id: string) => boolean) | undefined;
}

/** Every runtime with what it offers, in the order of the registry. */
export function listMenus(loaded: LoadedRegistry, request: MenuRequest = {}): RuntimeMenu[] {
  return loaded.registry.runtimes.map((runtime) => menuOf(loaded, runtime, request));
}

/** What one runtime offers. Undefined where there is no such runtime. */
export function findMenu(
  loaded: LoadedRegistry,
  id: string,
  request: MenuRequest = {},
): RuntimeMenu | undefined {
  const runtime = loaded.registry.runtimes.find((each) => each.id === id);
  return runtime === undefined ? undefined : menuOf(loaded, runtime, request);
}

function menuOf(loaded: LoadedRegistry, runtime: Runtime, request: MenuRequest): RuntimeMenu {
  const { id, label, kind, successor = null, arms = [] } = runtime;
  const providers = new Map(loaded.registry.providers.map((provider) => [provider.id, provider]));
  return {
    id,
    label,
    kind,
    successor,
    arms: arms.flatMap((arm) => {
      const provider = providers.get(arm.provider);
      return provider === undefined ? [] : [menuArm({ loaded, runtime, request }, arm, provider)];
    }),
    registryVersion: loaded.routes.version,
  };
}

interface MenuInput {
  readonly loaded: LoadedRegistry;
  readonly runtime: Runtime;
  readonly request: MenuRequest;
}

function menuArm(asked: MenuInput, arm: Arm, provider: Provider): MenuArm {
  const { secrets } = asked.request;
  const { id, label, payer, secrets: needs } = provider;
  return {
    provider: id,
    label,
    payer,
    needs,
    ready: secrets === undefined ? null : payer === 'platform' || needs.some((name) => secrets.has(name)),
    models: armEntries(arm).flatMap((entry) => menuItem(asked, entry)),
    takes: goesByName(arm) ? armMatchers(arm, provider).map(describeMatcher) : [],
  };
}

function menuItem(
  { loaded, runtime, request }: MenuInput,
  { id, model, withdrawn }: { id: string; model: string; withdrawn?: string | undefined },
): MenuItem[] {
  // Another arm may still let the id be chosen.
  if (withdrawn !== undefined && withdrawn <= (request.today ?? '')) return [];
  const verdict = judge(loaded, { runtime: runtime.id, model: id, today: request.today });
  const facts = loaded.routes.models.get(model);
  if (verdict.verdict !== 'allow' || facts === undefined || request.offers?.(id) === false) return [];
  return [{ id, model: facts.id, name: facts.name, family: facts.family, lifecycle: verdict.lifecycle }];
}
