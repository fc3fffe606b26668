/**
 * A search for rows that name models, at the places of the engine: no table is known by name, and what counts as a use is what a
 * migration would see. Which tables are looked into, and by which statements, follows from the rules and is found once for them
 * (`Shape`); the values of the models are filled in for each search.
 */
import { isLeftAlone } from '../../engine/rules/place.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import type { ModelNames } from '../../engine/models/model.ts';
import { compareText } from '../../engine/order.ts';
import { formOf, tupleWriter } from '../../engine/rules/mapping.ts';
import { mayHoldShared, tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { render } from '../sql/sql.ts';
import type { Rendered, Sql } from '../sql/sql.ts';
import { escaped } from '../../engine/edit/layers.ts';
import { tupleFinder } from '../../engine/rules/documents.ts';
import type { DocumentValue } from '../../engine/edit/documents.ts';

export interface UsageAsked {
  readonly rules: Rules;
  /** Models of one kind; of several tenants only with `fleet`. */
  readonly models: readonly ModelNames[];
  /** The tenant whose rows are looked at; undefined where the database has a single one. */
  readonly tenant?: string | undefined;
  /** The tenants of a fleet transaction, instead of one. */
  readonly fleet?: readonly string[];
  /** What is kept from one search to the next, by whoever searches often. */
  readonly lookups?: Lookups;
}

/** Whose rows are looked at. */
type Whose = 'tenant' | 'shared' | 'fleet' | 'all';

/** The places of one table that can name the models. */
export interface UsedTable {
  readonly table: Table;
  readonly entity: string;
  readonly scalars: readonly UsedPlace[];
  readonly documents: readonly UsedPlace[];
}

/** Places of the same form share what is sought, so that it is made once and sent once. */
export interface UsedPlace {
  readonly place: Place;
  readonly form: string;
}

/** The tables that can name the models, and statements over them, in which the values are holes. */
export interface UsageShape {
  readonly rules: Rules;
  readonly whose: Whose;
  /** By id. */
  readonly tables: readonly UsedTable[];
  /** Statements by name. */
  readonly statements: Map<string, Rendered>;
}

/** A hole of a statement, as the text that stands for its value until it is sent. No text of PostgreSQL has such a character. */
export function holeFor(name: 'tenant' | 'fleet' | `${string} ${string}`): string {
  return `\0${name}`;
}

export class Search {
  readonly asked: UsageAsked;
  readonly shape: UsageShape;
  readonly #sought: ReadonlyMap<string, SoughtModels>;

  constructor(asked: UsageAsked) {
    const { rules, models, tenant, fleet, lookups = new Lookups() } = asked;
    const lookup = lookups.of(rules, models[0]?.kind ?? '');
    this.asked = asked;
    this.#sought = new Map(
      [...lookup.writers].map(([form, tuplesOf]) => [form, new SoughtModels(tuplesOf, models)]),
    );
    const whose = fleet !== undefined ? 'fleet' : whoseOf(tenant);
    this.shape = shapeFor(lookup, rules, { whose, forms: this.#named() });
  }

  /** The forms that can name any of the models. */
  #named(): string[] {
    return [...this.#sought].flatMap(([form, { tuples }]) => (tuples.length === 0 ? [] : [form]));
  }

  sought({ form }: UsedPlace): SoughtModels {
    const sought = this.#sought.get(form);
    if (sought === undefined) throw new Error(`Nothing is sought in places of the form ${form}.`);
    return sought;
  }

  /** The statement with the values of this search. */
  fill(query: Sql | Rendered): { readonly text: string; readonly params: unknown[] } {
    const { text, values } = 'text' in query ? query : render(query);
    return {
      text,
      params: values.map((value) => (value?.startsWith('\0') ? this.#valueOf(value.slice(1)) : value)),
    };
  }

  #valueOf(hole: string): unknown {
    if (hole === 'tenant' || hole === 'fleet') return this.asked[hole];
    const at = hole.indexOf(' ');
    return this.#sought.get(hole.slice(at + 1))?.list(hole.slice(0, at));
  }
}

/** The places for one kind of models, and how the values of each form are made. */
interface Lookup {
  readonly places: readonly UsedPlace[];
  readonly writers: ReadonlyMap<string, ReturnType<typeof tupleWriter>>;
  readonly shapes: Map<string, UsageShape>;
}

/** The lookups of the rules that were used last, by kind. The places stay the same when more becomes known about models. */
export class Lookups {
  #places: Rules['places'] | undefined;
  readonly #byKind = new Map<string, Lookup>();

  of(rules: Rules, kind: string): Lookup {
    if (this.#places !== rules.places) this.#byKind.clear();
    this.#places = rules.places;
    const lookup = this.#byKind.get(kind) ?? newLookup(rules, kind);
    this.#byKind.set(kind, lookup);
    return lookup;
  }
}

function whoseOf(tenant: TenantKey): Whose {
  if (tenant === undefined) return 'all';
  return isSharedRows(tenant) ? 'shared' : 'tenant';
}

function newLookup(rules: Rules, kind: string): Lookup {
  const places = rules.places
    .filter((place) => place.kind === kind && !isLeftAlone(place))
    .map((place) => ({ place, form: formOf(place) }));
  const writers = new Map(places.map(({ place, form }) => [form, tupleWriter(place, rules.config)]));
  return { places, writers, shapes: new Map() };
}

function shapeFor(
  { places, shapes }: Lookup,
  rules: Rules,
  { whose, forms }: { readonly whose: Whose; readonly forms: readonly string[] },
): UsageShape {
  const id = [whose, ...forms].join('\0');
  const tables = (): UsedTable[] =>
    tablesOf(
      rules,
      places.filter(({ form, place }) => forms.includes(form) && mayBeUsed(rules, whose, place)),
    );
  const shape = shapes.get(id) ?? { rules, whose, tables: tables(), statements: new Map() };
  shapes.set(id, shape);
  return shape;
}

/** Rows that belong to everybody are no tenant's use. */
function mayBeUsed(rules: Rules, whose: Whose, { table }: Place): boolean {
  return whose === 'shared' ? mayHoldShared(rules, table) : rules.ownership.get(table)?.kind !== 'global';
}

function tablesOf(rules: Rules, places: readonly UsedPlace[]): UsedTable[] {
  const byTable = Map.groupBy(places, ({ place }) => place.table);
  return [...byTable]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([id, mine]) => ({
      table: tableOf(rules, id),
      entity: mine[0]?.place.entity ?? id,
      scalars: mine.filter(({ place }) => place.carrier === 'columns'),
      documents: mine.filter(({ place }) => place.carrier !== 'columns'),
    }));
}

/* What is looked for in places of one form: every tuple of values that names one of several models, and what each tuple means. */

/** The tuples of a form have one length, and no text of PostgreSQL has this character. */
function idOf(tuple: readonly (string | null)[]): string {
  const [only] = tuple;
  return typeof only === 'string' && tuple.length === 1 ? only : tuple.join('\0');
}

class SoughtModels {
  readonly tuples: readonly (readonly string[])[];
  readonly #models = new Map<string, number[]>();
  readonly #finders = new Map<string, ReturnType<typeof tupleFinder>>();
  readonly #lists = new Map<string, readonly string[]>();

  constructor(
    tuplesOf: (model: ModelNames) => readonly (readonly string[])[],
    models: readonly ModelNames[],
  ) {
    const tuples: (readonly string[])[] = [];
    for (const [number, model] of models.entries())
      for (const tuple of tuplesOf(model)) {
        const id = idOf(tuple);
        const known = this.#models.get(id);
        if (known !== undefined) known.push(number);
        else {
          tuples.push(tuple);
          this.#models.set(id, [number]);
        }
      }
    this.tuples = tuples;
  }

  /** The models, by their number, that a tuple means. */
  meant(tuple: readonly (string | null)[]): readonly number[] {
    return tuple.includes(null) ? [] : (this.#models.get(idOf(tuple)) ?? []);
  }

  /** The models that a place of a document names. */
  namedIn(place: Place, value: DocumentValue): number[] {
    const find = this.#finders.get(place.id) ?? tupleFinder(place, this.tuples);
    this.#finders.set(place.id, find);
    return find(value).flatMap((number) => this.meant(this.tuples[number] ?? []));
  }

  /**
   * What a statement compares with: the values of one part of the tuples by its number, `terms` that a document must contain, and
   * `terms1`, `terms2` … as they stand within so many strings of JSON.
   */
  list(name: string): readonly string[] {
    const list = this.#lists.get(name) ?? [...new Set(this.#values(name))];
    this.#lists.set(name, list);
    return list;
  }

  #values(name: string): string[] {
    if (name === 'terms') return this.tuples.flat().filter((term) => term !== '');
    const strings = /^terms(\d+)$/.exec(name)?.[1];
    if (strings !== undefined) return this.list('terms').map((term) => escaped(term, Number(strings)));
    return this.tuples.map((tuple) => tuple[Number(name)] ?? '');
  }
}
