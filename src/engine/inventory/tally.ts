/**
 * Counts the rows of one table that name terms, a row at a time. What is kept grows with the places and not with the rows: a column
 * whose documents have members without end is counted under one path from some number on.
 */
import type { TableId } from '../catalogue/catalog.ts';
import { compareText } from '../order.ts';
import { visitLeaves } from './leaves.ts';
import type { Leaf } from './leaves.ts';
import type { FoundTerm, Matcher } from './matcher.ts';
import type { Form, Occurrence, ColumnKind } from './occurrence.ts';
import { speaksOfModels } from './term.ts';
import type { Term } from './term.ts';

interface TalliedColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Does a foreign key lead to the model's row? Then a number needs no name that speaks of a model. */
  readonly isLink: boolean;
}

interface TallyInput {
  readonly table: TableId;
  readonly columns: readonly TalliedColumn[];
  readonly matcher: Matcher;
  /** How many row keys are kept for each occurrence. Counts are always complete. */
  readonly samples: number;
}

const mostEntries = 2000;
const mostWritten = 3;
/** Texts of which it is known what they name: so many, so long. */
const mostKept = 5000;
const longestKept = 100;

interface Entry {
  readonly occurrence: Omit<Occurrence, 'prose' | 'written' | 'rows' | 'samples'>;
  readonly written: string[];
  readonly samples: string[];
  rows: number;
  prose: boolean;
  lastRow: number;
}

export class Tally {
  readonly #input: TallyInput;
  readonly #entries = new Map<Term, Map<string, Entry>>();
  #places = 0;
  readonly #isModel: (name: string) => boolean;
  readonly #known = new Map<string, readonly FoundTerm[]>();
  #row = 0;

  constructor(input: TallyInput) {
    this.#input = input;
    this.#isModel = (name) => this.#find(name, true).some(({ form }) => form === 'exact');
  }

  /** Members have the same few names in every row, and what names a model is mostly the same name. */
  #find(text: string, isMember: boolean): readonly FoundTerm[] {
    if (text.length > longestKept) return this.#input.matcher.find(text);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const found = this.#input.matcher.find(text);
    if (!isMember && found.length === 0) return found;
    if (this.#known.size >= mostKept) this.#known.clear();
    this.#known.set(text, found);
    return found;
  }

