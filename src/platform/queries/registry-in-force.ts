/** The one row that says which registry the database holds to; see migrations/0013_registry_in_force.sql. */
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteTable } from '../../postgres/sql/identifiers.ts';
import { many, maybeOne, prepared, type Question } from '../../postgres/driver/question.ts';

export interface InForce {
  readonly version: string;
  /** Of its content. */
  readonly hash: string;
  /** ISO date: its pairs are those of that day. */
  readonly day: string;
}

const inForceOf = (schema: string): string => quoteTable({ schema, name: 'registry_in_force' });
const lockName = (schema: string): string => `${schema}.registry_pairs`;

/** Lets one registry be brought in at a time, whatever server does it. */
export async function lockRegistry(tx: Tx, schema: string): Promise<void> {
  await tx.many('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [lockName(schema)]);
}

/** No registry is brought in until this transaction ends. Taken before any other lock. */
export function relyOnRegistry(schema: string): Question<unknown> {
  return many(prepared('SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))'), [lockName(schema)]);
}

/** Undefined where none was ever brought in. */
export function findInForce(schema: string): Question<InForce | undefined> {
  return maybeOne<InForce>(prepared(`SELECT version, hash, day::text AS day FROM ${inForceOf(schema)}`));
}

/** As the operator, under the lock. */
export async function putInForce(tx: Tx, schema: string, { version, hash, day }: InForce): Promise<void> {
  await tx.run(
    `INSERT INTO ${inForceOf(schema)} (version, hash, day) VALUES ($1, $2, $3)
     ON CONFLICT (only_one) DO UPDATE SET version = excluded.version, hash = excluded.hash, day = excluded.day,
       since = statement_timestamp()`,
    [version, hash, day],
  );
}
