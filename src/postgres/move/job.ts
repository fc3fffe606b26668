/** What a batch is given: one kind of work on tenants, and what becomes of each. */
import type { TenantKey } from '../../engine/tenant.ts';
import type { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import type { Settle } from '../records/commit.ts';
import type { LockedPair } from '../records/pair-lock.ts';
import type { NewRecord } from '../records/records.ts';

/** What became of one tenant. */
export type Outcome<R> = { readonly tenant: TenantKey } & (
  | { readonly status: 'succeeded'; readonly result: R }
  /** With its record, where one was opened. */
  | { readonly status: 'failed'; readonly error: DroverError; readonly migrationId?: string }
);

/** What a tenant is found to be before any work: ready, refused, or done by an earlier migration. */
export type PreparedMember<P, R> = { readonly about?: LockedPair } &
  /** `record`: the record that it has already. */
  (
    | { readonly ready: P; readonly record?: string | undefined }
    | { readonly refused: DroverError }
    | { readonly done: R }
  );

/** A tenant at work. */
export interface MemberAtWork<P> {
  readonly prepared: P;
  /** Of the record, which was opened before. */
  readonly id: string;
  /** By `performance.now()`. */
  readonly startedAt: number;
  /** Was somebody in the way of an earlier try? */
  readonly again?: boolean;
}

/** What a member's work came to, in the transaction that did it. */
export type Worked<R> = R | DroverError;

/** One kind of work on tenants. */
export interface Job<Q, P, R> {
  readonly tenantOf: (asked: Q) => string | undefined;
  /** Reads what is read without locks. An error that is thrown concerns everybody. */
  readonly prepare: (asked: readonly Q[]) => Promise<PreparedMember<P, R>[]>;
  readonly askedBy: (prepared: P) => Q;
  /** What the work relies on, made in transactions of its own before it. */
  readonly before?: (tenant: string | undefined) => Promise<void>;
  readonly recordOf: (prepared: P) => NewRecord;
  /** Members that the same statements serve. */
  readonly shapeOf: (prepared: P) => string;
  /**
   * Everything that is done in the one transaction. A member that is refused before it wrote has its error as result.
   * @throws MembersFailed for those that failed after they wrote; what the database refuses
   */
  readonly work: (tx: Tx, members: readonly MemberAtWork<P>[]) => Promise<Together<R>>;
}

/** Members that failed after they had changed rows: nothing of the transaction may stay. */
export class MembersFailed extends Error {
  /** By the number of the member. */
  readonly errors: ReadonlyMap<number, DroverError>;

  constructor(errors: ReadonlyMap<number, DroverError>) {
    super('A member failed after it had changed rows.');
    this.errors = errors;
  }
}

/** What became of members that share a transaction. */
export interface Together<R> {
  readonly worked: readonly Worked<R>[];
  readonly settle: Settle;
}