  /** A row: how to get its key, and the text of each column; null where it is NULL or cannot name anything. */
  add(key: () => string, cells: readonly (string | null | undefined)[]): void {
    this.#row += 1;
    for (const [at, column] of this.#input.columns.entries()) {
      const text = cells[at];
      if (text === null || text === undefined) continue;
      const visit = (leaf: Leaf): void => this.#addLeaf({ key, column, cells }, leaf);
      visitLeaves(column.kind, text, { isModel: this.#isModel, visit });
    }
  }

  #addLeaf(row: RowPart, leaf: Leaf): void {
    for (const found of this.#find(leaf.text, leaf.isMember)) this.#count(row, leaf, found);
    const number = this.#input.matcher.findKey(leaf.text);
    if (number !== undefined && speaks(row, leaf)) this.#count(row, leaf, number);
  }

  #count({ key, column }: RowPart, leaf: Leaf, found: FoundTerm): void {
    const form: Form = leaf.isMember && found.form === 'exact' ? 'member' : found.form;
    const path = leaf.isMember ? `${leaf.path ?? ''}/~key` : leaf.path;
    const spelling = found.snapshot ? found.written : found.term.text;
    const prose = form === 'inside' && readsAsProse(leaf.text, found.at);
    const entry = this.#entry(column, { path, form, found, spelling });
    if (
      found.written !== spelling &&
      entry.written.length < mostWritten &&
      !entry.written.includes(found.written)
    )
      entry.written.push(found.written);
    entry.prose &&= prose;
    if (entry.lastRow === this.#row) return;
    entry.lastRow = this.#row;
    entry.rows += 1;
    if (entry.samples.length < this.#input.samples) entry.samples.push(key());
  }

  /** By term first, since each row has another path as a new text, and few terms have many. */
  #entry({ name, kind }: TalliedColumn, { path, form, found, spelling }: TalliedPlace): Entry {
    const ofTerm = this.#entries.get(found.term) ?? new Map<string, Entry>();
    this.#entries.set(found.term, ofTerm);
    const kept = this.#keptPath(path);
    const id = `${form} ${found.snapshot ? spelling : ''} ${name}\0${kept ?? '\0'}`;
    const known = ofTerm.get(id);
    if (known !== undefined) return known;
    const { table } = this.#input;
    const { term, snapshot } = found;
    const { model, by } = term;
    const occurrence = { table, column: name, kind, path: kept, form, by, model, spelling, snapshot };
    const entry: Entry = { occurrence, written: [], rows: 0, prose: true, samples: [], lastRow: 0 };
    ofTerm.set(id, entry);
    this.#places += 1;
    return entry;
  }

  #keptPath(path: string | null): string | null {
    return path === null || path === '' || this.#places < mostEntries ? path : '/**';
  }

  occurrences(): Occurrence[] {
    const all = [...this.#entries.values()].flatMap((ofTerm) => [...ofTerm.values()]);
    const order = ({ occurrence: { column, path, form, spelling, by } }: Entry): string =>
      [column, path ?? '', form, spelling, by].join('\0');
    return all
      .sort((a, b) => compareText(order(a), order(b)))
      .map(({ occurrence, rows, prose, written, samples }) => ({
        ...occurrence,
        prose,
        written: [...written],
        rows,
        samples: samples.toSorted(compareText),
      }));
  }
}

interface RowPart {
  readonly key: () => string;
  readonly column: TalliedColumn;
  readonly cells: readonly (string | null | undefined)[];
}

interface TalliedPlace {
  readonly path: string | null;
  readonly form: Form;
  readonly found: FoundTerm;
  readonly spelling: string;
}

/** Does what the value is called speak of a model, or, of a text that is no document, a short text beside it? */
function speaks({ column, cells }: RowPart, { path }: Leaf): boolean {
  if (column.isLink || speaksOfModels(calledBy(column.name, path))) return true;
  if (path !== null || column.kind !== 'text') return false;
  return cells.some((cell) => typeof cell === 'string' && isShortText(cell) && speaksOfModels(cell));
}

/** Words that say nothing of what a value is; then what holds it says it. */
const plainStep =
  /^(ids?|keys?|values?|names?|ref|uuid|default|primary|secondary|fallbacks?|backup|current|main|\d+)$/i;

/** The member that a value within a document is, or what holds it: a number in `model_settings/temperature` is no key of a model. */
function calledBy(column: string, path: string | null): string {
  const steps = (path ?? '')
    .split('/')
    .filter((step) => step !== '' && step !== '*' && step !== '**' && !step.startsWith('~'));
  return [column, ...steps].findLast((step) => !plainStep.test(step)) ?? column;
}

/** A document beside a value speaks for itself. */
function isShortText(cell: string): boolean {
  return cell.length <= 64 && !/^\s*[{[]/.test(cell);
}

const fewestWords = 6;
const smallestShare = 0.6;
/** Enough of a long text to tell what it is. */
const judged = 400;

/** @param at where the name begins. What follows a key that speaks of a model is a setting, whatever is around it. */
export function readsAsProse(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 40), at);
  if (/(?:model|llm|engine)[\w"']*\s*[:=]\s*["'[]?$/i.test(before)) return false;
  const tokens = text
    .slice(Math.max(0, at - judged), at + judged)
    .trim()
    .split(/\s+/);
  const words = tokens.filter(
    (token) => /^["'“(]*\p{L}+(?:['’]\p{L}+)?[.,;:!?"'”)]*$/u.test(token) && !token.endsWith(':'),
  );
  return words.length >= fewestWords && words.length >= tokens.length * smallestShare;
}
