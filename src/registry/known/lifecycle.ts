/** What goes away, when, and what takes its place. */
import type { LifecycleNote } from '../../engine/models/model.ts';
import { compareText } from '../../engine/order.ts';
import { vendorOf } from '../load/registry.ts';
import type { Lifecycle, Model, Registry } from '../load/shape.ts';

/** One date on which a model stops, at its vendor or at a distributor. */
interface VendorRetirement {
  readonly model: string;
  readonly name: string;
  readonly vendor: string;
  /** Undefined for the vendor itself. */
  readonly distributor?: string;
  readonly announced?: string;
  readonly shutdown: string;
  /** `shutdown` is the earliest day; no other is promised. */
  readonly earliest: boolean;
  /** What its vendor recommends. */
  readonly replacement?: string;
  /** The first replacement of the chain that stays. */
  readonly successor?: string;
  readonly source: string;
}

type Models = Pick<Registry, 'models'>;

/** A server of models → the vendor whose models it serves; null for a distributor, which serves several vendors. */
type Servers = ReadonlyMap<string, string | null>;

/** The servers that may have other dates than the vendor. What the platform pays for has the vendor's dates. */
export function otherServers({ providers, models }: Registry): Servers {
  const distributors = models.flatMap(({ lifecycle }) => lifecycle.distributors ?? []);
  const tenants = providers.filter(({ payer }) => payer === 'tenant');
  return new Map([
    ...distributors.map(({ via }) => [via, null] as const),
    ...tenants.map((provider) => [provider.id, vendorOf(provider)] as const),
  ]);
}

/**
 * What becomes of a model at a provider, by the tenant's name for it. A distributor has its own dates. About another server
 * that the registry knows nothing is said. Any other name may be a name for the vendor, whose dates these are said to be.
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
  if (distributor !== undefined) {
    const { shutdown, source: page } = distributor;
    if (shutdown !== undefined) return { status: 'deprecated', shutdown, page };
    // It promises no day. What the vendor lets go, it lets go some day.
    return { status: lifecycle.status === 'active' ? 'active' : 'deprecated', page };
  }
  const served = servers.has(id) ? servers.get(id) : vendor;
  if (served !== vendor) return { status: 'active' };
  const { status, announced, shutdown } = lifecycle;
  return {
    status,
    page: lifecycle.source ?? source,
    ...(announced === undefined ? {} : { announced }),
    ...(shutdown === undefined ? {} : { shutdown }),
    ...(id === '' || id === vendor || servers.has(id) ? {} : { vendor }),
  };
}

interface DateRange {
  /** ISO dates, both included. */
  readonly from?: string;
  readonly to?: string;
}

/** Every shutdown in a span of time, the next first. */
export function listRetirements(registry: Registry, { from, to }: DateRange = {}): VendorRetirement[] {
  return registry.models
    .flatMap((model) => retirementsOf(registry, model))
    .filter(
      ({ shutdown }) => (from === undefined || shutdown >= from) && (to === undefined || shutdown <= to),
    )
    .sort((a, b) => compareText(a.shutdown, b.shutdown) || compareText(a.model, b.model));
}

function retirementsOf(registry: Registry, model: Model): VendorRetirement[] {
  const { announced, replacement, distributors = [], source = model.source } = model.lifecycle;
  const successor = findSuccessor(registry, model.id)?.id;
  const known = {
    model: model.id,
    name: model.name,
    vendor: model.vendor,
    ...(replacement === undefined ? {} : { replacement }),
    ...(successor === undefined ? {} : { successor }),
  };
  const own = { ...known, ...(announced === undefined ? {} : { announced }), source };
  return [
    ...dayOf(model.lifecycle).map((day) => ({ ...own, ...day })),
    ...distributors.flatMap(({ via, source: page, ...end }) =>
      dayOf(end).map((day) => ({ ...known, distributor: via, ...day, source: page })),
    ),
  ];
}

function dayOf({
  shutdown,
  notBefore,
}: Pick<Lifecycle, 'shutdown' | 'notBefore'>): Pick<VendorRetirement, 'shutdown' | 'earliest'>[] {
  const day = shutdown ?? notBefore;
  return day === undefined ? [] : [{ shutdown: day, earliest: shutdown === undefined }];
}

/** The replacement, its replacement, and so on. */
export function listSuccessors(registry: Models, id: string): Model[] {
  const chain: Model[] = [];
  let at = findModel(registry, id);
  while (at?.lifecycle.replacement !== undefined) {
    at = findModel(registry, at.lifecycle.replacement);
    // The loader refuses circles. A registry that was made from data may have one.
    if (at === undefined || chain.includes(at)) break;
    chain.push(at);
  }
  return chain;
}

/** The first successor that stays; the last one where none stays. Undefined where there is no successor. */
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
