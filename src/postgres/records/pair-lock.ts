/**
 * The advisory lock on a pair of tenant and source. Whoever works on a record holds it until the work is committed. So two migrations of
 * one source never mix. An open record whose lock is free was left by a process that died.
 */
import type { TenantKey } from '../../engine/tenant.ts';
import { askEach } from '../driver/members.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { each, sql } from '../sql/sql.ts';

/** A model as a record keeps it. The same key may stand in the tables of two kinds, and means two models then. */
type KeptModel = Pick<ModelFacts, 'kind' | 'key' | 'components'>;

/** What a lock calls a model of a kind: its key, or where no table holds the models what a record keeps of it, in one order. */
export function identityOf({ key, components }: KeptModel): string {
  return key ?? JSON.stringify([components['provider'] ?? null, components['name'] ?? null]);
}

/** What is locked for one tenant: the pair of tenant and source. */
export interface LockedPair {
  readonly tenant: TenantKey;
  readonly source: KeptModel;
}

function nameOf({ tenant, source }: LockedPair): string {
  return JSON.stringify([tenant ?? null, source.kind, identityOf(source)]);
}

/** Locks pairs for the length of the transaction. MIGRATION_RUNNING for each that another process holds. */
export function pairLocks(pairs: readonly LockedPair[]): Question<(DroverError | undefined)[]> {
  const names = pairs.map(nameOf);
  const free = sql`SELECT pg_try_advisory_xact_lock(hashtextextended(${each(names, 'text')}, 6420)) AS free`;
  return readAs(askEach<{ free: boolean }>(pairs.length, free), (rows) =>
    pairs.map((pair, at) => (rows[at]?.[0]?.free === true ? undefined : running(pair))),
  );
}

export function lockPairs(tx: Tx, pairs: readonly LockedPair[]): Promise<(DroverError | undefined)[]> {
  return tx.ask(pairLocks(pairs));
}

/** Locks one pair for the length of the transaction, and waits for it as long as for any lock. @throws LOCK_TIMEOUT */
export async function waitForPair(tx: Tx, pair: LockedPair): Promise<void> {
  await tx.run('SELECT pg_advisory_xact_lock(hashtextextended($1::text, 6420))', [nameOf(pair)]);
}

/** @throws MIGRATION_RUNNING where another process holds the pair */
export async function lockPair(tx: Tx, pair: LockedPair): Promise<void> {
  const [refused] = await lockPairs(tx, [pair]);
  if (refused !== undefined) throw refused;
}

function running({ tenant, source }: LockedPair): DroverError {
  const model = identityOf(source);
  const message =
    `A migration of ${model} is running for this tenant. Wait until it has ended, or stop its process; ` +
    '`drover history` lists it with who began it.';
  return new DroverError('MIGRATION_RUNNING', message, {
    tenant,
    source: model,
    commands: ['drover history'],
  });
}
