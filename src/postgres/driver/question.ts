/**
 * What may be asked of a database, as data. A question is one statement or several, and how their answers are read. Whoever needs
 * answers at the same moment puts their questions together (`Tx.together`): they are one message, in the order in which they stand.
 */
import { DroverError } from '../../errors.ts';
import { quoteIdent } from '../sql/identifiers.ts';
import { render, type Sql } from '../sql/sql.ts';
import { encodeParameter } from '../sql/values.ts';

export type Row = Record<string, unknown>;

/** A statement: text that stands in the source, its parameters as `$1` beside it, or one that was put together as data. */
export type Query = string | Sql | Prepared;

/** A statement that each connection keeps prepared, see `prepared`. */
class Prepared {
  readonly query: string | Sql;

  constructor(query: string | Sql) {
    this.query = query;
  }
}

export type { Prepared };

/**
 * The same statement, to be kept prepared by each connection that sends it: for what is asked again and again, where planning takes several
 * times as long as running. Not for what changes many rows: a plan that is kept may be the same for every tenant and every value.
 * Row-level security is none the weaker: PostgreSQL plans a kept statement again for another role, and asks for the tenant when it runs.
 */
export function prepared(query: string | Sql): Prepared {
  return new Prepared(query);
}

/** One statement as it is sent; its parameters in text form. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly (string | null)[];
  /** May the connection keep it prepared? */
  readonly keep: boolean;
  /** The statement goes back to a savepoint. The database reports that by the same words as the end of the transaction. */
  readonly backToSavepoint?: boolean;
}

export interface Answer {
  readonly rows: object[];
  readonly affected: number;
  /** What the database says that it did, such as `UPDATE 3` or `COMMIT`. */
  readonly tag: string;
}

export function statementOf(query: Query, params: readonly unknown[] = []): Statement {
  if (typeof query === 'string') return { sql: query, params: params.map(encodeParameter), keep: false };
  if (query instanceof Prepared) return { ...statementOf(query.query, params), keep: true };
  const { text, values } = render(query);
  return { sql: text, params: values, keep: false };
}

export interface Question<T> {
  readonly statements: readonly Statement[];
  /** @param answers one for each statement, in their order */
  readonly read: (answers: readonly Answer[]) => T;
}

/** What several questions are answered by. */
export type Answers<Q extends readonly Question<unknown>[]> = {
  -readonly [K in keyof Q]: Q[K] extends Question<infer T> ? T : never;
};

/** Any number of rows. */
export function many<R extends object = Row>(query: Query, params?: readonly unknown[]): Question<R[]> {
  return ask(query, params, ({ rows }) => rows as R[]);
}

/** Exactly one row. Reading throws NO_ROW or MANY_ROWS otherwise. */
export function one<R extends object = Row>(query: Query, params?: readonly unknown[]): Question<R> {
  return ask(query, params, ({ rows }, sql) => exactlyOne(rows as R[], sql));
}

/** One row or none. Reading throws MANY_ROWS otherwise. */
export function maybeOne<R extends object = Row>(
  query: Query,
  params?: readonly unknown[],
): Question<R | undefined> {
  return ask(query, params, ({ rows }, sql) => atMostOne(rows as R[], sql));
}

/** How many rows the statement affected. */
export function affected(query: Query, params?: readonly unknown[]): Question<number> {
  return ask(query, params, (answer) => answer.affected);
}

/** Takes back what was done since a savepoint; this is the only way to go back to one. */
export function backToSavepoint(name: string): Question<void> {
  const sql = `ROLLBACK TO SAVEPOINT ${quoteIdent(name)}`;
  return { statements: [{ sql, params: [], keep: false, backToSavepoint: true }], read: () => undefined };
}

/** The statements of a question, with another reading of their answer. */
export function readAs<T, U>(question: Question<T>, read: (answer: T) => U): Question<U> {
  return { statements: question.statements, read: (answers) => read(question.read(answers)) };
}

/** Several questions as one, in their order. Of none nothing is sent. */
export function inOrder<const Q extends readonly Question<unknown>[]>(questions: Q): Question<Answers<Q>> {
  return {
    statements: questions.flatMap(({ statements }) => statements),
    read: (answers) => {
      let at = 0;
      const read = questions.map((question) =>
        question.read(answers.slice(at, (at += question.statements.length))),
      );
      return read as Answers<Q>;
    },
  };
}

function ask<T>(
  query: Query,
  params: readonly unknown[] | undefined,
  read: (answer: Answer, sql: string) => T,
): Question<T> {
  const statement = statementOf(query, params);
  return {
    statements: [statement],
    read: ([answer]) => read(answer ?? { rows: [], affected: 0, tag: '' }, statement.sql),
  };
}

/** The only row, or none. @throws MANY_ROWS */
function atMostOne<R extends object>(rows: readonly R[], statement: string): R | undefined {
  if (rows.length <= 1) return rows[0];
  const message = `A query that must find one row found ${rows.length}.`;
  throw new DroverError('MANY_ROWS', message, { statement, rows: rows.length });
}

/** The only row. @throws NO_ROW, MANY_ROWS */
function exactlyOne<R extends object>(rows: readonly R[], statement: string): R {
  const row = atMostOne(rows, statement);
  if (row !== undefined) return row;
  throw new DroverError('NO_ROW', 'A query that must find one row found none.', { statement });
}
