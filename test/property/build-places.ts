/** The references of a table: their columns and keys, and what a row names by them. */
import { modelKey, modelKeyType } from './build-models.ts';
import type { ModelNumber } from './build-models.ts';
import { hasTenantColumn, tenantKey } from './build-ties.ts';
import type { OwnedRow } from './build-ties.ts';
import type { Choices, Form, PlaceChoice, TableChoice } from './choices.ts';
import { arrayText, documentText, plainText, pointerFor } from './documents.ts';
import { placeName } from './names-and-keys.ts';
import type { ColumnDef, KeyDef, Names, PlaceDef, Template, World } from './world.ts';
import { wordsFor } from './words.ts';

export interface PlaceContext {
  readonly choices: Choices;
  readonly names: Names;
  readonly chosen: TableChoice;
  readonly spellings: World['spellings'];
}

/** Without a table of models there are no keys, only names. */
function formOf({ choices, chosen }: PlaceContext, place: PlaceChoice, at: number): Form {
  if (choices.modelTable) {
    const twice = choices.modelKeys === 'composite' && place.form === 'foreign-key' && at > 0;
    return twice && hasTenantColumn(chosen.tie) ? 'key' : place.form;
  }
  const byName = {
    'foreign-key': 'pair',
    key: 'name',
    'key-array': 'name-array',
    'json-key': 'json-name',
  } as const;
  return place.form in byName ? byName[place.form as keyof typeof byName] : place.form;
}

/**
 * Can a row of the table be redundant? Then all that it names moves or nothing does: what becomes of a redundant row that also
 * holds a reference which must stay is for the person who wrote the configuration.
 */
function mayMerge(context: PlaceContext): boolean {
  const { chosen } = context;
  const [first] = chosen.places;
  if (first === undefined || chosen.collision !== 'drop-redundant' || first.role !== 'reference')
    return false;
  const scalar = carriers[formOf(context, first, 0)] === 'columns';
  return scalar && (chosen.unique !== 'none' || chosen.rowKey === 'natural');
}

const carriers = {
  'foreign-key': 'columns',
  key: 'columns',
  name: 'columns',
  pair: 'columns',
  alias: 'columns',
  combined: 'columns',
  'json-name': 'json',
  'json-key': 'json',
  'json-fields': 'json',
  'json-list': 'json',
  'key-array': 'array',
  'name-array': 'array',
  'json-in-string': 'json',
  'json-comma': 'json',
  'json-member': 'json',
  'comma-list': 'comma',
  'bar-list': 'bars',
  'inside-text': 'inside',
} as const;

export function placeDef(context: PlaceContext, place: PlaceChoice, at: number): PlaceDef {
  const { choices, chosen } = context;
  const form = formOf(context, place, at);
  const carrier = carriers[form];
  const unlisted = form === 'foreign-key' && place.role === 'ask' && !mayMerge(context);
  const column = placeName(choices.naming, at);
  const merges = mayMerge(context);
  return {
    form,
    carrier,
    role: merges ? (at === 0 ? 'grant' : 'reference') : place.role,
    // Of a row that may go, no reference is asked about while another one moves.
    answer: !merges ? place.answer : choices.twin ? 'move' : (chosen.places[0]?.answer ?? 'none'),
    ...partsOf(context, { form, column, pointer: place.pointer }),
    list: form === 'json-list',
    document: merges && place.document === 'text' ? 'json' : place.document,
    pointerNumber: place.pointer,
    collision: unlisted ? 'ask' : chosen.collision,
    settings: chosen.settings && carrier === 'columns' && at === 0 && !unlisted,
    statuses: chosen.statuses && (merges || ['reference', 'ask'].includes(place.role)) && !unlisted,
    unlisted,
  };
}

interface Parts {
  readonly columns: readonly string[];
  readonly templates: readonly Template[];
  readonly pointer: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly also?: Template;
}

