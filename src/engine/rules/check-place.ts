/** What a single place says that cannot be: it would be accepted and then be without effect, or fail in the middle of a move. */
import type { NamedOnce } from './names-used.ts';
import { canMove, isLeftAlone } from './place.ts';
import { findColumn } from '../catalogue/catalog.ts';
import type { Column, Table } from '../catalogue/catalog.ts';
import { isConfiguration, isLabel, mayListModels, nameRank, otherRank } from '../catalogue/listed-models.ts';
import { columnPath, tablePath } from '../catalogue/names.ts';
import type { ConfigProblem } from './config.ts';
import type { PlaceConfig } from './place-config.ts';
import type { Draft, FoundPlace, Place } from './place.ts';

/** All problems of one place of the configuration, each at its own line. */
export function placeProblems(draft: Draft, found: FoundPlace, place: Place): ConfigProblem[] {
  const said = [
    ...unlistedProblems(draft, found, place),
    ...(isLeftAlone(place) ? [] : partProblems(draft, found, place)),
  ];
  return said.map(({ path, message }) => ({ path: ['places', found.at, ...path], message }));
}

function partProblems(draft: Draft, found: FoundPlace, place: Place): ConfigProblem[] {
  return [
    ...identityProblems(draft, found),
    ...computedProblems(draft, found),
    ...kindProblems(draft, found),
    ...componentProblems(draft, found, place),
    ...typeProblems(draft, found, place),
    ...formProblems(draft, found, place),
  ];
}

/**
 * What the rows of a list of models are called, where the configuration does not know the list: whoever refers to a row by its key names
 * that model, and to write another name there, or to leave it aside, is to forget them all. A question may be asked about it.
 */
function unlistedProblems(
  { scope, modelTables }: Draft,
  { place: { as }, table, column, key }: FoundPlace,
  place: Place,
): ConfigProblem[] {
  // A list of names, or a text with a name in it, is not what the row is called.
  const isWhole = (place.shape ?? 'scalar') === 'scalar';
  const isName = isWhole && (nameRank(column) < otherRank || (isLabel(column.name) && canMove(place)));
  if (key !== undefined || as !== undefined || place.json !== undefined || place.role === 'ask' || !isName)
    return [];
  const keys = keysToUnlisted({ scope, modelTables }, table);
  if (keys.length === 0) return [];
  const [path, holder] = [columnPath(scope, table, column.name), tablePath(scope, table)];
  const others = keys.length === 1 ? '' : ` and ${keys.length - 1} more`;
  const name = isLabel(column.name) ? '…' : column.name;
  const refer = `${keys[0]}${others} refer${keys.length === 1 ? 's' : ''} to such rows by key`;
  const message =
    `${path} says what a row of ${holder} is called, and ${refer}: list them as models, ` +
    `model.tables: [{ table: ${holder}, columns: { name: ${name} } }], and take this place out; ` +
    'where a row is no model but uses one, say so with as: "{name}"';
  return [{ path: ['at'], message }];
}

/** The columns that refer by key to the rows of a table which may be a list of models that the configuration does not know. */
function keysToUnlisted(
  { scope, modelTables }: Pick<Draft, 'scope' | 'modelTables'>,
  table: Table,
): string[] {
  const isKnown = modelTables.some((model) => model.table.id === table.id);
  if (isKnown || !mayListModels(table) || isConfiguration(table)) return [];
  return scope.catalog.tables.flatMap((other) =>
    other.foreignKeys
      .filter(({ references }) => references === table.id && other.id !== table.id)
      .map(({ columns: [first = ''] }) => columnPath(scope, other, first)),
  );
}

/** Must a place on the column say that its rows use models and are none? */
export function mustSayAs(
  known: Pick<Draft, 'scope' | 'modelTables'>,
  { table, column }: { readonly table: Table; readonly column: Column },
): boolean {
  const isName = nameRank(column) < otherRank || isLabel(column.name);
  return isName && keysToUnlisted(known, table).length > 0;
}

