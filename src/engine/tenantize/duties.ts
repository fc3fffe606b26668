/** What the owner of the application must do: what no statement in the database can do for them. */
import type { TableId } from '../catalogue/catalog.ts';
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
function viewReaders({ ground: { facts } }: GroundIndex, tables: readonly ConvertedTable[]): Duty[] {
  const converted = new Set<TableId>(tables.map(({ table }) => table));
  const readers = new Map(
    facts.relations.map(({ id, grants }) => [
      id,
      new Set(grants.filter(({ privilege }) => privilege === 'select').map(({ grantee }) => grantee)),
    ]),
  );
  return facts.relations
    .filter(
      ({ kind, reads, invoker }) => kind === 'view' && !invoker && reads.some((id) => converted.has(id)),
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