function partsOf(context: PlaceContext, about: { form: Form; column: string; pointer: number }): Parts {
  const { form, column, pointer } = about;
  const combined: Template = pointer % 2 === 0 ? 'name' : 'provider/name';
  const one = (template: Template, at = ''): Parts => ({
    columns: [column],
    templates: [template],
    pointer: at,
  });
  switch (form) {
    case 'foreign-key':
      return {
        columns: [column, ...tenantPart(context, column)],
        templates: keyTemplates(context),
        pointer: '',
      };
    case 'pair':
      return { columns: [column, `${column}_by`], templates: ['name', 'provider'], pointer: '' };
    case 'json-fields':
      return {
        columns: [column],
        templates: ['provider', 'name'],
        pointer: pointerFor('fields', pointer),
        fields: { provider: 'vendor', name: 'id' },
      };
    case 'json-name':
      return one(combined, pointerFor('scalar', pointer));
    case 'json-key':
      return one('key', pointerFor('scalar', pointer));
    case 'json-list':
      return one(combined, pointerFor('list', pointer));
    case 'json-in-string':
      return one(combined, `/s/~json${pointerFor('scalar', pointer)}`);
    case 'json-comma':
      return one(combined, '/order');
    case 'json-member':
      return one(combined, '/limits/~key');
    case 'key':
    case 'key-array':
      return one('key');
    case 'combined':
      return one('provider/name');
    case 'alias':
      return { ...one('name'), also: 'provider/name' };
    case 'name':
    case 'name-array':
    case 'comma-list':
    case 'bar-list':
    case 'inside-text':
      return one('name');
  }
}

function tenantPart({ choices, chosen, names }: PlaceContext, column: string): string[] {
  if (choices.modelKeys !== 'composite') return [];
  return [hasTenantColumn(chosen.tie) ? names.tenant : `${column}_of`];
}

function keyTemplates({ choices }: PlaceContext): Template[] {
  return choices.modelKeys === 'composite' ? ['key', 'tenant'] : ['key'];
}

/** Columns of the place; a natural key allows no NULL. */
export function placeColumns(
  { choices, names }: PlaceContext,
  place: PlaceDef,
  notNull: boolean,
): ColumnDef[] {
  const key = modelKeyType(choices);
  const type = (template: Template | undefined): string =>
    template === 'key' ? key : template === 'tenant' ? choices.tenantKeys : 'text';
  if (place.carrier === 'columns')
    return place.columns
      .map((name, at) => ({ name, type: type(place.templates[at]), notNull }))
      .filter((column) => column.name !== names.tenant);
  const name = place.columns[0] ?? '';
  if (place.carrier === 'json') return [{ name, type: place.document, notNull: false }];
  return [
    { name, type: place.carrier === 'array' ? `${type(place.templates[0])}[]` : 'text', notNull: false },
  ];
}

export function placeKeys({ choices, names }: PlaceContext, place: PlaceDef): KeyDef[] {
  if (place.form !== 'foreign-key') return [];
  const referencedColumns = choices.modelKeys === 'composite' ? [names.id, names.tenant] : [names.id];
  return [{ columns: place.columns, references: names.models, referencedColumns }];
}

/** What the columns of the place hold in a row. */
export function placeCells(
  context: PlaceContext,
  place: PlaceDef,
  about: { row: OwnedRow; notNull: boolean },
): Record<string, string | null> {
  const { row, notNull } = about;
  const picks = row.names.map((pick) => (notNull && pick === 4 ? 3 : pick));
  const [column = '', second = ''] = place.columns;
  const named = (template: Template): (string | null)[] =>
    picks.map((pick) => nameOf(context, template, { pick, first: row.first }));
  if (place.form === 'pair')
    return {
      [column]: pairOf(context, picks[0] ?? 0).name,
      [second]: pairOf(context, picks[0] ?? 0).provider,
    };
  if (place.form === 'foreign-key')
    return keyCells(context, place, { pick: picks[0] ?? 0, first: row.first });
  const template = (row.style === 1 ? place.also : undefined) ?? place.templates[0] ?? 'name';
  if (place.carrier === 'columns') return { [column]: named(template)[0] ?? null };
  if (place.carrier === 'array') return { [column]: row.scope === 2 ? null : arrayText(named(template)) };
  if (place.carrier !== 'json')
    return { [column]: row.scope === 2 ? null : plainText(place.carrier, named(template), row.style) };
  return {
    [column]: documentText(place, documentValues(context, place, { ...row, names: picks }), row.style),
  };
}

