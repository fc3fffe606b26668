/** Who can act as whom, as text for a statement: one answer for the doctor, for the proof at start and for an installation. */

const since16 = `current_setting('server_version_num')::integer >= 160000`;

/** What `pg_has_role` is asked for SET ROLE. From 16 on a member need not be able to; before, it does not know the word. */
export const setRole = `CASE WHEN ${since16} THEN 'SET' ELSE 'MEMBER' END`;

/**
 * Can the role become the other one, at once or by a grant to itself? From 16 on that takes ADMIN OPTION; before, CREATEROLE was enough for
 * any role but a superuser. Both are aliases of `pg_roles`. By how many such grants in turn is for the caller to follow.
 */
export function canBecome(role: string, other: string): string {
  return `(pg_has_role(${role}.oid, ${other}.oid, ${setRole}) OR CASE WHEN ${since16}
      THEN pg_has_role(${role}.oid, ${other}.oid, 'MEMBER WITH ADMIN OPTION')
      ELSE ${role}.rolcreaterole AND NOT ${other}.rolsuper END)`;
}
