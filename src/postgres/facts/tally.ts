/** What the sampled rows of a table hold, counted and cut short, for `drover init`. */
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import { looksLikeDocument, visitJson } from '../../engine/inventory/leaves.ts';
import type { Leaf } from '../../engine/inventory/leaves.ts';
import type { BoundValues, ColumnValues, InnerValues } from '../../engine/propose/observation.ts';
import { snake } from '../../engine/catalogue/wording.ts';

/** Distinct values of a column, unless more are asked for. */
export const maxDistinct = 300;
const maxValueChars = 200;
const maxPlaces = 400;
/** Names of settings, and values of each. */
const maxBound = 400;
const maxBoundValues = 50;

/** Distinct values, up to a number. */
class Distinct {
  filled = 0;
  readonly values = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(value: string): void {
    this.filled += 1;
    if (value.length <= maxValueChars && this.values.size < this.#limit) this.values.add(value);
  }
}

/** The values of some columns of a table, row by row. */
export class TableTally {
  readonly table: Table;
  readonly observed: readonly Column[];
  readonly #limit: number;
  readonly #columns = new Map<string, Distinct>();
  readonly #bindings: readonly Binding[];
  readonly #bound = new Map<string, Binding & { readonly name: string; readonly values: Distinct }>();
  readonly #inner = new Map<
    string,
    { place: Pick<InnerValues, 'column' | 'kind' | 'pointer'>; values: Distinct }
  >();

  constructor(table: Table, observed: readonly Column[], limit: number) {
    this.table = table;
    this.#limit = limit;
    this.observed = observed;
    this.#bindings = bindingsOf(observed);
  }

  add(values: readonly (string | null)[]): void {
    this.#bind(values);
    for (const [at, column] of this.observed.entries()) {
      const value = values[at];
      if (value === null || value === undefined) continue;
      if (column.kind === 'json' || column.kind === 'jsonb') this.#document(column.name, value);
      else if (column.kind.endsWith('[]')) this.#list(column.name, value);
      else this.#scalar(column.name, value);
    }
  }

  #bind(values: readonly (string | null)[]): void {
    for (const { by, at } of this.#bindings) {
      const [name, value] = [values[by], values[at]];
      if (name === null || name === undefined || value === null || value === undefined) continue;
      const id = JSON.stringify([by, at, name]);
      const known = this.#bound.get(id) ?? { by, at, name, values: new Distinct(maxBoundValues) };
      if (this.#bound.size < maxBound || this.#bound.has(id)) this.#bound.set(id, known);
      known.values.add(value);
    }
  }

  #scalar(column: string, value: string): void {
    const known = this.#columns.get(column) ?? new Distinct(this.#limit);
    this.#columns.set(column, known);
    known.add(value);
    if (looksLikeDocument(value) && this.#document(column, value)) return;
    this.#parted({ column }, value);
  }

  /** Prose has commas, too, but blanks within what they part. */
  #parted(place: Pick<InnerValues, 'column' | 'pointer'>, value: string): void {
    for (const [kind, mark] of [
      ['comma', ','],
      ['bars', '|'],
    ] as const) {
      const items = value.split(mark).map((item) => item.trim());
      const isList =
        items.length > 1 && value.length <= 2000 && items.every((item) => item !== '' && !/\s/.test(item));
      if (isList) for (const item of items) this.#place({ ...place, kind }, item);
    }
  }

  #document(column: string, value: string): boolean {
    return walk(value, ({ text, path, isMember }) => {
      const pointer = path ?? '';
      this.#place({ column, kind: isMember ? 'json-key' : 'json-value', pointer }, text);
      if (!isMember) this.#parted({ column, pointer }, text);
    });
  }

  #list(column: string, json: string): void {
    walk(json, (leaf) => this.#place({ column, kind: 'array' }, leaf.text));
  }

  #place(place: Pick<InnerValues, 'column' | 'kind' | 'pointer'>, value: string): void {
    const id = `${place.column} ${place.kind} ${place.pointer ?? ''}`;
    const known = this.#inner.get(id) ?? { place, values: new Distinct(maxDistinct) };
    if (this.#inner.size < maxPlaces || this.#inner.has(id)) this.#inner.set(id, known);
    known.values.add(value);
  }

  columns(): ColumnValues[] {
    return [...this.#columns].map(([column, { filled, values }]) => ({
      table: this.table.id,
      column,
      filled,
      distinct: [...values].sort(),
    }));
  }

  bound(): BoundValues[] {
    return [...this.#bound.values()].map(({ by, at, name, values }) => ({
      table: this.table.id,
      column: this.observed[at]?.name ?? '',
      by: this.observed[by]?.name ?? '',
      name,
      distinct: [...values.values].sort(),
    }));
  }

  inner(): InnerValues[] {
    return [...this.#inner.values()].map(({ place, values }) => ({
      table: this.table.id,
      ...place,
      filled: values.filled,
      distinct: [...values.values].sort(),
    }));
  }
}

/** Columns of a table of settings, by their position among those that are looked at: a name and a value. */
interface Binding {
  readonly by: number;
  readonly at: number;
}

function bindingsOf(columns: readonly Column[]): Binding[] {
  const at = columns.findIndex(
    ({ name, kind }) => kind === 'text' && /(^|_)(value|val|setting_value|data)$/.test(snake(name)),
  );
  if (at === -1) return [];
  return columns.flatMap(({ name, kind }, by) =>
    by !== at && kind === 'text' && settingName.test(snake(name)) ? [{ by, at }] : [],
  );
}

const settingName =
  /(^|_)(key|name|setting|group|grp|section|scope|category|option|param|parameter|property|attribute|code|field|type)$/;

/** No model is looked for here, so no member is called after one. */
function walk(json: string, visit: (leaf: Leaf) => void): boolean {
  return visitJson(json, '', { visit, isModel: () => false });
}
