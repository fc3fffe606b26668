/**
 * Keys of rows that read like models: a customer with the key `o1`, a person called `sonar`. A key that foreign keys refer to is a key
 * first. It names a model where the names of tables and columns speak of models, or where it reads like nothing else and its table is
 * not called after customers or people.
 */
import type { TableId } from '../catalogue/catalog.ts';
import { isCalledOwner } from '../catalogue/owner-words.ts';
import { namesModel } from '../catalogue/wording.ts';
import type { Occurrence } from './occurrence.ts';
import { mayBeAnyKey, speaksOfModels } from './term.ts';

/** A column of a foreign key, and the column that it refers to. */
export interface KeyLink {
  readonly table: TableId;
  readonly column: string;
  readonly target: TableId;
  /** The name of the target without its schema. */
  readonly targetName: string;
  readonly targetColumn: string;
}

/** What names a model, and what is a key that only reads like one. */
interface PartedOccurrences {
  readonly occurrences: readonly Occurrence[];
  readonly keys: readonly Occurrence[];
}

/** Of occurrences by name, those in columns that foreign keys tie to a key; all others name a model. */
export function partKeys(all: readonly Occurrence[], links: readonly KeyLink[]): PartedOccurrences {
  const ends = new KeyEnds(links);
  const isKey = ({ table, column, by, path, form, spelling }: Occurrence): boolean => {
    if (by !== 'name' || path !== null) return false;
    const tied = ends.of(table, column);
    if (tied.length === 0 || tied.some(speaks)) return false;
    return (
      tied.some(({ targetName }) => isCalledOwner(targetName)) || (form === 'exact' && mayBeAnyKey(spelling))
    );
  };
  const parted = Map.groupBy(all, isKey);
  return { occurrences: parted.get(false) ?? [], keys: parted.get(true) ?? [] };
}

function speaks({ column, targetName, targetColumn }: KeyLink): boolean {
  return [column, targetName, targetColumn].some((name) => speaksOfModels(name) || namesModel(name));
}

/** The links that meet in one key, however many tables they pass through. */
class KeyEnds {
  readonly #byColumn: ReadonlyMap<string, readonly KeyLink[]>;
  readonly #byTarget: ReadonlyMap<string, readonly KeyLink[]>;

  constructor(links: readonly KeyLink[]) {
    this.#byColumn = Map.groupBy(links, ({ table, column }) => idOf(table, column));
    this.#byTarget = Map.groupBy(links, ({ target, targetColumn }) => idOf(target, targetColumn));
  }

  /** Every link between columns that hold the same key as this one. */
  of(table: TableId, column: string): readonly KeyLink[] {
    const seen = new Set<string>();
    const found = new Set<KeyLink>();
    const open = [idOf(table, column)];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      for (const link of [...(this.#byColumn.get(at) ?? []), ...(this.#byTarget.get(at) ?? [])]) {
        found.add(link);
        open.push(idOf(link.table, link.column), idOf(link.target, link.targetColumn));
      }
    }
    return [...found];
  }
}

function idOf(table: TableId, column: string): string {
  return JSON.stringify([table, column]);
}
