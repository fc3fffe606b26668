/** Cases that chance makes seldom, tried before it: each is a way in which rows of one table get in each other's way. */
import type { Choices, PlaceChoice, RowChoice, TableChoice } from './choices.ts';
import { Case } from './run-case.ts';

const place: PlaceChoice = {
  form: 'foreign-key',
  role: 'reference',
  answer: 'none',
  document: 'jsonb',
  pointer: 0,
};
const row: RowChoice = {
  owner: 0,
  second: 0,
  scope: 0,
  names: [0, 0, 0, 0],
  dead: false,
  status: 0,
  settings: 0,
  style: 0,
};
const table: TableChoice = {
  tie: 'direct',
  rowKey: 'uuid',
  places: [place],
  unique: 'full',
  collision: 'drop-redundant',
  settings: false,
  statuses: false,
  rows: [row],
};
const plain: Choices = {
  naming: 'plain',
  words: 'plain',
  named: 'text',
  modelKeys: 'uuid',
  tenantKeys: 'uuid',
  modelTable: true,
  globalTarget: false,
  sameProvider: false,
  twin: false,
  spellings: false,
  sourceRetired: false,
  deadRows: 'move',
  parameters: 'reset',
  narrowed: 0,
  tables: [],
};

/** A row that names by number: 0 the source, 1 and 5 the source in other spellings, 2 the target. */
function naming(name: number, more: Partial<RowChoice> = {}): RowChoice {
  return { ...row, names: [name, name, name, name], ...more };
}

function rare(given: Partial<TableChoice>, more: Partial<Choices> = {}): [Case] {
  return [new Case({ ...plain, ...more, tables: [{ ...table, ...given }] })];
}

/** Rows of documents and texts: the source alone, before and behind the target, in other spellings, and nowhere. */
const written: readonly RowChoice[] = [
  naming(0),
  { ...row, names: [3, 0, 6, 2], style: 1 },
  { ...row, names: [2, 4, 1, 5], style: 2 },
  { ...row, names: [5, 3, 0, 3], owner: 1 },
  naming(6),
];

function documents(form: PlaceChoice['form'], more: Partial<TableChoice> = {}): [Case][] {
  return (['jsonb', 'json', 'text'] as const).map((document, pointer) =>
    rare(
      { unique: 'none', places: [{ ...place, form, document, pointer }], rows: written, ...more },
      { spellings: true, words: pointer === 1 ? 'planted' : 'plain' },
    ),
  );
}

/** A name alone, beside a place that says in its form that the tenant has the model of another provider, or that another tenant has. */
function doubted(form: PlaceChoice['form'], owner: number): [Case] {
  const places = [
    { ...place, form: 'name' },
    { ...place, form, pointer: 1 },
  ] as const;
  const rows = [naming(0), naming(7, { owner })];
  return rare({ unique: 'none', places, rows }, { twin: true, modelTable: false });
}

const byName = [{ ...place, form: 'name' }] as const;
const beside = [place, { ...place, form: 'json-name', document: 'json' }] as const;

export const rareCases: readonly [Case][] = [
  // NULLs that are alike, and NULLs that are not.
  rare({ unique: 'nulls-not-distinct', rows: [naming(0, { scope: 2 }), naming(2, { scope: 2 })] }),
  rare({ unique: 'full', rows: [naming(0, { scope: 2 }), naming(2, { scope: 2 })] }),
  // A soft-deleted row is outside a partial index, and on either side of a full one.
  rare({ unique: 'partial', rows: [naming(0), naming(2, { dead: true })] }),
  rare({ unique: 'partial', rows: [naming(0, { dead: true }), naming(2)] }),
  rare({ rows: [naming(0), naming(2, { dead: true })] }, { deadRows: 'leave' }),
  // Two spellings of the source that become one of the target, in rows of one key: the first arrives, unless it stays.
  rare({ places: byName, rows: [naming(0), naming(5)] }, { spellings: true }),
  rare(
    { places: byName, rows: [naming(0, { dead: true }), naming(5)] },
    { spellings: true, deadRows: 'leave' },
  ),
  rare({ places: byName, rows: [naming(0, { owner: 1 }), naming(5)] }, { spellings: true }),
  rare({ places: byName, statuses: true, rows: [naming(0, { status: 1 }), naming(5)] }, { spellings: true }),
  // A question about a row that collides, unanswered and answered.
  rare({ statuses: true, rows: [naming(0, { status: 1 }), naming(2)] }),
  rare({
    statuses: true,
    places: [{ ...place, answer: 'move' }],
    rows: [naming(0, { status: 1 }), naming(2)],
  }),
  // A redundant row with another reference, and one with a document.
  rare({ places: [place, place], rows: [naming(0), naming(2)] }),
  rare({ places: beside, rows: [naming(0), naming(2)] }),
  // The reference is part of the row's own key.
  rare({ rowKey: 'natural', unique: 'none', rows: [naming(0), naming(2), naming(0, { scope: 1 })] }),
  rare(
    { rowKey: 'natural', unique: 'none', places: [{ ...place, form: 'pair' }], rows: [naming(0), naming(1)] },
    { spellings: true },
  ),
  // What is written inside documents and texts.
  ...documents('json-in-string'),
  ...documents('json-comma'),
  ...(['drop-redundant', 'skip', 'ask'] as const).flatMap((collision) =>
    documents('json-member', { collision }),
  ),
  ...documents('bar-list').slice(0, 2),
  ...documents('inside-text').slice(0, 2),
  // The source's name of another provider.
  ...(
    ['pair', 'combined', 'alias', 'json-fields', 'json-list', 'json-comma', 'json-member'] as const
  ).flatMap((form) => [doubted(form, 0), doubted(form, 2)]),
];
