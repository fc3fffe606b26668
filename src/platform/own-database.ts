/** Drover's own schema is put where somebody asked for it, and nowhere else. */
import { optionalRoles, roles } from '../isolation/policies.ts';
import { DroverError } from '../errors.ts';
import type { Database } from '../postgres/driver/database.ts';
import { findSchema } from '../postgres/schema/schema-record.ts';
import { type DatabaseFacts, missingRights, readDatabaseFacts } from '../postgres/schema/database-facts.ts';
import { manifest } from './manifest.ts';

export interface Asked {
  /** Did somebody ask for Drover's own schema in this database, by name? */
  readonly asked: boolean;
  /** Hears what is about to be made. */
  readonly tell?: (text: string) => void;
  /** The options that lead to the database, for the commands in a message. */
  readonly words: {
    readonly own: string;
    /** As somebody else's. */
    readonly attached: string;
  };
}

/**
 * Says whether the database has Drover's own schema, and refuses before anything is written where it has none and none may be made:
 * nobody asked for it, or the login lacks a right. An embedded database without any table is a new one, and its schema may be made.
 * @throws NO_DATABASE, NOT_PERMITTED
 */
export async function requireOwnDatabase(
  db: Database,
  schema: string,
  { asked, words, tell }: Asked,
): Promise<void> {
  const opening = { readOnly: true };
  const { found, facts } = await db.transaction(opening, async (tx) => ({
    found: await findSchema(tx, schema),
    facts: await readDatabaseFacts(
      tx,
      Object.values(roles).filter((role) => !optionalRoles.includes(role)),
    ),
  }));
  if (found === 'ours') return;
  const isNew = db.engine === 'embedded' && facts.tables === 0;
  if (!asked && !isNew) throw notOurs(schema, facts, words);
  if (facts.writes === 'standby') throw onStandby(facts);
  const missing = missingRights(facts);
  if (missing.length > 0) throw mayNotInstall(facts, missing);
  if (asked) tell?.(`Putting Drover’s own schema into the database ${facts.database}. ${whatIsMade(schema)}`);
}

function notOurs(
  schema: string,
  { database, tables, hasRecords }: DatabaseFacts,
  words: Asked['words'],
): DroverError {
  const holds =
    tables === 0 ? 'no table' : `${tables} ${tables === 1 ? 'table' : 'tables'}, none of Drover’s own schema`;
  const records = hasRecords ? ' (Drover keeps records about it in the schema drover)' : '';
  const message = [
    `The database ${database} holds ${holds}${records}; nothing was written.`,
    `To work on it as it is: \`drover inventory ${words.attached}\` reads it, and \`drover init ${words.attached}\` proposes a`,
    '  configuration, with which `drover plan` and `drover apply` go on.',
    `To put Drover’s own schema into it: \`drover serve ${words.own} --install\`. ${whatIsMade(schema)}`,
  ].join('\n');
  return new DroverError('NO_DATABASE', message, { database, tables });
}

function onStandby({ database }: DatabaseFacts): DroverError {
  const message = `The server of the database ${database} is a standby and takes no writes; name its primary.`;
  return new DroverError('NOT_PERMITTED', message, { database });
}

/** What an installation makes, for whoever decides about it. */
function whatIsMade(schema: string): string {
  const [last, ...others] = Object.values(roles).toReversed();
  const names = `${others.toReversed().join(', ')} and ${last}`;
  return (
    `It makes the schema ${schema} with ${Object.keys(manifest).length} tables, and for the whole server the roles ` +
    `${names} where they are missing; no extension.`
  );
}

function mayNotInstall({ database, login }: DatabaseFacts, missing: readonly string[]): DroverError {
  const message = [
    `The login ${login} may not put Drover’s schema into the database ${database}; nothing was written. An administrator can allow it:`,
    ...missing.map((statement) => `  ${statement};`),
  ].join('\n');
  return new DroverError('NOT_PERMITTED', message, { database, login, missing });
}