/** The columns by which the models' own table says which model a row is. */
function identityProblems(draft: Draft, { table, column, key }: FoundPlace): ConfigProblem[] {
  if (key !== undefined) return [];
  const model = draft.modelTables.find((candidate) => candidate.table.id === table.id);
  if (model === undefined) return [];
  const { name, family, provider, tenant } = model.config.columns;
  if (![model.key, name, family, provider, tenant].includes(column.name)) return [];
  const path = columnPath(draft.scope, table, column.name);
  return [
    {
      path: ['at'],
      message: `${path} says which model a row of ${tablePath(draft.scope, table)} is, and names no other: take this place out of the list`,
    },
  ];
}

function computedProblems(draft: Draft, { place, table, column }: FoundPlace): ConfigProblem[] {
  const path = columnPath(draft.scope, table, column.name);
  const own = !column.generated
    ? []
    : [
        {
          path: ['at'],
          message:
            `the database computes ${path}, and nobody can write it: take this place out of the list; ` +
            'it follows the column that it is computed from',
        },
      ];
  return [...own, ...writtenBeside(place).flatMap((beside) => unwritable(draft, table, beside))];
}

/** Columns beside the reference that a move writes. */
function writtenBeside({ partner = {}, parameters, companions = {} }: PlaceConfig): NamedOnce[] {
  const partners =
    typeof partner === 'string'
      ? [{ path: ['partner'], name: partner }]
      : Object.entries(partner).map(([component, name]) => ({ path: ['partner', component], name }));
  const changed = Object.entries(companions).filter(([, rule]) => rule !== 'keep');
  return [
    ...partners,
    ...(parameters === undefined ? [] : [{ path: ['parameters'], name: parameters }]),
    ...changed.map(([name]) => ({ path: ['companions', name], name })),
  ];
}

function unwritable(draft: Draft, table: FoundPlace['table'], { path, name }: NamedOnce): ConfigProblem[] {
  if (findColumn(table, name)?.generated !== true) return [];
  const column = columnPath(draft.scope, table, name);
  return [{ path, message: `the database computes ${column}, and nobody can write it: leave it out` }];
}

/** A kind that nobody has, or another than that of the models that the column's foreign key leads to. */
function kindProblems(draft: Draft, { place: { kind }, table, column, key }: FoundPlace): ConfigProblem[] {
  const kinds = [...new Set(draft.modelTables.map((model) => model.kind))];
  if (kind === undefined || kinds.length === 0) return [];
  if (!kinds.includes(kind))
    return [{ path: ['kind'], message: `no table of models holds ${kind}; there are ${kinds.join(', ')}` }];
  const other = draft.modelTables.find((model) =>
    table.foreignKeys.some(
      (candidate) => candidate.columns.includes(column.name) && candidate.references === model.table.id,
    ),
  );
  if (key !== undefined || other === undefined) return [];
  const path = columnPath(draft.scope, table, column.name);
  const holder = tablePath(draft.scope, other.table);
  return [
    {
      path: ['kind'],
      message:
        `the foreign key of ${path} leads to ${holder}, which holds ${other.kind} and not ${kind}: ` +
        `write kind: ${other.kind}, or leave it out`,
    },
  ];
}

/** The names that a template may use beside the components of the models. */
const known = ['key', 'tenant', 'spelling'];

/** Components that the models do not have: no value would ever be equal. */
function componentProblems(draft: Draft, { place }: FoundPlace, { kind }: Place): ConfigProblem[] {
  const components = componentsOfModels(draft, kind);
  const check = (path: ConfigProblem['path'], names: readonly string[], way: string): ConfigProblem[] =>
    names
      .filter((name) => !components.includes(name))
      .map((name) => ({
        path,
        message: `the models have no component ${name}, only ${components.join(', ')}: ${adding(draft, name)}, or ${way}`,
      }));
  const partners = typeof place.partner === 'string' ? ['provider'] : Object.keys(place.partner ?? {});
  return [
    ...check(['partner'], partners, 'leave partner out'),
    ...check(
      ['fields'],
      Object.keys(place.fields ?? {}).filter((name) => !known.includes(name)),
      'leave it out of fields',
    ),
    ...templatesOf(place).flatMap(({ path, template }) => [
      ...check(
        path,
        namesIn(template).filter((name) => !known.includes(name)),
        'write {name}',
      ),
      ...withoutName(path, template),
    ]),
  ];
}

