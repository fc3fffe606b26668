/** Models in use that their providers take away, by the day on which that happens. */
import { modelLabel } from './model-label.ts';
import type { ModelFacts } from './model.ts';
import { compareText } from './order.ts';
import type { CalendarEvent } from './calendar.ts';

/** One tenant's use of one model that has a last day. */
export interface RetiringUse {
  readonly tenant: { readonly key: string; readonly name: string } | null;
  readonly model: ModelFacts;
  /** Rows of configuration by entity type, the soft-deleted ones among them. */
  readonly rows: Readonly<Record<string, number>>;
}

interface AffectedTenant {
  readonly key: string;
  readonly name: string;
  /** The key of the model's row of this tenant. */
  readonly modelKey: string | null;
  readonly rows: number;
}

/** A model as all tenants have it: rows of one kind, name, family and provider that end on one day. */
export interface Retirement {
  readonly day: string;
  readonly kind: string;
  readonly components: ModelFacts['components'];
  readonly rows: number;
  readonly rowsByType: Readonly<Record<string, number>>;
  /** With the most rows first. Empty where the database has a single tenant. */
  readonly tenants: readonly AffectedTenant[];
}

/** The retirements that affect somebody, by day, then by how many rows they affect. */
export function groupRetirements(uses: readonly RetiringUse[]): Retirement[] {
  const affected = uses.filter(({ model, rows }) => model.shutdown !== undefined && total(rows) > 0);
  return [...Map.groupBy(affected, groupOf).values()]
    .map(retirement)
    .toSorted(
      (a, b) =>
        compareText(a.day, b.day) ||
        b.rows - a.rows ||
        compareText(JSON.stringify(a.components), JSON.stringify(b.components)),
    );
}

function dayOf({ shutdown = '' }: ModelFacts): string {
  return shutdown.slice(0, 10);
}

function groupOf({ model }: RetiringUse): string {
  const { name, family, provider } = model.components;
  return JSON.stringify([dayOf(model), model.kind, name ?? '', family ?? '', provider ?? '']);
}

function retirement(uses: readonly RetiringUse[]): Retirement {
  const model = uses[0]?.model;
  if (model === undefined) throw new Error('a group has at least one member');
  const rowsByType: Record<string, number> = {};
  for (const { rows } of uses)
    for (const [type, count] of Object.entries(rows)) rowsByType[type] = (rowsByType[type] ?? 0) + count;
  return {
    day: dayOf(model),
    kind: model.kind,
    components: model.components,
    rows: total(rowsByType),
    rowsByType,
    tenants: uses
      .flatMap(({ tenant, model: own, rows }) =>
        tenant === null
          ? []
          : [{ key: tenant.key, name: tenant.name, modelKey: own.key ?? null, rows: total(rows) }],
      )
      .toSorted((a, b) => b.rows - a.rows || compareText(a.name, b.name) || compareText(a.key, b.key)),
  };
}

function total(rows: Readonly<Record<string, number>>): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}

/** The retirement as a day in a calendar. */
export function retirementEvent(retirement: Retirement): CalendarEvent {
  const { day, kind, components, rows, rowsByType, tenants } = retirement;
  const { name = '', family = '', provider = '' } = components;
  const types = Object.entries(rowsByType)
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([type, count]) => `${type}: ${count}`);
  const whose = tenants.length === 0 ? [] : [`${tenants.length} tenant(s): ${named(tenants)}`];
  return {
    // With the day: a model can end on different days for different tenants.
    uid: `${[day, kind, provider, family, name].map(encodeURIComponent).join('.')}@retirements.drover`,
    day,
    summary: `${modelLabel({ components })} is shut down (${rows} rows)`,
    description: [`${rows} row(s) use this ${kind} model.`, ...types, ...whose].join('\n'),
    categories: ['model retirement', kind],
  };
}

const namesShown = 10;

function named(tenants: readonly AffectedTenant[]): string {
  const names = tenants.slice(0, namesShown).map(({ name, rows }) => `${name} (${rows})`);
  const more = tenants.length - namesShown;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
