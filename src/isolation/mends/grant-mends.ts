/** G: rights that are taken back from whom they were granted to. */
import { tableId } from '../../engine/catalogue/catalog.ts';
import { everybody } from '../../engine/isolation/facts.ts';
import type { AclEntry, RelationFact } from '../../engine/isolation/facts.ts';
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import { policyKey } from '../conditions/policy-key.ts';
import type { Ground } from '../ground.ts';
import { mayUse, rowPrivileges } from '../reach.ts';
import { noSql } from './mend.ts';
import type { Mending } from './mend.ts';
import { roleWord, stated } from './statements.ts';

const owns = noSql('the right comes with the ownership, or with a role that PostgreSQL gives all rights');

/** Entries by which one of the roles has the right, by itself, by a group or as PUBLIC. */
function entriesFor(
  { roles }: Ground,
  grants: readonly AclEntry[],
  { owner, of }: { readonly owner: string; readonly of: readonly string[] },
): readonly AclEntry[] {
  const held = new Set(of.flatMap((name) => roles.get(name)?.holds ?? []));
  return grants.filter(({ grantee }) => grantee !== owner && (grantee === everybody || held.has(grantee)));
}

interface TakenRight {
  readonly on: RelationFact;
  readonly privileges: readonly string[];
  readonly roles: readonly string[];
}

export function revoked(ground: Ground, { on, privileges, roles }: TakenRight): string[] {
  const open = entriesFor(ground, on.grants, { owner: on.owner, of: roles }).filter(({ privilege }) =>
    privileges.includes(privilege),
  );
  const kind = on.kind === 'sequence' ? 'SEQUENCE ' : '';
  return [
    ...new Set(
      open.map(
        ({ privilege, column, grantee }) =>
          `REVOKE ${privilege.toUpperCase()}${column === undefined ? '' : ` (${quoteIdent(column)})`} ` +
          `ON ${kind}${quoteTable(on)} FROM ${roleWord(grantee)}`,
      ),
    ),
  ];
}

const ofEverybody = 'PUBLIC has the right: who needs it gets a grant of its own first';

function taking(what: string, sql: readonly string[]): Mending {
  if (sql.length === 0) return owns;
  const isPublic = sql.some((each) => each.endsWith(' FROM PUBLIC'));
  return { steps: [stated('contract', what, sql)], ...(isPublic ? { note: ofEverybody } : {}) };
}

/** Rights on a table, a view or a sequence; the part of the finding names one, else those on rows. */
export function takeRights(ground: Ground, { at, reachedBy }: IsolationFinding): Mending {
  const on = ground.relations.get(tableId(at.schema, at.name));
  if (on === undefined) return noSql('it is not there any more');
  // To make rows of a sequence USAGE is enough, which stays.
  const wanted = on.kind === 'sequence' ? ['select'] : rowPrivileges;
  const privileges = at.part === undefined ? wanted : [at.part];
  return taking(`take rights on ${on.id} back`, revoked(ground, { on, privileges, roles: reachedBy }));
}

/** The role reads the table that says whose it is, and does not write it. */
export function guardMapping(ground: Ground, { at, reachedBy }: IsolationFinding): Mending {
  const relation = ground.relations.get(tableId(at.schema, at.name));
  const read = relation === undefined ? undefined : ground.conditions.get(policyKey(relation, at.part ?? ''));
  const tables = [read?.using, read?.check].flatMap((each) => each?.looksAt.map(({ table }) => table) ?? []);
  const privileges = ['insert', 'update'];
  const open = [...new Set(tables)]
    .flatMap((id) => ground.relations.get(id) ?? [])
    .filter(
      (on) => !on.secured && reachedBy.some((role) => mayUse(ground, role, { relation: on, privileges })),
    );
  const sql = open.flatMap((on) => revoked(ground, { on, privileges, roles: reachedBy }));
  return taking('let nobody write what says whose the caller is', sql);
}

export function closeSchema(ground: Ground, { at, reachedBy }: IsolationFinding): Mending {
  const schema = ground.facts.schemas.find(({ name }) => name === at.name);
  if (schema === undefined) return noSql('it is not there any more');
  const open = entriesFor(ground, schema.grants, { owner: schema.owner, of: reachedBy }).filter(
    ({ privilege }) => privilege === 'create',
  );
  return taking(
    `let nobody of the application create in ${schema.name}`,
    open.map(({ grantee }) => `REVOKE CREATE ON SCHEMA ${quoteIdent(schema.name)} FROM ${roleWord(grantee)}`),
  );
}

/** What is granted already stays granted: these are rights on tables to come. */
export function closeDefaults(ground: Ground, { at, reachedBy }: IsolationFinding): Mending {
  const found = ground.facts.defaultPrivileges.find(
    ({ schema, of }) => of === at.part && schema === (at.kind === 'schema' ? at.name : undefined),
  );
  if (found === undefined) return noSql('it is not there any more');
  const { schema, of, grants } = found;
  const names = reachedBy.map((name) => (name === 'PUBLIC' ? everybody : name));
  const within = schema === undefined ? '' : ` IN SCHEMA ${quoteIdent(schema)}`;
  const sql = grants
    .filter(({ grantee, privilege }) => names.includes(grantee) && rowPrivileges.includes(privilege))
    .map(
      ({ grantee, privilege }) =>
        `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteIdent(of)}${within} ` +
        `REVOKE ${privilege.toUpperCase()} ON TABLES FROM ${roleWord(grantee)}`,
    );
  return taking(`grant nothing of the tables that ${of} will make`, sql);
}
