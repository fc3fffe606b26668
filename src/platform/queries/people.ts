/** People of a tenant as callers: are they active, and which roles are in force. One query each. */
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteTable } from '../../postgres/sql/identifiers.ts';
import { prepared } from '../../postgres/driver/question.ts';

export interface Person {
  readonly user_id: string;
  readonly email: string;
  readonly is_active: boolean;
  /** Of the tenant. */
  readonly state: string;
  readonly roles: readonly HeldRole[];
}

/** A role that is in force, and until when; null where the grant does not end. */
export interface HeldRole {
  readonly role: string;
  readonly until: string | null;
}

const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The user with that id or that e-mail address, in the tenant of the transaction. */
export function findPerson(
  tx: Tx,
  schema: string,
  { tenantId, user }: { readonly tenantId: string; readonly user: string },
): Promise<Person | undefined> {
  const table = (name: string): string => quoteTable({ schema, name });
  // Each by its own key: one condition for both would read all people of the tenant.
  const who = isUuid.test(user) ? 'u.id = $2::text::uuid' : 'u.email = lower($2)';
  return tx.maybeOne<Person>(
    prepared(`SELECT u.id AS user_id, u.email, u.is_active, t.state, ${rolesInForce(schema)} AS roles
     FROM ${table('users')} u JOIN ${table('tenants')} t ON t.id = u.tenant_id
     WHERE u.tenant_id = $1 AND ${who}`),
    [tenantId, user],
  );
}

/** Roles of the user `u` that are active and not expired; those in a space say nothing about the tenant. */
export function rolesInForce(schema: string): string {
  return `coalesce((
    SELECT jsonb_agg(jsonb_build_object('role', r.role, 'until', nullif(r.expires_at, 'infinity')))
    FROM ${quoteTable({ schema, name: 'user_roles' })} r
    WHERE r.tenant_id = u.tenant_id AND r.user_id = u.id AND r.is_active
      AND r.scope IN ('system', 'tenant') AND coalesce(r.expires_at > now(), true)), '[]')`;
}
