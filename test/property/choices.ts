/**
 * What is random about a case, as small as fast-check can shrink it: kinds of tables, kinds of references, and small numbers that
 * build-world.ts turns into rows. The first value of every choice is the plainest, so that counterexamples become plain.
 */
import fc from 'fast-check';
import type { NameStyle } from './names-and-keys.ts';
import type { WordStyle } from './words.ts';

const ties = [
  'direct',
  'direct-nullable',
  'space',
  'space-nullable',
  'folder',
  'user-and-space',
  'direct-and-space',
  'composite-space',
  'link',
  'link-as-text',
  'junction',
  'members',
] as const;
export type TieKind = (typeof ties)[number];

const forms = [
  'foreign-key',
  'key',
  'name',
  'pair',
  'alias',
  'combined',
  'json-name',
  'json-key',
  'json-fields',
  'json-list',
  'json-in-string',
  'json-comma',
  'json-member',
  'key-array',
  'name-array',
  'comma-list',
  'bar-list',
  'inside-text',
] as const;
export type Form = (typeof forms)[number];

export interface PlaceChoice {
  readonly form: Form;
  readonly role: 'reference' | 'history' | 'ask' | 'dead-copy' | 'ignore';
  readonly answer: 'none' | 'move' | 'keep';
  readonly document: 'jsonb' | 'json' | 'text';
  readonly pointer: number;
}

export interface RowChoice {
  readonly owner: number;
  readonly second: number;
  readonly scope: number;
  /** What the references of the row name, by number: see `pick` in build-rows.ts. */
  readonly names: readonly number[];
  readonly dead: boolean;
  readonly status: number;
  readonly settings: number;
  readonly style: number;
}

export interface TableChoice {
  readonly tie: TieKind;
  readonly rowKey: 'uuid' | 'bigint' | 'text' | 'with-tenant' | 'natural' | 'configured';
  readonly places: readonly PlaceChoice[];
  readonly unique: 'none' | 'full' | 'partial' | 'nulls-not-distinct';
  readonly collision: 'drop-redundant' | 'skip' | 'ask';
  /** Parameters and a setting beside the first scalar reference. */
  readonly settings: boolean;
  readonly statuses: boolean;
  readonly rows: readonly RowChoice[];
}

export interface Choices {
  readonly naming: NameStyle;
  readonly words: WordStyle;
  /** How the intent names the models: by their names, or by the keys of their rows where there are any. */
  readonly named: 'text' | 'key';
  readonly modelKeys: 'uuid' | 'bigint' | 'text' | 'composite';
  readonly tenantKeys: 'uuid' | 'bigint' | 'text';
  /** Without a table of models a model is a provider and a name, and nothing else. */
  readonly modelTable: boolean;
  readonly globalTarget: boolean;
  readonly sameProvider: boolean;
  /** Another provider has a model of the source's name. */
  readonly twin: boolean;
  readonly spellings: boolean;
  readonly sourceRetired: boolean;
  readonly deadRows: 'move' | 'leave';
  readonly parameters: 'reset' | 'keep';
  /** Only the first so many types are asked for; 0 for all. */
  readonly narrowed: number;
  readonly tables: readonly TableChoice[];
}

const place: fc.Arbitrary<PlaceChoice> = fc.record({
  form: fc.constantFrom(...forms),
  role: fc.constantFrom(
    'reference',
    'reference',
    'reference',
    'reference',
    'history',
    'ask',
    'dead-copy',
    'ignore',
  ),
  answer: fc.constantFrom('none', 'move', 'keep'),
  document: fc.constantFrom('jsonb', 'json', 'text'),
  pointer: fc.nat({ max: 3 }),
});

const row: fc.Arbitrary<RowChoice> = fc.record({
  owner: fc.constantFrom(0, 0, 0, 1, 2, 3),
  second: fc.constantFrom(0, 0, 0, 1, 3),
  scope: fc.nat({ max: 2 }),
  names: fc.array(fc.constantFrom(0, 0, 0, 1, 2, 2, 3, 4, 5, 6, 7), { minLength: 4, maxLength: 4 }),
  dead: fc.constantFrom(false, false, false, true),
  status: fc.constantFrom(0, 0, 0, 1, 2, 3),
  settings: fc.nat({ max: 3 }),
  style: fc.nat({ max: 2 }),
});

const table: fc.Arbitrary<TableChoice> = fc.record({
  tie: fc.constantFrom(...ties),
  rowKey: fc.constantFrom('uuid', 'bigint', 'text', 'with-tenant', 'natural', 'configured'),
  places: fc.array(place, { minLength: 1, maxLength: 3 }),
  unique: fc.constantFrom('none', 'none', 'full', 'partial', 'nulls-not-distinct'),
  collision: fc.constantFrom('drop-redundant', 'skip', 'ask'),
  settings: fc.boolean(),
  statuses: fc.constantFrom(false, false, true),
  rows: fc.array(row, { minLength: 1, maxLength: 8 }),
});

/** All that is random about one case. */
export const choices: fc.Arbitrary<Choices> = fc.record({
  naming: fc.constantFrom('plain', 'odd', 'letters', 'statements'),
  words: fc.constantFrom('plain', 'planted'),
  named: fc.constantFrom('text', 'key'),
  modelKeys: fc.constantFrom('uuid', 'bigint', 'text', 'composite'),
  tenantKeys: fc.constantFrom('uuid', 'bigint', 'text'),
  modelTable: fc.constantFrom(true, true, true, false),
  globalTarget: fc.constantFrom(false, false, true),
  sameProvider: fc.boolean(),
  twin: fc.constantFrom(false, false, true),
  spellings: fc.boolean(),
  sourceRetired: fc.constantFrom(false, false, true),
  deadRows: fc.constantFrom('move', 'leave'),
  parameters: fc.constantFrom('reset', 'keep'),
  narrowed: fc.constantFrom(0, 0, 0, 1, 2),
  tables: fc.array(table, { minLength: 1, maxLength: 4 }),
});
