/** What is looked for in places of one form: every tuple of values that names one of several models, and what each tuple means. */
import { escaped } from '../../engine/edit/layers.ts';
import { tupleFinder } from '../../engine/rules/documents.ts';
import type { ModelNames } from '../../engine/models/model.ts';
import type { DocumentValue } from '../../engine/edit/documents.ts';
import type { Place } from '../../engine/rules/place.ts';

/** The tuples of a form have one length, and no text of PostgreSQL has this character. */
function idOf(tuple: readonly (string | null)[]): string {
  const [only] = tuple;
  return typeof only === 'string' && tuple.length === 1 ? only : tuple.join('\0');
}

export class SoughtModels {
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
