/** What goes away, when, and what takes its place. */
import type { LifecycleNote } from '../../engine/models/model.ts';
import { compareText } from '../../engine/order.ts';
import { vendorOf } from '../load/registry.ts';
import type { Model, Registry } from '../load/shape.ts';

/** One date on which a model stops, at its vendor or at a distributor. */
export interface Retirement {
  readonly model: string;
  readonly name: string;
  readonly vendor: string;
  /** Undefined for the vendor itself. */
  readonly distributor?: string;
  readonly announced?: string;
  readonly shutdown: string;
  /** What its vendor recommends. */
  readonly replacement?: string;
  /** Where that leads: the first on the way that stays. */
  readonly successor?: string;
  readonly source: string;
}

type Models = Pick<Registry, 'models'>;

/** Of a kind, those that somebody may still use and that end, are on their way out, or have ended. */
export function endingModels({ models }: Models, kind: string): Model[] {
  return models.filter((model) => model.kind === kind && !stays(model));
}

/** Who serves models by an id of its own → the vendor whose models it serves; null for those that have other vendors' models. */
type Servers = ReadonlyMap<string, string | null>;

/** Those to whom a vendor's own dates need not apply. What the platform pays for is the vendor's. */
export function otherServers({ providers, models }: Registry): Servers {
  const distributors = models.flatMap(({ lifecycle }) => lifecycle.distributors ?? []);
  const tenants = providers.filter(({ payer }) => payer === 'tenant');
  return new Map([
    ...distributors.map(({ via }) => [via, null] as const),
    ...tenants.map((provider) => [provider.id, vendorOf(provider)] as const),
  ]);
}

/**
 * What becomes of a model with the provider that a tenant calls so. A distributor has dates of its own; of another one that the
 * registry knows nobody says; any other name is what somebody calls the vendor.
 */
export function lifecycleWith(
  { vendor, lifecycle, source }: Pick<Model, 'vendor' | 'lifecycle' | 'source'>,
  servers: Servers,
  provider = '',
): Omit<LifecycleNote, 'by'> {
  const id = provider
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, '-');
  const distributor = lifecycle.distributors?.find(({ via }) => via === id);
  if (distributor !== undefined)
    return { status: 'deprecated', shutdown: distributor.shutdown, page: distributor.source };
  const served = servers.has(id) ? servers.get(id) : vendor;
  if (served !== vendor) return { status: 'active' };
  const { status, announced, shutdown } = lifecycle;
  return {
    status,
    page: lifecycle.source ?? source,
    ...(announced === undefined ? {} : { announced }),
    ...(shutdown === undefined ? {} : { shutdown }),
  };
}

interface Span {
  /** ISO dates, both included. */
  readonly from?: string;
  readonly to?: string;
}

/** Every shutdown in a span of time, the next first. */
export function listRetirements(registry: Registry, { from, to }: Span = {}): Retirement[] {
  return registry.models
    .flatMap((model) => retirementsOf(registry, model))
    .filter(
      ({ shutdown }) => (from === undefined || shutdown >= from) && (to === undefined || shutdown <= to),
    )
    .sort((a, b) => compareText(a.shutdown, b.shutdown) || compareText(a.model, b.model));
}

function retirementsOf(registry: Registry, model: Model): Retirement[] {
  const { announced, shutdown, replacement, distributors = [], source = model.source } = model.lifecycle;
  const successor = findSuccessor(registry, model.id)?.id;
  const known = {
    model: model.id,
    name: model.name,
    vendor: model.vendor,
    ...(replacement === undefined ? {} : { replacement }),
    ...(successor === undefined ? {} : { successor }),
  };
  const own =
    shutdown === undefined
      ? []
      : [{ ...known, ...(announced === undefined ? {} : { announced }), shutdown, source }];
  return [...own, ...distributors.map(({ via, ...dates }) => ({ ...known, distributor: via, ...dates }))];
}

/** The models that follow one another, without the first: the replacement, the replacement's replacement … */
export function listSuccessors(registry: Models, id: string): Model[] {
  const chain: Model[] = [];
  let at = findModel(registry, id);
  while (at?.lifecycle.replacement !== undefined) {
    at = findModel(registry, at.lifecycle.replacement);
    // The loader refuses circles; a registry that was put together by hand may have one.
    if (at === undefined || chain.includes(at)) break;
    chain.push(at);
  }
  return chain;
}

/** The first successor that does not go away itself; the last one where all do. Undefined where there is none. */
export function findSuccessor(registry: Models, id: string): Model | undefined {
  const chain = listSuccessors(registry, id);
  return chain.find(stays) ?? chain.at(-1);
}

function stays({ lifecycle }: Model): boolean {
  return lifecycle.status === 'active' && lifecycle.shutdown === undefined;
}

/** By id or alias. */
export function findModel({ models }: Models, id: string): Model | undefined {
  return models.find((model) => model.id === id || model.aliases?.includes(id));
}
