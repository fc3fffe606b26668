/** How the rows of a table belong to a tenant: the columns, keys and links of each kind, and the values of one row. */
import type { Choices, RowChoice, TieKind } from './choices.ts';
import { keyOf } from './names-and-keys.ts';
import { configName } from './world.ts';
import type { Cells, ColumnDef, KeyDef, Names, TableDef, TieDef } from './world.ts';

export interface Tied {
  readonly columns: readonly ColumnDef[];
  readonly foreignKeys: readonly KeyDef[];
  readonly ties: readonly TieDef[];
  /** What `tenant.links` says. */
  readonly link?: string;
}

export interface TieContext {
  readonly choices: Choices;
  readonly names: Names;
  /** The name of the table. */
  readonly table: string;
}

export function tenantKey(choices: Choices, tenant: number): string {
  return keyOf(choices.tenantKeys, 1, tenant);
}

function spaceKey(choices: Choices, tenant: number, scope: number): string {
  return keyOf(choices.tenantKeys, 2, tenant * 2 + (scope % 2));
}

/** The number of a tenant that is not there. */
const nowhere = 400;

function junctionOf(table: string): string {
  return `${table}_spaces`;
}

export function hasTenantColumn(tie: TieKind): boolean {
  return ['direct', 'direct-nullable', 'direct-and-space', 'composite-space'].includes(tie);
}

/** The columns and ties of a table whose rows are owned in that way. */
export function tieColumns({ choices, names, table }: TieContext, tie: TieKind): Tied {
  const type = choices.tenantKeys;
  const parts: Tied[] = [];
  if (hasTenantColumn(tie)) parts.push(tenantTie(names, type, tie !== 'direct-nullable'));
  if (tie === 'space' || tie === 'composite-space')
    parts.push(parentTie(names, type, { tie, notNull: true }));
  if (['space-nullable', 'user-and-space', 'direct-and-space'].includes(tie))
    parts.push(parentTie(names, type, { tie, notNull: false }));
  if (tie === 'user-and-space') parts.push(keyTie(names.user, names.users, names, { type, notNull: false }));
  if (tie === 'folder') parts.push(keyTie(names.folder, names.folders, names, { type, notNull: true }));
  if (tie === 'link' || tie === 'link-as-text') parts.push(linkTie(names, tie === 'link' ? type : 'text'));
  if (tie === 'junction') parts.push(junctionTie(names, table));
  if (tie === 'members') parts.push(membersTie(names));
  return {
    columns: parts.flatMap((part) => part.columns),
    foreignKeys: parts.flatMap((part) => part.foreignKeys),
    ties: parts.flatMap((part) => part.ties),
    ...(parts[0]?.link === undefined ? {} : { link: parts[0].link }),
  };
}

function tenantTie(names: Names, type: string, notNull: boolean): Tied {
  return {
    columns: [{ name: names.tenant, type, notNull }],
    foreignKeys: [{ columns: [names.tenant], references: names.tenants, referencedColumns: [names.id] }],
    ties: [{ kind: 'column', column: names.tenant }],
  };
}

function parentTie(names: Names, type: string, { tie, notNull }: { tie: TieKind; notNull: boolean }): Tied {
  if (tie !== 'composite-space') return keyTie(names.space, names.spaces, names, { type, notNull });
  const columns = [names.tenant, names.space];
  const key = { columns, references: names.spaces, referencedColumns: [names.tenant, names.id] };
  // Both rows agree by the key itself, so that it says nothing beyond the tenant column.
  return { columns: [{ name: names.space, type, notNull }], foreignKeys: [key], ties: [] };
}

function keyTie(
  column: string,
  parent: string,
  names: Names,
  { type, notNull }: { type: string; notNull: boolean },
): Tied {
  return {
    columns: [{ name: column, type, notNull }],
    foreignKeys: [{ columns: [column], references: parent, referencedColumns: [names.id] }],
    ties: [{ kind: 'parent', column, parent }],
  };
}

function linkTie(names: Names, type: string): Tied {
  return {
    columns: [{ name: names.link, type, notNull: false }],
    foreignKeys: [],
    ties: [{ kind: 'parent', column: names.link, parent: names.spaces }],
    link: `${configName(names.link)} -> ${configName(names.spaces, names.id)}`,
  };
}

function junctionTie(names: Names, table: string): Tied {
  const junction = junctionOf(table);
  return {
    columns: [],
    foreignKeys: [],
    ties: [{ kind: 'junction', table: junction }],
    link: `${configName(names.id)} <- ${configName(junction, names.row)}`,
  };
}

function membersTie(names: Names): Tied {
  return {
    columns: [{ name: names.member, type: 'text', notNull: false }],
    foreignKeys: [],
    ties: [{ kind: 'members', column: names.member }],
    link: `${configName(names.member)} in ${configName(names.groups, names.members)}`,
  };
}

/** A row of one family: three tenants, of whom the first migrates. */
export interface OwnedRow extends RowChoice {
  /** The number of the family's first tenant. */
  readonly first: number;
}

