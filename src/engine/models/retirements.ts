/** Models in use that end, by the day on which their providers shut them down. */
import { isSharedRows } from '../tenant.ts';
import { type LifecycleNote, type LifecycleStatus, type ModelFacts, modelLabel } from './model.ts';
import { isEnding, noteOfRow, statusOf, withLifecycle } from './lifecycle.ts';
import { compareText } from '../order.ts';
import { Counts } from '../own.ts';
import type { TenantRef } from '../tenant.ts';
import type { CalendarEvent } from './calendar.ts';
import type { Successor } from './successor.ts';

/** One tenant's use of one model. */
export interface TenantUse {
  readonly tenant: TenantRef | null;
  readonly model: ModelFacts;
  readonly successor?: Successor | undefined;
  /** Rows of configuration by entity type, the soft-deleted ones among them. */
  readonly rows: Readonly<Record<string, number>>;
  /** Rows that only record what happened. */
  readonly history: number;
}

interface AffectedTenant {
  readonly key: string;
  readonly name: string;
  /** The key of this tenant's row of the model. Null where the tenant has no row, and names the model all the same. */
  readonly modelKey: string | null;
  /** The key of this tenant's row of the successor. Null where the tenant has none. */
  readonly successorKey: string | null;
  readonly rows: number;
}

/** A model as all tenants have it: rows of one kind, name and family that end on one day. */
export interface Retirement {
  /** The earliest day that anybody says. Null where the model is deprecated and nobody says a day. */
  readonly day: string | null;
  /** Since when that is known. */
  readonly announced: string | null;
  readonly status: LifecycleStatus;
  readonly kind: string;
  readonly components: ModelFacts['components'];
  /** Who says what; where they differ, the earliest day counts. */
  readonly says: readonly LifecycleNote[];
  readonly successor: Pick<Successor, 'name' | 'by'> | null;
  readonly rows: number;
  readonly rowsByType: Readonly<Record<string, number>>;
  /** With the most rows first. Empty where the database has a single tenant. */
  readonly tenants: readonly AffectedTenant[];
}

/** The retirements that affect somebody, by day, then by how many rows they affect. Those without a day come last. */
export function groupRetirements(uses: readonly TenantUse[]): Retirement[] {
  const affected = uses.filter(({ model, rows }) => isEnding(model) && total(rows) > 0);
  return [...Map.groupBy(affected, groupOf).values()]
    .map(retirement)
    .toSorted(
      (a, b) =>
        compareText(a.day ?? '~', b.day ?? '~') ||
        b.rows - a.rows ||
        compareText(JSON.stringify(a.components), JSON.stringify(b.components)),
    );
}

function dayOf({ shutdown }: ModelFacts): string | null {
  return shutdown?.slice(0, 10) ?? null;
}

/** Models of one name differ by provider. Of a model that the registry knows, the provider is only what a tenant calls the vendor. */
function groupOf({ model }: TenantUse): string {
  const { name = '', family = '', provider = '' } = model.components;
  return JSON.stringify([dayOf(model), model.kind, name, family, isKnown(model) ? '' : provider]);
}

function isKnown({ spellings = [] }: ModelFacts): boolean {
  return spellings.length > 0;
}

function retirement(uses: readonly TenantUse[]): Retirement {
  const [first] = uses;
  if (first === undefined) throw new Error('a group has at least one member');
  const says = unique(uses.flatMap(({ model }) => model.lifecycle ?? [noteOfRow(model)]));
  const whole = withLifecycle(first.model, says);
  const counts = new Counts();
  for (const { rows } of uses) for (const [type, count] of Object.entries(rows)) counts.add(type, count);
  const rowsByType = counts.record();
  return {
    day: dayOf(first.model),
    announced: whole.announced ?? null,
    status: statusOf(whole),
    kind: whole.kind,
    components: commonComponents(uses),
    says,
    successor: commonSuccessor(uses),
    rows: total(rowsByType),
    rowsByType,
    tenants: uses
      .flatMap(affectedTenant)
      .toSorted((a, b) => b.rows - a.rows || compareText(a.name, b.name) || compareText(a.key, b.key)),
  };
}

function commonComponents(uses: readonly TenantUse[]): ModelFacts['components'] {
  const [first, ...others] = uses.map(({ model }) => model.components);
  const common = Object.entries(first ?? {}).filter(([name, value]) =>
    others.every((components) => components[name] === value),
  );
  return Object.fromEntries(common);
}