function adding({ modelTables }: Draft, name: string): string {
  return modelTables.length === 0
    ? `add it to model.identity`
    : `say which column holds it (columns: { ${name}: … } of the table of models)`;
}

function componentsOfModels({ modelTables, config }: Draft, kind: string): string[] {
  if (modelTables.length === 0) return [...(config.model?.identity ?? ['name'])];
  const tables = modelTables.filter((model) => model.kind === kind);
  const has = (name: 'family' | 'provider'): boolean =>
    tables.some((model) => model.config.columns[name] !== undefined);
  return ['name', ...(['family', 'provider'] as const).filter(has)];
}

function templatesOf({ as, also = [] }: PlaceConfig): { path: ConfigProblem['path']; template: string }[] {
  const own = as === undefined || as === 'key' ? [] : [{ path: ['as'], template: as }];
  return [...own, ...also.map((template, at) => ({ path: ['also', at], template }))];
}

function namesIn(template: string): string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
}

function withoutName(path: ConfigProblem['path'], template: string): ConfigProblem[] {
  if (namesIn(template).length > 0) return [];
  const message = `"${template}" names no component: write key, or a template such as "{name}" or "{provider}/{name}"`;
  return [{ path, message }];
}

/** A column in which no name can stand, or no model at all. */
function typeProblems(draft: Draft, { table, column, key }: FoundPlace, { columns }: Place): ConfigProblem[] {
  const path = columnPath(draft.scope, table, column.name);
  const isOf = `${path} is of type ${column.type}`;
  if (/^(?:boolean|date|time|interval)/.test(column.type))
    return [{ path: ['at'], message: `${isOf}, and holds no model: take this place out of the list` }];
  const template = columns.find((part) => part.column === column.name)?.template ?? '{key}';
  const holdsKeys = column.kind === 'uuid' || column.kind === 'integer';
  return key !== undefined || !holdsKeys || template === '{key}'
    ? []
    : [{ path: ['as'], message: `${isOf}, and holds no names: write as: key` }];
}

/** What a place of that form cannot have. */
function formProblems(draft: Draft, { place, table, column, key }: FoundPlace, { carrier }: Place) {
  const path = columnPath(draft.scope, table, column.name);
  const problems: ConfigProblem[] = [];
  if (place.partner !== undefined && carrier !== 'columns')
    problems.push({
      path: ['partner'],
      message:
        `${path} holds more than one value, so no column stands beside it: leave partner out, ` +
        'and name the members of a document with fields: { provider: …, name: … }',
    });
  if (place.partner !== undefined && place.also !== undefined)
    problems.push({
      path: ['also'],
      message:
        `${path} has a column with its provider beside it, so "also" does nothing: leave it out, or leave partner out ` +
        'where the text says both',
    });
  if (key !== undefined && place.as !== undefined && place.as !== 'key')
    problems.push({ path: ['as'], message: `${path} is a foreign key to a model: leave "as" out` });
  if (carrier === 'columns') return problems;
  const single = place.enables !== undefined && holdsSingleValues(place, column);
  for (const name of ['companions', 'enables', 'demands', 'allowed'] as const)
    if (place[name] !== undefined && !(name === 'enables' && single))
      problems.push({
        path: [name],
        message: `${name} is for a column that holds one model, and ${path} holds more: leave it out`,
      });
  return problems;
}

/** Does each value that the pointer leads to name one model, so that the database itself can look for it? */
function holdsSingleValues(
  { json, fields, shape = 'scalar' }: PlaceConfig,
  { kind }: FoundPlace['column'],
): boolean {
  const isPlain = json !== undefined && !/\/(?:~json|~key|\d+)(?:\/|$)/.test(json);
  return isPlain && fields === undefined && shape === 'scalar' && kind === 'jsonb';
}
