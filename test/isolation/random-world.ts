/** Random small schemas of tenants' tables: keys with and without the tenant, owners by column or by parent, policies, roles and grants. */
import fc from 'fast-check';
import { conditions, helperFunctions, written } from './random-conditions.ts';
import type { Condition, ConditionGround } from './random-conditions.ts';
import type { TriedTable } from './rows-reached.ts';

const commands = ['ALL', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const;
type PolicyCommand = (typeof commands)[number];

interface RandomPolicy {
  readonly permissive: boolean;
  readonly command: PolicyCommand;
  readonly to: 'app' | 'public' | 'other';
  readonly using: Condition;
  /** Another one than USING. */
  readonly check?: Condition | undefined;
}

interface RandomTable {
  /** `parent`: it has no column of its own, and is the tenant's by its parent. */
  readonly owner: 'column' | 'nullable' | 'parent';
  /** Of the tables before it; none where there is none. */
  readonly above: number | undefined;
  /** Does the key to the parent carry the tenant? */
  readonly composite: boolean;
  readonly onDelete: 'NO ACTION' | 'CASCADE';
  readonly hasUser: boolean;
  readonly security: 'forced' | 'enabled' | 'off';
  readonly grants: readonly string[];
  readonly policies: readonly RandomPolicy[];
}

export interface RandomSchema {
  /** The list of tenants, and the one of its members: sound, or open to whoever may read it. */
  readonly orgsOpen: boolean;
  readonly membersOpen: boolean;
  readonly membersWritable: boolean;
  readonly tables: readonly RandomTable[];
}

const policies: fc.Arbitrary<RandomPolicy> = fc.record({
  permissive: fc.oneof(
    { weight: 4, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
  command: fc.oneof(
    { weight: 5, arbitrary: fc.constant('ALL' as const) },
    { weight: 4, arbitrary: fc.constantFrom(...commands) },
  ),
  to: fc.oneof(
    { weight: 4, arbitrary: fc.constant('app' as const) },
    { weight: 3, arbitrary: fc.constant('public' as const) },
    { weight: 1, arbitrary: fc.constant('other' as const) },
  ),
  using: conditions,
  check: fc.option(conditions, { nil: undefined, freq: 3 }),
});

const tables: fc.Arbitrary<RandomTable> = fc.record({
  owner: fc.oneof(
    { weight: 5, arbitrary: fc.constant('column' as const) },
    { weight: 1, arbitrary: fc.constant('nullable' as const) },
    { weight: 2, arbitrary: fc.constant('parent' as const) },
  ),
  above: fc.option(fc.nat(5), { nil: undefined, freq: 3 }),
  composite: fc.boolean(),
  onDelete: fc.constantFrom('NO ACTION' as const, 'CASCADE' as const),
  hasUser: fc.boolean(),
  security: fc.oneof(
    { weight: 12, arbitrary: fc.constant('forced' as const) },
    { weight: 1, arbitrary: fc.constant('enabled' as const) },
    { weight: 1, arbitrary: fc.constant('off' as const) },
  ),
  grants: fc.oneof(
    { weight: 4, arbitrary: fc.constant(['SELECT', 'INSERT', 'UPDATE', 'DELETE']) },
    { weight: 1, arbitrary: fc.subarray(['SELECT', 'INSERT', 'UPDATE', 'DELETE'], { minLength: 1 }) },
  ),
  policies: fc.array(policies, { minLength: 1, maxLength: 3 }),
});

const rarely = fc.oneof(
  { weight: 5, arbitrary: fc.constant(false) },
  { weight: 1, arbitrary: fc.constant(true) },
);

export const schemas: fc.Arbitrary<RandomSchema> = fc.record({
  orgsOpen: rarely,
  membersOpen: rarely,
  membersWritable: rarely,
  tables: fc.array(tables, { minLength: 1, maxLength: 6 }),
});

export interface SchemaNames {
  readonly app: string;
  readonly other: string;
  /** One for each case: PostgreSQL is slow to find a name that was there many times. */
  readonly schema: string;
  /** What the names of settings begin with: one that nobody used on this connection. */
  readonly settings: string;
}

const tenants = [1, 2, 3];

interface PlacedTable extends RandomTable {
  readonly name: string;
  readonly parent?: { readonly name: string; readonly isOwner: boolean; readonly composite: boolean };
}

function placed(all: readonly RandomTable[]): PlacedTable[] {
  const found: PlacedTable[] = [];
  for (const [at, table] of all.entries()) {
    const above = table.above === undefined || at === 0 ? undefined : found[table.above % at];
    const owner = above === undefined && table.owner === 'parent' ? ('column' as const) : table.owner;
    const composite = table.composite && owner === 'column' && above?.owner === 'column';
    const parent =
      above === undefined ? undefined : { name: above.name, isOwner: above.owner !== 'parent', composite };
    found.push({ ...table, owner, name: `t${at}`, ...(parent === undefined ? {} : { parent }) });
  }
  return found;
}

function tableSql({ name, owner, parent, onDelete, hasUser }: PlacedTable): string {
  const isOwner = owner !== 'parent';
  const key =
    parent === undefined
      ? []
      : parent.composite
        ? [`FOREIGN KEY (org_id, parent_id) REFERENCES ${parent.name} (org_id, id) ON DELETE ${onDelete}`]
        : [`FOREIGN KEY (parent_id) REFERENCES ${parent.name} (id) ON DELETE ${onDelete}`];
  const columns = [
    'id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY',
    ...(isOwner
      ? [`org_id int ${owner === 'column' ? 'NOT NULL' : ''} REFERENCES orgs`, 'UNIQUE (org_id, id)']
      : []),
    ...(parent === undefined ? [] : ['parent_id int NOT NULL', ...key]),
    ...(hasUser ? ['user_id int NOT NULL REFERENCES members'] : []),
    `state text NOT NULL DEFAULT 'open'`,
    'is_public boolean NOT NULL DEFAULT false',
  ];
  const rows = tenants.flatMap((tenant) =>
    ['open', 'closed'].map((state, at) => {
      const id = tenant * 10 + at;
      const values = [
        id,
        ...(isOwner ? [tenant] : []),
        ...(parent === undefined ? [] : [id]),
        ...(hasUser ? [tenant] : []),
      ];
      return `(${values.join(', ')}, '${state}', ${String(state === 'closed')})`;
    }),
  );
  return `CREATE TABLE ${name} (${columns.join(', ')});
    INSERT INTO ${name} VALUES ${rows.join(', ')};
    SELECT setval(pg_get_serial_sequence('${name}', 'id'), 1000);`;
}

function policySql(table: PlacedTable, names: SchemaNames): string[] {
  const { name, owner, hasUser, parent } = table;
  const ground: ConditionGround = {
    table: name,
    settings: names.settings,
    isOwner: owner !== 'parent',
    hasUser,
    ...(parent === undefined ? {} : { parent }),
  };
  return table.policies.map(({ permissive, command, to, using, check }, at) => {
    const hasUsing = command !== 'INSERT';
    const hasCheck =
      command === 'INSERT' || (check !== undefined && (command === 'ALL' || command === 'UPDATE'));
    const role = to === 'public' ? 'PUBLIC' : names[to];
    return `CREATE POLICY p${at} ON ${name} AS ${permissive ? 'PERMISSIVE' : 'RESTRICTIVE'} FOR ${command} TO ${role}
      ${hasUsing ? `USING (${written(using, ground)})` : ''} ${hasCheck ? `WITH CHECK (${written(check ?? using, ground)})` : ''};`;
  });
}

/** What is tried on them. */
export function triedTables({ tables: all }: RandomSchema): TriedTable[] {
  return placed(all).map(({ name, owner, parent, hasUser }) => ({
    name,
    isOwner: owner !== 'parent',
    foreign: {
      id: '999',
      ...(owner === 'parent' ? {} : { org_id: '2' }),
      ...(parent === undefined ? {} : { parent_id: '20' }),
      ...(hasUser ? { user_id: '2' } : {}),
    },
  }));
}

/** The whole schema with rows of three tenants. */
export function schemaSql(schema: RandomSchema, names: SchemaNames): string {
  const own = `NULLIF(current_setting('${names.settings}.tenant', true), '')::int`;
  const secured = (table: string, column: string, isOpen: boolean): string =>
    isOpen
      ? ''
      : `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY own ON ${table} USING (${column} = ${own});`;
  const all = placed(schema.tables);
  return `
    CREATE ROLE ${names.app}; CREATE ROLE ${names.other}; CREATE SCHEMA ${names.schema}; SET LOCAL search_path = ${names.schema};
    GRANT USAGE ON SCHEMA ${names.schema} TO ${names.app};
    CREATE TABLE orgs (id int PRIMARY KEY, name text);
    CREATE TABLE members (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, org_id int NOT NULL REFERENCES orgs,
      login text GENERATED ALWAYS AS (org_id::text) STORED);
    INSERT INTO orgs SELECT i, 'x' FROM generate_series(1, 3) i; INSERT INTO members SELECT i, i FROM generate_series(1, 3) i;
    SELECT setval(pg_get_serial_sequence('members', 'id'), 1000);
    ${helperFunctions(names)}
    ${secured('orgs', 'id', schema.orgsOpen)} ${secured('members', 'org_id', schema.membersOpen)}
    GRANT SELECT ON orgs TO ${names.app}; GRANT ${schema.membersWritable ? 'SELECT, INSERT, UPDATE' : 'SELECT'} ON members TO ${names.app};
    ${all.map(tableSql).join('\n')}
    ${all
      .map(({ name, security, grants }) => {
        const secure = security === 'off' ? '' : `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY;`;
        const force = security === 'forced' ? `ALTER TABLE ${name} FORCE ROW LEVEL SECURITY;` : '';
        return `${secure} ${force} GRANT ${grants.join(', ')} ON ${name} TO ${names.app};`;
      })
      .join('\n')}
    ${all.flatMap((table) => policySql(table, names)).join('\n')}`;
}
