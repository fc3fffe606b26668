/** What running shows about a table, a command and a role. Rows are named by their keys; a value is never told. */
import type { TableId } from '../catalogue/catalog.ts';

export type ProbedCommand = 'select' | 'insert' | 'update' | 'delete';

export const probedCommands: readonly ProbedCommand[] = ['select', 'insert', 'update', 'delete'];

/**
 * How a transaction that must not reach a row begins: it says nothing about a tenant, on a connection that never did; it says nothing
 * after an earlier transaction had (the setting is then empty, not missing); or it is another tenant's.
 */
export type ProbedWay = 'no context' | 'emptied context' | 'another tenant';

/** A row that was reached by who must not. */
export interface ProbeLeak {
  readonly way: ProbedWay;
  /** The statement, without its values. */
  readonly statement: string;
  /** The key of the row, `[1,2]` where it has several columns; nothing where only a count tells. */
  readonly key?: string;
  /** The row was made for the trial, and is gone. */
  readonly made?: true;
}

/** What could not be tried, and why. */
export interface ProbeGap {
  readonly statement: string;
  readonly way?: ProbedWay;
  readonly reason: string;
  readonly sqlState?: string;
  readonly constraint?: string;
}

export interface ProbedVerdict {
  readonly table: TableId;
  readonly command: ProbedCommand;
  readonly role: string;
  /** `proven`: every way was tried, and a row of the tenant was there to be reached. */
  readonly verdict: 'proven' | 'leak' | 'unverified';
  readonly leaks: readonly ProbeLeak[];
  readonly gaps: readonly ProbeGap[];
  /** The role holds no right for the command, so there is nothing to try. */
  readonly notGranted: boolean;
  /** The rows that were tried were made by the login, because the role could not make them. */
  readonly madeByLogin: boolean;
}

/** A leak says more than a gap, and a gap more than silence. */
export function verdictOf({ leaks, gaps }: Pick<ProbedVerdict, 'leaks' | 'gaps'>): ProbedVerdict['verdict'] {
  if (leaks.length > 0) return 'leak';
  return gaps.length > 0 ? 'unverified' : 'proven';
}