/** What a row holds in these columns. The owner 3 is nobody, where that can be. */
export function tieCells(
  { choices, names }: TieContext,
  tie: TieKind,
  row: OwnedRow,
): Record<string, string | null> {
  const { first } = row;
  const somebody = first + (row.owner % 3);
  const space = (owner: number): string | null =>
    owner === 3 ? null : spaceKey(choices, first + owner, row.scope);
  const tenant = row.owner === 3 && tie === 'direct-nullable' ? null : tenantKey(choices, somebody);
  const cells: Record<string, string | null> = hasTenantColumn(tie) ? { [names.tenant]: tenant } : {};
  if (tie === 'space' || tie === 'composite-space') cells[names.space] = space(row.owner % 3);
  if (tie === 'space-nullable') cells[names.space] = space(row.owner);
  if (tie === 'direct-and-space') cells[names.space] = space(row.second);
  if (tie === 'user-and-space') {
    cells[names.user] = row.owner === 3 ? null : keyOf(choices.tenantKeys, 3, first + row.owner);
    cells[names.space] = space(row.second);
  }
  if (tie === 'folder') cells[names.folder] = keyOf(choices.tenantKeys, 4, somebody);
  // A link that nobody checks may lead nowhere.
  if (tie === 'link' || tie === 'link-as-text')
    cells[names.link] =
      row.owner === 3 ? (row.second === 3 ? null : spaceKey(choices, nowhere, 0)) : space(row.owner);
  if (tie === 'members')
    cells[names.member] =
      row.second === 3 ? null : row.owner === 3 ? `shared ${first}` : `u${first + row.owner}`;
  return cells;
}

/** The table between rows and spaces, where that is the only tie. */
export function junctionTable(
  context: TieContext,
  tie: TieKind,
  about: { rows: readonly Cells[]; chosen: readonly OwnedRow[]; idType: string },
): TableDef[] {
  if (tie !== 'junction') return [];
  const { choices, names, table } = context;
  const rows = about.rows.flatMap((cells, at) => {
    const chosen = about.chosen[at];
    const owners = new Set(
      chosen === undefined ? [] : [chosen.owner, chosen.second].filter((owner) => owner < 3),
    );
    return [...owners].map((owner) => ({
      [names.row]: cells[names.id] ?? null,
      [names.space]: spaceKey(choices, (chosen?.first ?? 0) + owner, 0),
    }));
  });
  return [
    {
      name: junctionOf(table),
      entity: junctionOf(table),
      columns: [
        { name: names.row, type: about.idType, notNull: true },
        { name: names.space, type: choices.tenantKeys, notNull: true },
      ],
      primaryKey: [names.row, names.space],
      configuredKey: [],
      uniques: [],
      foreignKeys: [{ columns: [names.space], references: names.spaces, referencedColumns: [names.id] }],
      ties: [{ kind: 'parent', column: names.space, parent: names.spaces }],
      places: [],
      rows,
    },
  ];
}

/** Tenants, and the tables through which rows belong to them. */
export function surroundings(choices: Choices, names: Names, tenants: readonly number[]): TableDef[] {
  const type = choices.tenantKeys;
  const owned = (name: string, rows: readonly Cells[], more: readonly ColumnDef[] = []): TableDef => ({
    name,
    entity: name,
    columns: [{ name: names.id, type, notNull: true }, { name: names.tenant, type, notNull: true }, ...more],
    primaryKey: [names.id],
    configuredKey: [],
    uniques:
      name === names.spaces
        ? [{ columns: [names.tenant, names.id], partial: false, nullsNotDistinct: false }]
        : [],
    foreignKeys: [{ columns: [names.tenant], references: names.tenants, referencedColumns: [names.id] }],
    ties: [{ kind: 'column', column: names.tenant }],
    places: [],
    rows,
  });
  const row = (sort: number, number: number, tenant: number): Cells => ({
    [names.id]: keyOf(type, sort, number),
    [names.tenant]: tenantKey(choices, tenant),
  });
  const root: TableDef = {
    ...owned(
      names.tenants,
      tenants.map((tenant) => ({ [names.id]: tenantKey(choices, tenant), [names.name]: `Tenant ${tenant}` })),
    ),
    columns: [
      { name: names.id, type, notNull: true },
      { name: names.name, type: 'text', notNull: true },
    ],
    foreignKeys: [],
    ties: [{ kind: 'column', column: names.id }],
  };
  const spaces = tenants.flatMap((tenant) => [row(2, tenant * 2, tenant), row(2, tenant * 2 + 1, tenant)]);
  const members = {
    name: names.members,
    type: membersAreArrays(choices) ? 'text[]' : 'jsonb',
    notNull: true,
  };
  const groups = tenants.map((tenant) => ({
    ...row(5, tenant, tenant),
    [names.members]: membersText(choices, tenant),
  }));
  return [
    root,
    owned(names.spaces, spaces),
    owned(
      names.users,
      tenants.map((tenant) => row(3, tenant, tenant)),
    ),
    foldersTable(choices, names, tenants),
    owned(names.groups, groups, [members]),
  ];
}

function membersAreArrays({ naming }: Choices): boolean {
  return naming === 'odd' || naming === 'statements';
}

/** The first two tenants of a family share a member. */
function membersText(choices: Choices, tenant: number): string {
  const number = tenant % 3;
  const members = number < 2 ? [`u${tenant}`, `shared ${tenant - number}`] : [`u${tenant}`];
  return membersAreArrays(choices) ? `{${members.join(',')}}` : JSON.stringify(members);
}

function foldersTable(choices: Choices, names: Names, tenants: readonly number[]): TableDef {
  const type = choices.tenantKeys;
  return {
    name: names.folders,
    entity: names.folders,
    columns: [
      { name: names.id, type, notNull: true },
      { name: names.space, type, notNull: true },
    ],
    primaryKey: [names.id],
    configuredKey: [],
    uniques: [],
    foreignKeys: [{ columns: [names.space], references: names.spaces, referencedColumns: [names.id] }],
    ties: [{ kind: 'parent', column: names.space, parent: names.spaces }],
    places: [],
    rows: tenants.map((tenant) => ({
      [names.id]: keyOf(type, 4, tenant),
      [names.space]: spaceKey(choices, tenant, 1),
    })),
  };
}
