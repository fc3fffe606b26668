/** Columns that are called after a table, and may hold its keys though no foreign key leads there. Their values decide. */
import { type Catalog, type Column, findColumn, type Table, type TableId } from '../catalogue/catalog.ts';
import type { LinkCandidate } from './observation.ts';
import {
  frameworkWords,
  namesModel,
  singular,
  singularWords,
  wordSet,
  wordsOf,
} from '../catalogue/wording.ts';

/** Columns without a foreign key whose name and type fit the key of another table. */
export function listLinkCandidates(catalog: Catalog): LinkCandidate[] {
  const named = new KeyColumns(catalog, isLoose);
  return inOrder(
    catalog,
    catalog.tables.flatMap((target) =>
      named.of(target).flatMap(({ table, column }) => linkTo(target, table, column)),
    ),
  );
}

/** Columns whose name speaks of models, whatever the table of models is called. */
export function listModelLinks(catalog: Catalog, models: ReadonlySet<TableId>): LinkCandidate[] {
  const targets = catalog.tables.filter(({ id }) => models.has(id));
  return catalog.tables.flatMap((table) =>
    table.columns
      .filter((column) => isLoose(table, column) && namesModel(column.name))
      .flatMap((column) => targets.flatMap((target) => linkTo(target, table, column))),
  );
}

function linkTo(target: Table, table: Table, column: Column): LinkCandidate[] {
  const key = target.primaryKey.length === 1 ? findColumn(target, target.primaryKey[0] ?? '') : undefined;
  // What an application writes as text may be the key that the database knows as a uuid.
  const fits = key?.kind === column.kind || (key?.kind === 'uuid' && column.kind === 'text');
  return key !== undefined && fits && target.id !== table.id
    ? [{ table: table.id, column: column.name, target: target.id, targetColumn: key.name }]
    : [];
}

/** By the table and the column, as the catalogue has them. */
function inOrder({ tables }: Catalog, links: readonly LinkCandidate[]): LinkCandidate[] {
  const byTable = Map.groupBy(links, ({ table }) => table);
  return tables.flatMap(({ id, columns }) => {
    const byColumn = Map.groupBy(byTable.get(id) ?? [], ({ column }) => column);
    return columns.flatMap(({ name }) => byColumn.get(name) ?? []);
  });
}

function isLoose(table: Table, column: Column): boolean {
  return (
    ['uuid', 'integer', 'text'].includes(column.kind) &&
    !table.foreignKeys.some((key) => key.columns.includes(column.name))
  );
}

const qualifiers = wordSet(
  'current active live latest published default preferred fallback parent owner original',
);

/** `agent_id`, `agentId` and `agent` name the key of `agents` and of `app_agents`; `chat_model_id` that of `app_chatmodel`. */
export function namesKeyOf(column: string, table: string): boolean {
  const base = columnWords(column);
  const target = tableWords(table);
  return (
    target.slice(-base.length).join('_') === base.join('_') ||
    (base.length > 1 && target.at(-1) === base.join('')) ||
    (target.length > 0 && base.slice(-target.length).join('_') === target.join('_'))
  );
}

/** The words of what a column points at. */
function columnWords(column: string): string[] {
  const words = wordsOf(column)
    .map(singular)
    .filter((word, at) => at > 0 || !qualifiers.has(word));
  return words.length > 1 && /^(id|key|no|nr|ref|uuid|code|number)$/.test(words.at(-1) ?? '')
    ? words.slice(0, -1)
    : words;
}

function tableWords(table: string): string[] {
  return singularWords(table).filter((word, at) => at === 0 || !frameworkWords.has(word));
}

export interface OwnColumn {
  readonly table: Table;
  readonly column: Column;
}

/**
 * The columns of a catalogue by the table that they are called after. Of a thousand tables with twenty columns each, to compare every
 * column with every table takes half a minute. What `namesKeyOf` finds ends with the last word of the table, written together or not.
 */
export class KeyColumns {
  readonly #byEnd = new Map<string, OwnColumn[]>();

  /** @param isAsked of which columns; all, where it is left out */
  constructor({ tables }: Catalog, isAsked: (table: Table, column: Column) => boolean = () => true) {
    for (const table of tables)
      for (const column of table.columns) if (isAsked(table, column)) this.#add({ table, column });
  }

  #add(own: OwnColumn): void {
    const words = columnWords(own.column.name);
    for (const end of new Set([words.at(-1) ?? '', words.join('')])) {
      const all = this.#byEnd.get(end);
      if (all === undefined) this.#byEnd.set(end, [own]);
      else all.push(own);
    }
  }

  /** Columns that are called after the table, in the order of the catalogue. */
  of(table: Table): OwnColumn[] {
    const ending = this.#byEnd.get(tableWords(table.name).at(-1) ?? '') ?? [];
    return ending.filter(({ column }) => namesKeyOf(column.name, table.name));
  }
}
