/**
 * The advisory lock on a pair of tenant and source. Whoever works on a record holds it until the work is committed, so two
 * migrations of one source never mix, and an open record whose lock is free was left by a process that died.
 */
import { askEachByKey } from '../driver/members.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { each, sql } from '../sql/sql.ts';

/** What a lock calls a model: its key, or where no table holds the models what a record keeps of it, in one order. */
export function identityOf({ key, components }: Pick<ModelFacts, 'key' | 'components'>): string {
  return key ?? JSON.stringify([components['provider'] ?? null, components['name'] ?? null]);
}

/** What is locked for one tenant: the pair of tenant and source. */
export interface LockedPair {
  readonly tenant: string | undefined;
  readonly source: string;
}

/** Locks pairs for the length of the transaction. MIGRATION_RUNNING for each that another process holds. */
export function pairLocks(pairs: readonly LockedPair[]): Question<(DroverError | undefined)[]> {
  const names = pairs.map(({ tenant, source }) => JSON.stringify([tenant ?? null, source]));
  const free = sql`SELECT pg_try_advisory_xact_lock(hashtextextended(${each(names, 'text')}, 6420)) AS free`;
  return readAs(askEachByKey<{ free: boolean }>(pairs.length, free), (rows) =>
    pairs.map((pair, at) => (rows[at]?.[0]?.free === true ? undefined : running(pair))),
  );
}

export function lockPairs(tx: Tx, pairs: readonly LockedPair[]): Promise<(DroverError | undefined)[]> {
  return tx.ask(pairLocks(pairs));
}

/** The same for one pair, which is waited for as long as for any lock. @throws LOCK_TIMEOUT */
export async function waitForPair(tx: Tx, { tenant, source }: LockedPair): Promise<void> {
  const name = JSON.stringify([tenant ?? null, source]);
  await tx.run('SELECT pg_advisory_xact_lock(hashtextextended($1::text, 6420))', [name]);
}

/** @throws MIGRATION_RUNNING where another process holds the pair */
export async function lockPair(tx: Tx, tenant: string | undefined, source: string): Promise<void> {
  const [refused] = await lockPairs(tx, [{ tenant, source }]);
  if (refused !== undefined) throw refused;
}

function running(pair: LockedPair): DroverError {
  const message =
    `A migration of ${pair.source} is running for this tenant. Wait until it has ended, or stop its process; ` +
    '`drover history` lists it with who began it.';
  return new DroverError('MIGRATION_RUNNING', message, { ...pair, commands: ['drover history'] });
}
