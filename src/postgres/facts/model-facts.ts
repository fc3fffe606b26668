/** A row of a table of models, as the database gives it, and the facts that it says. */
import type { ModelFacts, ParameterSupport } from '../../engine/models/model.ts';

export interface ModelRow {
  readonly key: string;
  readonly tenant: string | null;
  readonly components: Record<string, string>;
  readonly enabled: boolean;
  readonly deprecated: boolean;
  readonly retired: boolean;
  readonly usable: boolean | null;
  readonly marked: boolean;
  readonly updated: string | null;
  readonly successor: string | null;
  readonly facts: Record<string, unknown>;
}

const numbers = {
  context: 'context',
  output: 'output',
  price_in: 'priceIn',
  price_out: 'priceOut',
  security: 'security',
} as const;
const capabilities = ['vision', 'tools', 'reasoning', 'audio', 'structured'] as const;

export function modelFacts(kind: string, row: ModelRow): ModelFacts {
  const { facts } = row;
  const given = Object.entries(numbers).flatMap(([fact, name]) =>
    (facts[fact] ?? null) === null ? [] : [[name, Number(facts[fact])]],
  );
  const able = capabilities.flatMap((name) =>
    typeof facts[name] === 'boolean' ? [[name, facts[name]]] : [],
  );
  return {
    kind,
    key: row.key,
    components: row.components,
    tenant: row.tenant,
    enabled: row.enabled,
    deprecated: row.deprecated,
    retired: row.retired,
    marked: row.marked,
    capabilities: Object.fromEntries(able) as Record<string, boolean>,
    ...(Object.fromEntries(given) as Partial<
      Pick<ModelFacts, 'context' | 'output' | 'priceIn' | 'priceOut' | 'security'>
    >),
    ...(row.usable === null ? {} : { providerUsable: row.usable }),
    ...(row.updated === null ? {} : { updated: row.updated }),
    ...(typeof facts['region'] === 'string' ? { region: facts['region'] } : {}),
    ...(row.successor === null ? {} : { successor: row.successor }),
    ...dayOf('shutdown', facts['shutdown']),
    ...dayOf('announced', facts['announced']),
    ...(isSupport(facts['parameters']) ? { parameters: facts['parameters'] } : {}),
  };
}

/** A date, or a moment as the session writes it, as the day in UTC; none where it is no day, such as `infinity`. */
function dayOf<Name extends string>(name: Name, value: unknown): Partial<Record<Name, string>> {
  const text = typeof value === 'string' ? value : '';
  const moment = /[T ].*(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(text) ? Date.parse(text) : NaN;
  const day = Number.isNaN(moment) ? text.slice(0, 10) : new Date(moment).toISOString().slice(0, 10);
  return /^\d{4}-\d\d-\d\d$/.test(day) ? ({ [name]: day } as Record<Name, string>) : {};
}

/** An empty object is what a column holds of which nobody has said anything. */
function isSupport(value: unknown): value is Record<string, ParameterSupport> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  return Object.keys(value).length > 0;
}
