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

export function namesFor(oddNames: boolean): Names {
  return oddNames ? odd : plain;
}

const plainSubjects = ['agents', 'apps', 'flows', 'grants'];
const oddSubjects = ['Order', 'select', `we"ird.table`, 'Grant List'];

/** What the table of that number is called. */
export function subjectName(oddNames: boolean, at: number): string {
  return (oddNames ? oddSubjects : plainSubjects)[at] ?? `t${at}`;
}

/** What the column of the place of that number is called; odd ones in a way that needs quotes. */
export function placeName(oddNames: boolean, at: number): string {
  return oddNames ? `Model ${at}` : `model_${at}`;
}

export type KeyType = 'uuid' | 'bigint' | 'text';

/** The key of the thing of that number among things of one sort. */
export function keyOf(type: KeyType, sort: number, number: number): string {
  if (type === 'bigint') return String(sort * 1000 + number);
  if (type === 'text') return `k${sort}-${number}`;
  return `${String(sort).padStart(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`;
}