function documentValues(context: PlaceContext, place: PlaceDef, row: OwnedRow) {
  const { names: picks, style, first } = row;
  if (place.fields !== undefined)
    return picks.map((pick) => {
      const { name, provider } = pairOf(context, pick);
      return pick === 4
        ? null
        : {
            vendor: provider,
            id: name,
            extra: [0.5, { name: `${wordsFor(context.choices.words).source[0] ?? ''}x` }],
          };
    });
  const template = place.templates[0] ?? 'name';
  const numeric = template === 'key' && modelKeyType(context.choices) === 'bigint' && style !== 1;
  return picks.map((pick) => {
    const name = nameOf(context, template, { pick, first });
    return name !== null && numeric ? Number(name) : name;
  });
}

/** Which model is named, and the number of the first tenant of the row's family. */
interface Pick {
  readonly pick: number;
  readonly first: number;
}

function keyCells(context: PlaceContext, place: PlaceDef, picked: Pick): Record<string, string | null> {
  const [column = '', owner = ''] = place.columns;
  const key = nameOf(context, 'key', picked);
  // A key that shares the tenant column of the row can only name a model of the row's own tenant.
  if (owner === '' || owner === context.names.tenant) return { [column]: key };
  return { [column]: key, [owner]: key === null ? null : tenantKey(context.choices, whoseModel(picked)) };
}

function whoseModel({ pick, first }: Pick): number {
  return first + (pick === 5 ? 1 : 0);
}

/**
 * 0 source · 1 source, spelled otherwise · 2 target · 3 another · 4 none · 5 another tenant's, or a third spelling · 6 a longer name ·
 * 7 the source's name of another provider, or another.
 */
function nameOf(context: PlaceContext, template: Template, picked: Pick): string | null {
  const { pick } = picked;
  if (pick === 4) return null;
  if (template === 'key')
    return modelKey(
      context.choices,
      whoseModel(picked),
      ([0, 0, 1, 2, 2, 0, 3, context.choices.twin ? 4 : 2] as const)[pick] as ModelNumber,
    );
  const { name, provider } = pairOf(context, pick);
  return template === 'provider/name' ? `${provider}/${name}` : name;
}

function pairOf(
  { choices, spellings }: PlaceContext,
  pick: number,
): { name: string | null; provider: string | null } {
  const { other, longer } = wordsFor(choices.words);
  const [source = [], target = []] = spellings.name;
  const acme = spellings.provider[0] ?? [];
  const home = choices.sameProvider ? acme : (spellings.provider[1] ?? []);
  const at = (list: readonly string[], place: number): string => list[Math.min(place, list.length - 1)] ?? '';
  if (pick === 1) return { name: at(source, 1), provider: at(acme, 0) };
  if (pick === 2) return { name: at(target, 0), provider: at(home, 0) };
  if (pick === 3) return { name: other, provider: at(acme, 0) };
  if (pick === 4) return { name: null, provider: null };
  if (pick === 5) return { name: at(source, 2), provider: at(acme, 1) };
  if (pick === 6) return { name: longer, provider: at(acme, 0) };
  if (pick === 7 && !choices.twin) return { name: other, provider: at(acme, 0) };
  if (pick === 7) return { name: at(source, 0), provider: spellings.provider[1]?.[0] ?? '' };
  return { name: at(source, 0), provider: at(acme, 0) };
}
