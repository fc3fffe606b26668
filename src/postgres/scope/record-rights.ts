/** The least rights on the schema of Drover's records, for who does not own it. */
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteLiteral, quoteTable } from '../sql/identifiers.ts';

export interface Recorder {
  /** As has_table_privilege knows it. */
  readonly name: string;
  /** As GRANT names it. */
  readonly grantee: string;
  /**
   * The login keeps all records, the role of a session those of its move; whoever writes a row behind a fence asks it. On Drover's own
   * schema the login only compares what is applied with what there is.
   */
  readonly does: 'everything' | 'moves' | 'asks' | 'compares';
}

interface RecordSchema {
  readonly schema: string;
  /** None where an administrator has made the schema alone, and the login is to fill it. */
  readonly tables: readonly string[];
}

interface RecordGrant {
  readonly sql: string;
  readonly held: boolean;
}

interface Right {
  /** `USAGE ON SCHEMA "drover"` */
  readonly right: string;
  /** Of `$1`, in the schema `$2`, as a condition. */
  readonly held: string;
}

/** One statement for each kind of object, with whether all of it is held. */
export async function recordRights(tx: Tx, about: RecordSchema, recorder: Recorder): Promise<RecordGrant[]> {
  const grants: RecordGrant[] = [];
  for (const { right, held } of rightsOf(about, recorder.does)) {
    const found = await tx.one<{ held: boolean }>(
      `SELECT ${held} AS held FROM (SELECT $1::name AS role, $2::text AS schema) w`,
      [recorder.name, about.schema],
    );
    grants.push({ sql: `GRANT ${right} TO ${recorder.grantee}`, held: found.held });
  }
  return grants;
}

function rightsOf({ schema, tables }: RecordSchema, does: Recorder['does']): Right[] {
  const fills = tables.length === 0 && does === 'everything';
  const use = onSchema(schema, fills ? ['USAGE', 'CREATE'] : ['USAGE']);
  if (tables.length === 0) return [use];
  if (does === 'compares')
    return [
      use,
      { right: `SELECT ON ${listed(schema, [applied])}`, held: onTables(['SELECT'], [applied], schema) },
    ];
  const functions: Right = {
    right: `EXECUTE ON ALL FUNCTIONS IN SCHEMA ${quoteIdent(schema)}`,
    // Who makes a trigger needs its function; whoever sets it off does not.
    held: `(SELECT coalesce(bool_and(has_function_privilege(role, p.oid, 'EXECUTE')), true)
      FROM pg_proc p WHERE p.pronamespace = to_regnamespace(quote_ident(schema)) AND p.prokind <> 'p'
        ${does === 'everything' ? '' : `AND p.prorettype <> 'trigger'::regtype`})`,
  };
  if (does === 'asks') return [use, functions];
  const changes = tables.filter((name) =>
    does === 'moves' ? changedBySession.includes(name) : !onlyAddedTo.has(name),
  );
  return [
    use,
    functions,
    ...(does === 'everything' ? [sequences(schema)] : []),
    {
      right: `SELECT, INSERT ON ALL TABLES IN SCHEMA ${quoteIdent(schema)}`,
      held: onTables(['SELECT', 'INSERT'], tables, schema),
    },
    { right: `UPDATE ON ${listed(schema, changes)}`, held: onTables(['UPDATE'], changes, schema) },
    ...(does === 'everything' && tables.includes(forgotten)
      ? [
          {
            right: `DELETE ON ${listed(schema, [forgotten])}`,
            held: onTables(['DELETE'], [forgotten], schema),
          },
        ]
      : []),
  ];
}

/** What the role of a session needs beside the login that owns the schema, as statements. */
export function sessionGrants(schema: string, role: string): string[] {
  const rights = rightsOf({ schema, tables: changedBySession }, 'moves');
  return rights.map(({ right }) => `GRANT ${right} TO ${quoteIdent(role)}`);
}

/** What the role of the session changes of the records. The journal and the audit log are only ever added to. */
const changedBySession: readonly string[] = ['migrations', 'fences', 'run_tenants', 'aliases', 'set_aside'];

const applied = 'schema_migrations';

/** What was done and which files are applied stays as it was written. */
const onlyAddedTo: ReadonlySet<string> = new Set(['journal', 'audit_log', applied]);

/** Workers that are gone leave no row. */
const forgotten = 'run_workers';

function onSchema(schema: string, privileges: readonly string[]): Right {
  return {
    right: `${privileges.join(', ')} ON SCHEMA ${quoteIdent(schema)}`,
    held: privileges.map((each) => `has_schema_privilege(role, schema, '${each}')`).join(' AND '),
  };
}

function sequences(schema: string): Right {
  return {
    right: `USAGE ON ALL SEQUENCES IN SCHEMA ${quoteIdent(schema)}`,
    held: `(SELECT coalesce(bool_and(has_sequence_privilege(role, c.oid, 'USAGE')), true) FROM pg_class c
      WHERE c.relnamespace = to_regnamespace(quote_ident(schema)) AND c.relkind = 'S')`,
  };
}

function listed(schema: string, names: readonly string[]): string {
  return names.map((name) => quoteTable({ schema, name })).join(', ');
}

/** By what the catalogue says, because a name of a table in a schema that may not be used is refused. */
function onTables(privileges: readonly string[], names: readonly string[], schema: string): string {
  const all = privileges.map((each) => `has_table_privilege(role, c.oid, '${each}')`).join(' AND ');
  const among = names.map((name) => quoteLiteral(name)).join(', ');
  return `(SELECT coalesce(bool_and(${all}), true) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ${quoteLiteral(schema)} AND c.relname::text IN (${among}))`;
}
