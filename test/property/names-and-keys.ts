/** Names, plain and odd, and keys of every type. */
import type { Names } from './world.ts';

const plain: Names = {
  tenants: 'tenants',
  models: 'models',
  spaces: 'spaces',
  users: 'users',
  folders: 'folders',
  groups: 'groups',
  tenant: 'tenant_id',
  id: 'id',
  space: 'space_id',
  user: 'user_id',
  folder: 'folder_id',
  member: 'member',
  members: 'members',
  link: 'app_ref',
  row: 'row_id',
  scope: 'scope',
  deleted: 'deleted',
  status: 'status',
  parameters: 'parameters',
  effort: 'effort',
  spare: 'spare',
  name: 'name',
  provider: 'provider',
  state: 'state',
  successor: 'successor',
};

/** Reserved words, mixed case, spaces, dots, quotes, apostrophes. */
const odd: Names = {
  tenants: 'Org',
  models: 'Model',
  spaces: 'my space',
  users: 'user',
  folders: 'Fold"er',
  groups: 'group',
  tenant: 'orgId',
  id: 'ID',
  space: 'space.id',
  user: 'user',
  folder: 'in',
  member: 'Member',
  members: 'members in',
  link: 'app "ref"',
  row: 'row',
  scope: 'from',
  deleted: 'end',
  status: 'order',
  parameters: `it's`,
  effort: 'Select',
  spare: 'table',
  name: 'Name',
  provider: 'Provider',
  state: 'when',
  successor: 'replacedBy',
};

/** The letters that SQL of Drover's own uses for rows, keys and numbers. */
const letters: Names = {
  tenants: 't',
  models: 'w',
  spaces: 'e',
  users: 'u',
  folders: 'x',
  groups: 'drover_wave',
  tenant: 'n',
  id: 'k',
  space: 'c0',
  user: 'm',
  folder: 'q',
  member: 'd',
  members: 'e',
  link: 'drover_n',
  row: 'w',
  scope: 't',
  deleted: 's',
  status: 'x',
  parameters: 'p',
  effort: 'g',
  spare: 'b',
  name: 'm',
  provider: 'q',
  state: 'e',
  successor: 'd',
};

/** Names that read like pieces of statements. */
const statements: Names = {
  tenants: 'INSERT INTO t',
  models: 'UPDATE $1',
  spaces: '/*wave: x */',
  users: '--',
  folders: String.raw`back\slash`,
  groups: ':name',
  tenant: '$1',
  id: '$2',
  space: 'UPDATE',
  user: 'DELETE FROM',
  folder: `"; --`,
  member: '?',
  members: 'members ?',
  link: ':ref',
  row: '/*',
  scope: '*/',
  deleted: `it's $3`,
  status: '/*wave: , drover_wave w */',
  parameters: String.raw`p\1`,
  effort: 'WITH',
  spare: '$10',
  name: ':name',
  provider: 'INSERT INTO',
  state: '/*wave: FROM w */',
  successor: 'RETURNING $1',
};

export type NameStyle = 'plain' | 'odd' | 'letters' | 'statements';

const names: Readonly<Record<NameStyle, Names>> = { plain, odd, letters, statements };

export function namesFor(style: NameStyle): Names {
  return names[style];
}

const subjects: Readonly<Record<NameStyle, readonly string[]>> = {
  plain: ['agents', 'apps', 'flows', 'grants'],
  odd: ['Order', 'select', `we"ird.table`, 'Grant List'],
  letters: ['m', 'q', 'moved', 'entry'],
  statements: ['UPDATE', 'DELETE FROM $2', '/*wave: USING w */', `it's "a" table?`],
};

/** What the table of that number is called. */
export function subjectName(style: NameStyle, at: number): string {
  return subjects[style][at] ?? `t${at}`;
}

const places: Readonly<Record<NameStyle, readonly string[]>> = {
  plain: ['model_0', 'model_1', 'model_2'],
  odd: ['Model 0', 'Model 1', 'Model 2'],
  letters: ['w', 'e', 'drover_p0'],
  statements: ['$4', 'INSERT INTO x', '/* :p'],
};

/** What the column of the place of that number is called. */
export function placeName(style: NameStyle, at: number): string {
  return places[style][at] ?? `p${at}`;
}

export type KeyType = 'uuid' | 'bigint' | 'text';

/** The key of the thing of that number among things of one sort. */
export function keyOf(type: KeyType, sort: number, number: number): string {
  if (type === 'bigint') return String(sort * 1000 + number);
  if (type === 'text') return `k${sort}-${number}`;
  return `${String(sort).padStart(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`;
}