function affectedTenant({ tenant, model, successor, rows }: TenantUse): AffectedTenant[] {
  if (tenant === null) return [];
  const keys = { modelKey: model.key ?? null, successorKey: successor?.key ?? null };
  return [{ key: tenant.key, name: tenant.name, ...keys, rows: total(rows) }];
}

/** The successor of the most rows. */
function commonSuccessor(uses: readonly TenantUse[]): Retirement['successor'] {
  const named = uses.filter(({ successor }) => successor !== undefined);
  const byName = Map.groupBy(named, ({ successor }) => successor?.name ?? '');
  const [most] = [...byName.values()].toSorted((a, b) => rowsOf(b) - rowsOf(a));
  const successor = most?.[0]?.successor;
  return successor === undefined ? null : { name: successor.name, by: successor.by };
}

/** Rows of configuration that use a model. */
export function rowsOf(uses: readonly TenantUse[]): number {
  return uses.reduce((sum, { rows }) => sum + total(rows), 0);
}

function unique(notes: readonly LifecycleNote[]): LifecycleNote[] {
  return [...new Map(notes.map((note) => [JSON.stringify(note), note])).values()];
}

function total(rows: Readonly<Record<string, number>>): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}

/** Whole days from one ISO date to another; negative where it is past. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
}

/** `assistants 12, workspaces 3`, the most first. */
export function whereUsed({ rowsByType }: Pick<Retirement, 'rowsByType'>): string {
  return Object.entries(rowsByType)
    .toSorted(([a, rows], [b, others]) => others - rows || compareText(a, b))
    .map(([type, count]) => `${type} ${count}`)
    .join(', ');
}

/** Who says until when: `database`, `both`, or each with its day where they differ; and of whom, where providers are called otherwise. */
export function saysWhat({ says }: Pick<Retirement, 'says'>): string {
  const vendors = [...new Set(says.flatMap(({ vendor }) => vendor ?? []))];
  return vendors.length === 0 ? tellersOf(says) : `${tellersOf(says)} (of ${vendors.join(', ')})`;
}

function tellersOf(says: readonly LifecycleNote[]): string {
  const tellers = [...new Set(says.map(({ by }) => by))];
  const days = new Set(says.map(({ shutdown }) => shutdown));
  if (tellers.length > 1 && days.size > 1)
    return says.map(({ by, shutdown }) => `${by} ${shutdown ?? 'no day'}`).join(', ');
  return tellers.length > 1 ? 'both' : (tellers[0] ?? '');
}

/** The retirements with a day as days in a calendar. */
export function retirementEvents(retirements: readonly Retirement[]): CalendarEvent[] {
  const taken = new Set<string>();
  return retirements.flatMap((one) => {
    if (one.day === null) return [];
    const id = identityOf(one);
    // A model can end on different days for different tenants. The first event keeps its identity when its day is put off.
    const uid = taken.has(id) ? `${id}.${one.day}` : id;
    taken.add(id);
    return [{ ...describeEvent(one), uid: `${uid}@retirements.drover`, day: one.day }];
  });
}

function identityOf({ kind, components: { provider = '', family = '', name = '' } }: Retirement): string {
  return [kind, provider, family, name].map(encodeURIComponent).join('.');
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

function describeEvent(one: Retirement): Omit<CalendarEvent, 'uid' | 'day'> {
  const { kind, components, rows, successor, tenants, announced } = one;
  return {
    summary: `${modelLabel({ components })} is shut down (${counted(rows, 'row')})`,
    description: [
      `This ${kind} model is used in ${counted(rows, 'row')}: ${whereUsed(one)}.`,
      ...(successor === null ? [] : [`Successor: ${successor.name} (${successor.by}).`]),
      ...(announced === null ? [] : [`Announced on ${announced}.`]),
      `Says: ${saysWhat(one)}.`,
      ...(tenants.length === 0 ? [] : [`${counted(countTenants(one), 'tenant')}: ${named(tenants)}`]),
    ].join('\n'),
    categories: ['model retirement', kind],
  };
}

const namesShown = 10;

/**
 * How many tenants have it in use, each once, though it is listed for each row of the model that it has. The shared rows, listed beside
 * them, are no tenant.
 */
export function countTenants({ tenants }: Pick<Retirement, 'tenants'>): number {
  return new Set(tenants.map(({ key }) => key).filter((key) => !isSharedRows(key))).size;
}

function named(tenants: readonly AffectedTenant[]): string {
  const names = tenants.slice(0, namesShown).map(({ name, rows }) => `${name} (${rows})`);
  const more = tenants.length - namesShown;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
