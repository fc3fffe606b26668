/** R: a role of the application is no superuser, owns nothing, becomes nobody who does, and begins with no tenant. */
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import { listed, ownedTables } from '../ground.ts';
import type { Ground } from '../ground.ts';
import { ownedRelations } from '../owned-relations.ts';
import { allPowerfulOf, rightsOf } from '../reach.ts';
import { watching } from '../rules/roles/monitoring-role.ts';
import { noSql } from './mend.ts';
import type { Mending } from './mend.ts';
import { roleWord, stated } from './statements.ts';

/** Memberships by which the role has or gets the rights of one of those. */
function left({ facts, roles }: Ground, name: string, others: readonly string[]): string[] {
  const leads = (role: string): boolean =>
    others.includes(role) || rightsOf({ roles }, role).some((each) => others.includes(each));
  const by = (grantor: string): string =>
    facts.version >= 160_000 ? ` GRANTED BY ${quoteIdent(grantor)}` : '';
  return (roles.get(name)?.memberOf ?? [])
    .filter(({ role }) => leads(role))
    .map(({ role, grantor }) => `REVOKE ${quoteIdent(role)} FROM ${quoteIdent(name)}${by(grantor)}`);
}

const byHand = noSql('no membership of its own leads there: it comes with the database, or from the server');

function weakened(what: string, sql: readonly string[], note?: string): Mending {
  if (sql.length === 0) return byHand;
  return { steps: [stated('contract', what, sql)], ...(note === undefined ? {} : { note }) };
}

export function bindRole(ground: Ground, { at: { name } }: IsolationFinding): Mending {
  const fact = ground.roles.get(name);
  if (fact === undefined) return noSql('the role is not there any more');
  const powerful = allPowerfulOf(ground, name).filter((other) => other !== name);
  // Before 16 CREATEROLE grants itself any role.
  const grantsItself = ground.facts.version < 160_000 && fact.createRole && powerful.length > 0;
  const words = [
    ...(fact.superuser ? ['NOSUPERUSER'] : []),
    ...(fact.bypassRls ? ['NOBYPASSRLS'] : []),
    ...(grantsItself ? ['NOCREATEROLE'] : []),
  ];
  const sql = [
    ...(words.length === 0 ? [] : [`ALTER ROLE ${quoteIdent(name)} ${words.join(' ')}`]),
    ...left(ground, name, powerful),
  ];
  const note = `what ${name} does for all tenants, migrations say, needs another role from then on`;
  return weakened(`let policies bind ${name}`, sql, note);
}

export function stopWatching(ground: Ground, { at: { name } }: IsolationFinding): Mending {
  return weakened(`let ${name} see its own statements alone`, left(ground, name, watching));
}

export function keepTriggers(ground: Ground, { at: { name } }: IsolationFinding): Mending {
  const able = (ground.roles.get(name)?.becomes ?? []).filter((other) => {
    const role = ground.roles.get(other);
    return role?.setsReplicaMode === true && !role.superuser;
  });
  const from = ['public', ...able].map((role) => roleWord(role)).join(', ');
  const sql = [`REVOKE SET ON PARAMETER session_replication_role FROM ${from}`];
  return weakened(`let triggers and keys hold for ${name}`, sql);
}

/** Who owns comes by it with every right; the rights on rows stay, as grants. */
export function giveAway(ground: Ground, { at: { name } }: IsolationFinding): Mending {
  const { facts } = ground;
  const heir = [facts.databaseOwner, facts.login].find(
    (role) => !ground.applicationRoles.some((app) => rightsOf(ground, app).includes(role)),
  );
  const reached = rightsOf(ground, name);
  const relations = [...ownedRelations(ground).values()];
  const schemas = facts.schemas.filter((schema) =>
    ownedTables(ground).some(({ relation }) => relation.schema === schema.name),
  );
  const others = [
    ...relations.map(({ owner }) => owner),
    ...schemas.map(({ owner }) => owner),
    facts.databaseOwner,
  ].filter((owner) => owner !== name && reached.includes(owner));
  const own = relations.filter(({ owner }) => owner === name);
  const ofSchemas = schemas.filter(({ owner }) => owner === name);
  const isOwned = own.length + ofSchemas.length > 0 || facts.databaseOwner === name;
  if (isOwned && heir === undefined)
    return noSql('nobody is known who could own them instead: make a role that does');
  const [role, to] = [quoteIdent(name), quoteIdent(heir ?? name)];
  const sequences = facts.relations.filter(
    ({ serves, owner }) => owner === name && own.some(({ id }) => id === serves?.table),
  );
  const sql = [
    ...own.flatMap((relation) => [
      `ALTER TABLE ${quoteTable(relation)} OWNER TO ${to}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ${quoteTable(relation)} TO ${role}`,
    ]),
    ...sequences.map((sequence) => `GRANT USAGE ON SEQUENCE ${quoteTable(sequence)} TO ${role}`),
    ...ofSchemas.flatMap((schema) => [
      `ALTER SCHEMA ${quoteIdent(schema.name)} OWNER TO ${to}`,
      `GRANT USAGE ON SCHEMA ${quoteIdent(schema.name)} TO ${role}`,
    ]),
    ...(facts.databaseOwner === name ? [`ALTER DATABASE ${quoteIdent(facts.database)} OWNER TO ${to}`] : []),
    ...left(ground, name, others),
  ];
  const note = `migrations that ${name} ran need ${heir ?? listed([...new Set(others)])} from then on`;
  return weakened(`let ${name} own nothing of tenants`, sql, note);
}

/** A value that a session begins with, taken out of where it stands. */
export function beginWithoutTenant(ground: Ground, { at }: IsolationFinding): Mending {
  const setting = at.part ?? '';
  const { database, sessionDefaults } = ground.facts;
  const word = setting
    .split('.')
    .map((part) => quoteIdent(part))
    .join('.');
  const isSet = (values: readonly string[]): boolean =>
    values.some((value) => value.toLowerCase().startsWith(`${setting.toLowerCase()}=`));
  const within = `IN DATABASE ${quoteIdent(database)} RESET ${word}`;
  const role = quoteIdent(at.name);
  const what = `let sessions begin without ${setting}`;
  if (at.kind === 'role')
    return weakened(what, [`ALTER ROLE ${role} RESET ${word}`, `ALTER ROLE ${role} ${within}`]);
  return isSet(sessionDefaults)
    ? weakened(what, [`ALTER ROLE ALL RESET ${word}`, `ALTER ROLE ALL ${within}`])
    : noSql('the server, the address or a pooler sets it: it is taken out there');
}
