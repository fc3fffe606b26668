/** What the owner of the application must do: what no statement in the database can do for them. */
import type { TableId } from '../catalogue/catalog.ts';
import { findColumn } from '../catalogue/catalog.ts';
import { everybody } from '../isolation/facts.ts';
import type { RoleFact } from '../isolation/facts.ts';
import { compareText } from '../order.ts';
import type { ConvertedTable, Duty } from './conversion.ts';
import { contextOf } from './ground.ts';
import type { GroundIndex } from './ground.ts';

/** All duties, in the order of what they are about. */
export function dutiesOf(index: GroundIndex, tables: readonly ConvertedTable[]): Duty[] {
  return [
    context(index),
    ...logins(index),
    ...unnamedLogins(index, tables),
    ...unsaidTenants(index, tables),
    ...rowTriggers(index, tables),
    ...lateOwners(tables),
    ...narrowKeys(tables),
    ...sequences(index, tables),
    ...enumOrder(tables),
    ...viewReaders(index, tables),
    ...readersOfValues(index, tables),
    ...rowRoutines(tables),
    ...definers(index),
    ...publications(index, tables),
  ];
}

function context({ ground: { config } }: GroundIndex): Duty {
  const { tenantize } = config;
  const text =
    `begin each transaction of V2 as ${tenantize.name}_app with set_config('${contextOf(tenantize)}', TENANT, true); ` +
    'without it no row is seen and none can be inserted';
  return { id: 'set-context', about: contextOf(tenantize), text };
}

/** Logins that policies do not bind, or that no policy serves. */
function logins({ ground: { config, facts } }: GroundIndex): Duty[] {
  const { logins: named = [], name } = config.tenantize;
  const known = new Map(facts.roles.map((role) => [role.name, role]));
  return named.flatMap((login): Duty[] => {
    const role = known.get(login);
    if (role === undefined)
      return [
        { id: 'login-missing', about: login, text: `there is no role ${login}: tenantize.logins names it` },
      ];
    const reasons = exemptions(
      role,
      facts.relations.some(({ owner }) => owner === login),
    );
    return reasons.length === 0
      ? []
      : [
          {
            id: 'login-exempt',
            about: login,
            text: `it ${reasons.join(' and ')}: give V2 a login that is a member of ${name}_app alone`,
          },
        ];
  });
}

function exemptions({ superuser, bypassRls }: RoleFact, owns: boolean): string[] {
  return [
    ...(superuser ? ['is superuser, whom no policy binds'] : []),
    ...(bypassRls ? ['has BYPASSRLS'] : []),
    ...(owns ? ['owns tables, and may switch their policies off'] : []),
  ];
}

/** Whoever is named neither as V1's nor as V2's is served by no policy. */
function unnamedLogins(
  { ground: { config, facts } }: GroundIndex,
  tables: readonly ConvertedTable[],
): Duty[] {
  const { logins: named = [], name } = config.tenantize;
  const bound = new Set(tables.filter(({ column }) => column !== undefined).map(({ table }) => table));
  const users = new Set(
    facts.relations
      .filter(({ id }) => bound.has(id))
      .flatMap(({ owner, grants }) => [owner, ...grants.map(({ grantee }) => grantee)]),
  );
  return facts.roles
    .filter(
      ({ login, superuser, bypassRls, holds }) =>
        login &&
        !superuser &&
        !bypassRls &&
        (users.has(everybody) || holds.some((role) => users.has(role))) &&
        !holds.some((role) => named.includes(role)),
    )
    .map(({ name: login }) => ({
      id: 'login-unnamed',
      about: login,
      text:
        'tenantize.logins does not name it, and from bind on it sees no row of the tables that it may read: ' +
        `name it, or make it a member of ${name}_app`,
    }));
}

/** V1 may leave its tenant column empty, V2 may not. */
function unsaidTenants(index: GroundIndex, tables: readonly ConvertedTable[]): Duty[] {
  return tables
    .filter(({ table, class: kind, owner }) => {
      if (kind !== 'tenant' || owner?.kind !== 'column') return false;
      const source = index.tables.get(table);
      return source !== undefined && findColumn(source, owner.column)?.notNull === false;
    })
    .map(({ table, owner }) => ({
      id: 'tenant-unsaid',
      about: table,
      text:
        `from validate on no row can be written without ${owner?.kind === 'column' ? owner.column : ''} (23502): ` +
        'V1 must give it before',
    }));
}

/** A trigger sees the table and no shim: its whole row has more columns than V1 knows. */
function rowTriggers(index: GroundIndex, tables: readonly ConvertedTable[]): Duty[] {
  const bodies = new Map(index.ground.facts.functions.map(({ id, body }) => [id, body]));
  return tables
    .filter(({ class: kind, hasColumn, twins }) => (kind === 'tenant' && !hasColumn) || twins.length > 0)
    .flatMap(({ table }) =>
      (index.relations.get(table)?.triggers ?? [])
        .filter(({ calls }) => /\b(?:new|old)\s*\.\s*\*/i.test(bodies.get(calls) ?? ''))
        .map(({ name, calls }) => ({
          id: 'row-trigger',
          about: `${table} ${name}`,
          text: `${calls} writes whole rows (NEW.* or OLD.*), which from expand on have more columns: name the columns in it before`,
        })),
    );
}

