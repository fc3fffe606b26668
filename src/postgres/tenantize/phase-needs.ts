/** What a phase of a conversion needs of a database before its first step, counted and listed. It only reads. */
import type { ConvertedTable } from '../../engine/tenantize/conversion.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteLiteral, quoteTable } from '../sql/identifiers.ts';
import type { ConversionStepRecord, WrittenStep } from './conversion-records.ts';

/** Rights that the login lacks for a conversion, in words: without them some step would fail halfway. */
export async function lackingForConversion(tx: Tx, tables: readonly ConvertedTable[]): Promise<string[]> {
  const { superuser, creates, makes, login } = await tx.one<{
    superuser: boolean;
    creates: boolean;
    makes: boolean;
    login: string;
  }>(
    `SELECT r.rolsuper AS superuser, r.rolcreaterole AS creates, has_database_privilege(current_database(), 'CREATE') AS makes,
       current_user::text AS login FROM pg_roles r WHERE r.rolname = current_user`,
  );
  if (superuser) return [];
  const strange = await tx.many<{ name: string; owner: string }>(
    `SELECT c.oid::regclass::text AS name, pg_get_userbyid(c.relowner)::text AS owner FROM pg_class c
     WHERE c.oid = ANY($1::text[]::regclass[]) AND NOT pg_has_role(c.relowner, 'USAGE') ORDER BY 1`,
    [tables.map(({ v1 }) => quoteTable(v1))],
  );
  return [
    ...(creates ? [] : [`${login} may not make roles (CREATEROLE)`]),
    ...(makes ? [] : [`${login} may not make schemas in this database (GRANT CREATE ON DATABASE)`]),
    ...strange.map(({ name, owner }) => `${name} belongs to ${owner}, and ${login} is no member of it`),
  ];
}

/** Roles that the steps would make and that are there: on the way back they would go, whoever they belong to. */
export async function takenRoles(tx: Tx, steps: readonly WrittenStep[]): Promise<string[]> {
  const wanted = steps.flatMap(({ change }) => (change.kind === 'roles' ? change.roles : []));
  const found = await tx.many<{ name: string }>(
    `SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY($1::text[]) ORDER BY 1`,
    [wanted],
  );
  return found.map(({ name }) => name);
}

/** Rows of other tenants than zero, by table: V1 could not tell them from its own. */
export async function rowsOfOthers(tx: Tx, steps: readonly ConversionStepRecord[]): Promise<string[]> {
  const found: string[] = [];
  for (const { change, state } of steps) {
    if (state !== 'done' || (change.kind !== 'owner-column' && change.kind !== 'root')) continue;
    if (change.zero === undefined) continue;
    const column = quoteIdent(change.kind === 'root' ? change.key : change.column);
    const { rows } = await tx.one<{ rows: number }>(
      `SELECT count(*)::float8 AS rows FROM ${quoteTable(change.at)} WHERE ${column}::text <> ${quoteLiteral(change.zero)}`,
    );
    if (rows > 0) found.push(`${quoteTable(change.at)}: ${rows}`);
  }
  return found;
}
