/**
 * A schema as SQL text, read from the catalogue. The same schema gives the same text on every supported PostgreSQL and
 * on the embedded one, however it came to be: `migrations/schema.sql` is this text and a test compares it.
 */
import { DroverError } from '../../src/errors.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import type { Opening } from '../../src/postgres/driver/opening.ts';
import { quoteTable, quoteIdent } from '../../src/postgres/sql/identifiers.ts';

/**
 * Tables, then constraints and indexes, then row-level security, policies and grants, then functions and triggers; refuses what it
 * cannot say.
 */
export async function dumpSchema(db: Database, schema: string): Promise<string> {
  const settings = ['SET LOCAL search_path = pg_catalog'];
  const opening: Opening = { isolation: 'repeatable read', readOnly: true, settings };
  return db.transaction(opening, (tx) => dump(tx, schema));
}

async function dump(tx: Tx, schema: string): Promise<string> {
  const undumpable = await listUndumpable(tx, schema);
  if (undumpable.length > 0) {
    throw new DroverError('INTERNAL', `The dump has no words for ${undumpable.join(', ')}.`, { schema });
  }
  const tables = await listDumpedTables(tx, schema);
  const home = quoteIdent(schema);
  const usage = (await listSchemaGrants(tx, schema)).map(
    ({ role, privileges }) => `GRANT ${privileges.join(', ')} ON SCHEMA ${home} TO ${role};`,
  );
  const sections = [
    [`-- The whole schema as it is after the last migration. Made by "npm run schema:dump"; do not edit.`],
    [`CREATE SCHEMA ${home};`, ...usage],
    ...tables.map((table) => createTable(schema, table)),
    ...tables.map((table) => addKeys(schema, table)),
    ...tables.map((table) => protect(schema, table)),
    ...(await listDumpedCode(tx, schema)).map((text) => [text]),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function createTable(schema: string, table: DumpedTable): string[] {
  const checks = table.constraints.filter(({ definition }) => !isForeignKey(definition));
  const parts = [
    ...table.columns.map((column) => `  ${columnText(column)}`),
    ...checks.map(({ name, definition }) => `  CONSTRAINT ${quoteIdent(name)} ${definition}`),
  ];
  const target = quoteTable({ schema, name: table.name });
  const storage = table.columns.flatMap((column) =>
    column.storage === null
      ? []
      : [`ALTER TABLE ${target} ALTER COLUMN ${quoteIdent(column.name)} SET STORAGE ${column.storage};`],
  );
  return [`CREATE TABLE ${target} (`, parts.join(',\n'), ');', ...storage];
}

function columnText(column: DumpedTable['columns'][number]): string {
  const value = column.generated
    ? ` GENERATED ALWAYS AS (${column.default ?? ''}) STORED`
    : ` DEFAULT ${column.default ?? ''}`;
  return [
    `${quoteIdent(column.name)} ${column.type}`,
    column.required ? ' NOT NULL' : '',
    column.default === null ? '' : value,
  ].join('');
}

/** Foreign keys come after all tables, because they may lead to a later one. */
function addKeys(schema: string, table: DumpedTable): string[] {
  const target = quoteTable({ schema, name: table.name });
  const keys = table.constraints
    .filter(({ definition }) => isForeignKey(definition))
    .map(({ name, definition }) => `ALTER TABLE ${target} ADD CONSTRAINT ${quoteIdent(name)} ${definition};`);
  return [...keys, ...table.indexes.map(({ definition }) => `${definition};`)];
}

function isForeignKey(definition: string): boolean {
  return definition.startsWith('FOREIGN KEY');
}

function protect(schema: string, table: DumpedTable): string[] {
  const target = quoteTable({ schema, name: table.name });
  return [
    ...(table.enabled ? [`ALTER TABLE ${target} ENABLE ROW LEVEL SECURITY;`] : []),
    ...(table.forced ? [`ALTER TABLE ${target} FORCE ROW LEVEL SECURITY;`] : []),
    ...table.policies.map((policy) => policyText(target, policy)),
    ...table.grants.map(({ role, privileges }) => `GRANT ${privileges.join(', ')} ON ${target} TO ${role};`),
  ];
}

const commands: Readonly<Record<string, string>> = {
  '*': 'ALL',
  r: 'SELECT',
  a: 'INSERT',
  w: 'UPDATE',
  d: 'DELETE',
};

function policyText(target: string, policy: DumpedPolicy): string {
  const kind = policy.permissive ? '' : ' AS RESTRICTIVE';
  const check = policy.check === null ? '' : `\n  WITH CHECK (${policy.check})`;
  const using = policy.using === null ? '' : `\n  USING (${policy.using})`;
  const head = `CREATE POLICY ${quoteIdent(policy.name)} ON ${target}${kind}`;
  return `${head} FOR ${commands[policy.command] ?? policy.command} TO ${policy.roles.join(', ')}${using}${check};`;
}

/**
 * What PostgreSQL prints of a table. To be read with an empty search path, so that every name carries its schema. Each list comes in an
 * order that does not depend on the collation or on when things were made.
 */
interface DumpedTable {
  readonly name: string;
  readonly enabled: boolean;
  readonly forced: boolean;
  readonly columns: readonly {
    name: string;
    type: string;
    required: boolean;
    default: string | null;
    generated: boolean;
    storage: string | null;
  }[];
  readonly constraints: readonly { name: string; definition: string }[];
  readonly indexes: readonly { definition: string }[];
  readonly policies: readonly DumpedPolicy[];
  readonly grants: readonly { role: string; privileges: string[] }[];
}

interface DumpedPolicy {
  readonly name: string;
  readonly command: string;
  readonly permissive: boolean;
  readonly roles: string[];
  readonly using: string | null;
  readonly check: string | null;
}

const columns = `
  SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull,
    'default', pg_get_expr(d.adbin, d.adrelid), 'generated', a.attgenerated <> '',
    'storage', CASE WHEN a.attstorage <> t.typstorage THEN
      CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END) ORDER BY a.attnum)
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped`;

// NOT NULL is a constraint with a name from PostgreSQL 18 on; the columns say it already.
const constraints = `
  SELECT json_agg(json_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid))
    ORDER BY position(k.contype IN 'pucf'), k.conname::text COLLATE "C")
  FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 'n'`;

const indexes = `
  SELECT json_agg(json_build_object('definition', pg_get_indexdef(i.indexrelid)) ORDER BY pg_get_indexdef(i.indexrelid) COLLATE "C")
  FROM pg_index i WHERE i.indrelid = c.oid
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))`;

const policies = `
  SELECT json_agg(json_build_object('name', p.polname, 'command', p.polcmd, 'permissive', p.polpermissive,
    'roles', ARRAY(SELECT CASE WHEN r = 0 THEN 'public' ELSE pg_get_userbyid(r)::text END FROM unnest(p.polroles) r ORDER BY 1),
    'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)) ORDER BY p.polname::text COLLATE "C")
  FROM pg_policy p WHERE p.polrelid = c.oid`;

/** Grants of some columns of a table. */
const columnGrants = `
  SELECT json_agg(json_build_object('role', g.role, 'privileges', ARRAY[g.privilege || ' (' || g.columns || ')'])
    ORDER BY g.role COLLATE "C", g.privilege)
  FROM (SELECT pg_get_userbyid(x.grantee)::text AS role, x.privilege_type AS privilege,
               string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
        FROM pg_attribute a, aclexplode(a.attacl) x WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL AND x.grantee <> 0 GROUP BY 1, 2) g`;

/** Grants to others than the owner, whose name and rights differ from server to server. */
function grants(acl: string, owner: string): string {
  return `
  SELECT json_agg(json_build_object('role', g.role, 'privileges', g.privileges) ORDER BY g.role COLLATE "C")
  FROM (SELECT CASE WHEN x.grantee = 0 THEN 'public' ELSE pg_get_userbyid(x.grantee)::text END AS role,
               array_agg(x.privilege_type ORDER BY x.privilege_type COLLATE "C") AS privileges
        FROM aclexplode(${acl}) x WHERE x.grantee <> ${owner} GROUP BY 1) g`;
}

/** Tables by name. */
async function listDumpedTables(tx: Tx, schema: string): Promise<DumpedTable[]> {
  return tx.many<DumpedTable>(
    `SELECT c.relname::text AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       COALESCE((${columns}), '[]') AS columns, COALESCE((${constraints}), '[]') AS constraints,
       COALESCE((${indexes}), '[]') AS indexes, COALESCE((${policies}), '[]') AS policies,
       (COALESCE((${grants('c.relacl', 'c.relowner')}), '[]')::jsonb || COALESCE((${columnGrants}), '[]')::jsonb)::json AS grants
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind = 'r'
     ORDER BY c.relname::text COLLATE "C"`,
    [schema],
  );
}

/** Grants on the schema itself. */
async function listSchemaGrants(tx: Tx, schema: string): Promise<{ role: string; privileges: string[] }[]> {
  const { list } = await tx.one<{ list: { role: string; privileges: string[] }[] }>(
    `SELECT COALESCE((${grants('n.nspacl', 'n.nspowner')}), '[]') AS list FROM pg_namespace n WHERE n.nspname = $1`,
    [schema],
  );
  return list;
}

/** Functions and then triggers, each as its statement. */
async function listDumpedCode(tx: Tx, schema: string): Promise<string[]> {
  const rows = await tx.many<{ text: string }>(
    `SELECT text FROM (
       SELECT 1 AS kind, pg_get_functiondef(p.oid) AS text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1
       UNION ALL
       SELECT 2, pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND NOT g.tgisinternal) code
     ORDER BY kind, text COLLATE "C"`,
    [schema],
  );
  return rows.map(({ text }) => `${text.trimEnd()};`);
}

/** What the dump has no words for: it must refuse rather than leave something out. */
async function listUndumpable(tx: Tx, schema: string): Promise<string[]> {
  const rows = await tx.many<{ found: string }>(
    `WITH home AS (SELECT oid FROM pg_namespace WHERE nspname = $1)
     SELECT pg_describe_object('pg_class'::regclass, c.oid, 0) AS found
     FROM pg_class c JOIN home ON home.oid = c.relnamespace WHERE c.relkind NOT IN ('r', 'i', 't', 'c')
     UNION ALL
     SELECT pg_describe_object('pg_type'::regclass, t.oid, 0) FROM pg_type t JOIN home ON home.oid = t.typnamespace
     WHERE t.typtype IN ('e', 'd', 'r', 'm')
       OR (t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
     UNION ALL
     SELECT pg_describe_object('pg_class'::regclass, a.attrelid, a.attnum)
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN home ON home.oid = c.relnamespace
     WHERE EXISTS (SELECT FROM aclexplode(a.attacl) x WHERE x.grantee = 0) OR a.attidentity <> ''
     ORDER BY 1`,
    [schema],
  );
  return rows.map(({ found }) => found);
}