/** The owner of a row is read when it is written, and not when a late key is checked. */
function lateOwners(tables: readonly ConvertedTable[]): Duty[] {
  return tables.flatMap(({ table, owner, foreignKeys }) =>
    foreignKeys
      .filter(({ deferrable }) => deferrable !== undefined && owner?.kind === 'path')
      .map(({ instead }) => ({
        id: 'late-key',
        about: `${table} ${instead ?? ''}`,
        text: 'from validate on the row that it names must be written before the row that names it (23502), whenever the key is checked',
      })),
  );
}

function narrowKeys(tables: readonly ConvertedTable[]): Duty[] {
  return tables.flatMap(({ table, narrow }) =>
    narrow
      .filter(({ becomes, primary }) => becomes === 'wide' && !primary)
      .map(({ name, meets }) => ({
        id: 'narrow-key',
        about: `${table} ${name}`,
        text: `name the tenant in ON CONFLICT before contract, and no constraint by its name ${name}; until then ${meets}`,
      })),
  );
}

function sequences({ ground: { facts } }: GroundIndex, tables: readonly ConvertedTable[]): Duty[] {
  const moved = new Map(tables.filter(({ mode }) => mode === 'shim').map((each) => [each.table, each]));
  return facts.relations.flatMap(({ id, kind, serves }) => {
    const each = serves === undefined ? undefined : moved.get(serves.table);
    return kind !== 'sequence' || each === undefined
      ? []
      : [
          {
            id: 'sequence-moves',
            about: id,
            text: `it moves to ${each.v2.schema}: code that names it needs that schema in its search_path, behind ${each.v1.schema}`,
          },
        ];
  });
}

function enumOrder(tables: readonly ConvertedTable[]): Duty[] {
  return tables.flatMap(({ table, twins }) =>
    twins.map(({ v1, v2, type }) => ({
      id: 'value-order',
      about: `${table}.${v2}`,
      text: `V1 compares and sorts ${v1} as ${type}, V2 sorts it by letters: look for ORDER BY and < over it`,
    })),
  );
}

/** Who reads a view of V1 needs the tables behind it once the view asks as its reader. */
function viewReaders(index: GroundIndex, tables: readonly ConvertedTable[]): Duty[] {
  const { facts } = index.ground;
  const converted = new Set<TableId>(tables.map(({ table }) => table));
  const readers = new Map(
    facts.relations.map(({ id, grants }) => [
      id,
      new Set(grants.filter(({ privilege }) => privilege === 'select').map(({ grantee }) => grantee)),
    ]),
  );
  return facts.relations
    .filter(
      (view) =>
        view.kind === 'view' && !view.invoker && [...index.readBy(view)].some((id) => converted.has(id)),
    )
    .flatMap(({ id, reads }) => {
      const lacking = [...(readers.get(id) ?? [])].filter((role) =>
        reads.some((table) => readers.get(table)?.has(role) !== true),
      );
      return lacking.toSorted(compareText).map((role) => ({
        id: 'view-reader',
        about: id,
        text: `from shadow on the view asks as its reader: grant ${role} SELECT on ${reads.join(', ')}`,
      }));
    });
}

/** A view keeps the column of V1 that it reads, and stands in its way at contract. */
function readersOfValues({ ground: { facts } }: GroundIndex, tables: readonly ConvertedTable[]): Duty[] {
  const twins = new Set(tables.filter((each) => each.twins.length > 0).map(({ table }) => table));
  return facts.relations
    .filter(({ kind, reads }) => kind === 'view' && reads.some((id) => twins.has(id)))
    .map(({ id, reads }) => ({
      id: 'view-of-values',
      about: id,
      text: `before contract drop it, or write it over what V2 holds: it reads ${reads.join(', ')}`,
    }));
}

function rowRoutines(tables: readonly ConvertedTable[]): Duty[] {
  return tables.flatMap(({ table, shim }) =>
    (shim?.routines ?? []).map(({ signature }) => ({
      id: 'row-routine',
      about: signature,
      text: `it takes or returns rows of ${table}: it goes on with those of the shim, and goes with it at contract`,
    })),
  );
}

function definers({ ground: { facts } }: GroundIndex): Duty[] {
  return facts.functions
    .filter(({ definer }) => definer)
    .map(({ id, owner }) => ({
      id: 'definer-function',
      about: id,
      text: `it runs as ${owner}: say whether it may see all tenants, and fix its search_path`,
    }));
}

function publications({ ground: { facts } }: GroundIndex, tables: readonly ConvertedTable[]): Duty[] {
  const moved = new Set(tables.filter(({ mode }) => mode === 'shim').map(({ table }) => table));
  return facts.publications.flatMap(({ name, tables: published }) =>
    published
      .filter(({ table }) => moved.has(table))
      .map(({ table }) => ({
        id: 'publication',
        about: name,
        text: `${table} moves, and the publication with it: subscribers need its new name`,
      })),
  );
}
