/** One attempt at a time, each in a savepoint that is always gone back to: role, settings and rows are as before. */
import { DroverError, isConnectionLost } from '../../../errors.ts';
import type { Tx } from '../../driver/database.ts';
import { affected, backToSavepoint } from '../../driver/question.ts';
import { quoteIdent } from '../../sql/identifiers.ts';

/** Why the database did not do it. Its message may quote a row, so it is not kept. */
export interface AttemptRefusal {
  readonly sqlState: string;
  readonly constraint?: string;
}

export type Attempted<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly by: AttemptRefusal };

const savepoint = 'drover:probe';

/** Does the work, and takes all of it back. @throws where the connection is lost, and what is no error of the database */
export async function attempt<T>(tx: Tx, work: () => Promise<T>): Promise<Attempted<T>> {
  await tx.run(`SAVEPOINT ${quoteIdent(savepoint)}`);
  const outcome = await outcomeOf(work);
  await tx.together([backToSavepoint(savepoint), affected(`RELEASE SAVEPOINT ${quoteIdent(savepoint)}`)]);
  return outcome;
}

const keeping = 'drover:kept';

/** The same, but what succeeds stays. Role and settings have to be the login's again when the work ends. */
export async function keep<T>(tx: Tx, work: () => Promise<T>): Promise<Attempted<T>> {
  await tx.run(`SAVEPOINT ${quoteIdent(keeping)}`);
  const outcome = await outcomeOf(work);
  if (!outcome.done) await tx.ask(backToSavepoint(keeping));
  await tx.run(`RELEASE SAVEPOINT ${quoteIdent(keeping)}`);
  return outcome;
}

async function outcomeOf<T>(work: () => Promise<T>): Promise<Attempted<T>> {
  try {
    return { done: true, value: await work() };
  } catch (error) {
    return { done: false, by: refusalOf(error) };
  }
}

function refusalOf(error: unknown): AttemptRefusal {
  const { sqlState, constraint } = error instanceof DroverError ? error.data : {};
  if (isConnectionLost(error) || typeof sqlState !== 'string' || sqlState === '') throw error;
  return { sqlState, ...(typeof constraint === 'string' ? { constraint } : {}) };
}

/** Not the statement was refused: there was no time, no room, a lock of somebody else, or a row that somebody else changed. */
export function isUntold({ sqlState }: AttemptRefusal): boolean {
  return /^(57|55P03|40|53|58|XX|0A000|25)/.test(sqlState);
}

/** A key, a CHECK or NOT NULL refused it, so it came as far as a row. */
export function isOfConstraint({ sqlState }: AttemptRefusal): boolean {
  return sqlState.startsWith('23');
}
