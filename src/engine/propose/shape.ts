/** What the shape of a table says about its rows: permissions, facts about models, what a person calls them, settings. */
import { type Catalog, type Column, findTable, type Table, type TableId } from '../catalogue/catalog.ts';
import type { NameScope } from '../catalogue/names.ts';
import type { KnownWords } from './known-words.ts';
import type { Guess, Observations } from './observation.ts';
import { namesModel, namesProvider, singular, singularWords, snake, wordSet } from '../catalogue/wording.ts';

const permissionWords = wordSet('allowed allow grant enabled available permission access permitted');

/**
 * Is the place part of a key that ties two things together: a permission to use a model? Where rows carry more than that, such as
 * settings, a row that collides is not redundant.
 */
export function guessGrant(table: Table, column: string): Guess<'grant'> | undefined {
  const words = singularWords(table.name);
  const isPermission = words.some((word) => permissionWords.has(word));
  const key = table.uniqueIndexes.find(
    (index) =>
      index.columns.length > 1 &&
      index.columns.includes(column) &&
      (index.predicate === undefined || isPermission),
  );
  if (key === undefined) return undefined;
  const tied = (name: string | null): boolean =>
    name !== null &&
    (namesModel(name) || namesProvider(name) || isId(table, name) || words.includes(singular(snake(name))));
  const payload = table.columns.filter(
    (other) => !key.columns.includes(other.name) && !isIncidental(table, other),
  );
  if (!key.columns.every(tied) || payload.length > (isPermission ? 1 : 0)) return undefined;
  const others = key.columns.filter((name) => name !== column).join(', ');
  return {
    value: 'grant',
    reason: `the key ${key.name} ties a model to ${others}: a permission, not a choice`,
  };
}

const attributes = wordSet(`
  price pricing cost rate rpm tpm limit context max_tokens input output capability capabilities tier dimension supports score quality`);
const attribute = new RegExp(`(^|_)(${[...attributes].join('|')})s?(_|$)`);

/**
 * Do the rows say something about a model: its prices, its limits, what it can do? Then a key says so of each model once, by itself,
 * with words such as a unit, or within rows that say something about it, too, such as a tier of prices. Numbers stand beside it, or the
 * table is called after what it says.
 */
export function describesModel(scope: NameScope, table: Table, column: string): boolean {
  return describes(scope.catalog, { table, column, within: [] });
}

interface Describing {
  readonly table: Table;
  readonly column: string;
  /** The tables that led here. */
  readonly within: readonly TableId[];
}

function describes(catalog: Catalog, about: Describing): boolean {
  const { table, column } = about;
  const own = table.foreignKeys.find((key) => key.columns.includes(column))?.columns ?? [column];
  const tellsApart = (name: string): boolean =>
    own.includes(name) || isPartOf(catalog, about, name) || (!isId(table, name) && !namesModel(name));
  const isKeyed = table.uniqueIndexes.some(
    (index) =>
      index.columns.includes(column) && index.columns.every((name) => name !== null && tellsApart(name)),
  );
  return (
    isKeyed && (attribute.test(snake(table.name)) || table.columns.some((one) => isMeasure(one, column)))
  );
}

function isMeasure({ name, kind, type }: Column, column: string): boolean {
  const holds =
    ['integer', 'json', 'jsonb'].includes(kind) || /^(numeric|real|double|money|boolean)/.test(type);
  return name !== column && attribute.test(snake(name)) && holds;
}

/** Does the column lead to rows that describe the same models? */
function isPartOf(catalog: Catalog, { table, column, within }: Describing, name: string): boolean {
  const models = table.foreignKeys.find((key) => key.columns.includes(column))?.references;
  const lead = table.foreignKeys.find((key) => key.columns.includes(name))?.references;
  const parent = lead === undefined || within.includes(lead) ? undefined : findTable(catalog, lead);
  const key = parent?.foreignKeys.find(({ references }) => references === models);
  if (models === undefined || parent === undefined || key === undefined) return false;
  return key.columns.some((each) =>
    describes(catalog, { table: parent, column: each, within: [...within, table.id, parent.id] }),
  );
}

function isIncidental(table: Table, column: Column): boolean {
  const name = snake(column.name);
  return (
    column.generated ||
    isId(table, column.name) ||
    namesModel(column.name) ||
    namesProvider(column.name) ||
    /^(created|updated|modified|granted|added|deleted|revoked|position|sort|note|comment|reason|since|until|is_)|_(at|on|by)$/.test(
      name,
    )
  );
}

/** Does a column say which row this is, or which it belongs to? */
export function isId(table: Table, name: string): boolean {
  return (
    table.foreignKeys.some((key) => key.columns.includes(name)) ||
    table.primaryKey.includes(name) ||
    /(^|_)(id|uuid|key|no|ref)$/.test(snake(name))
  );
}

/** The column by which a person knows a row. */
export function guessDisplay(table: Table): string | undefined {
  for (const pattern of [
    /^(display_?)?name$/,
    /^title$/,
    /^label$/,
    /_(name|title|alias)$/,
    /^(user|login|nick|account|company)_?name$/,
    /^(subject|slug|handle|email)$/,
  ]) {
    const found = table.columns.find(
      (column) =>
        column.kind === 'text' &&
        pattern.test(snake(column.name)) &&
        !namesModel(column.name) &&
        !namesProvider(column.name),
    );
    if (found !== undefined) return found.name;
  }
  return undefined;
}

/** What `guessParameters` looks at. */
interface ParameterEvidence {
  readonly seen: Observations;
  readonly words: KnownWords;
  /** Columns that hold references: what names a model is never settings alone. */
  readonly references: ReadonlySet<string>;
}

/** The column with the settings that belong to a model reference: by its name, and by what is in it. */
export function guessParameters(
  table: Table,
  column: string,
  { seen, words, references }: ParameterEvidence,
): string | undefined {
  const main = /^(completion_|chat_|llm_|ai_)?(models?|llm)(_(id|name|key|slug))?$/.test(snake(column));
  const found = table.columns.find(
    (other) =>
      (other.kind === 'json' || other.kind === 'jsonb') &&
      !references.has(other.name) &&
      parameterName.test(snake(other.name)),
  );
  if (!main || found === undefined) return undefined;
  const [members = []] = seen.inner
    .filter(
      ({ table: id, column: name, kind, pointer }) =>
        id === table.id && name === found.name && kind === 'json-key' && pointer === '',
    )
    .map(({ distinct }) => distinct);
  const known = members.filter((member) => words.parameter(member)).length;
  const isSure =
    members.length === 0 || known * 2 >= members.length || !/(^|_)settings$/.test(snake(found.name));
  return isSure || namesModelSettings.test(snake(found.name)) ? found.name : undefined;
}

const parameterName =
  /(^|_)(kwargs|parameters|params|model_settings|model_config|generation_(config|settings)|settings)$/;
const namesModelSettings = /(^|_)(model|generation|llm|completion)_(settings|config)$/;
