/** What every operation needs to execute the like steps of several members. */
import type { Table } from '../../../engine/catalogue/catalog.ts';
import type { MovedColumns, Step } from '../../../engine/plan/plan-types.ts';
import type { Place } from '../../../engine/rules/place.ts';
import { tableOf } from '../../../engine/rules/references.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import type { Tx } from '../../driver/database.ts';
import { affected, inOrder, prepared, readAs } from '../../driver/question.ts';
import type { Question } from '../../driver/question.ts';
import { placeRow, rowContext } from '../../facts/member.ts';
import type { Blocks } from '../../facts/documents.ts';
import type { Member } from '../../facts/member.ts';
import { findRowKey } from '../../sql/keys.ts';
import type { RowKey } from '../../sql/keys.ts';
import type { PlaceRow, RowContext } from '../../sql/match.ts';
import { bind, sql } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import type { Journal } from '../../records/journal.ts';

/** By place: the text of a parameter document → what takes its place; null is NULL. Only documents that change. */
export type Translations = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

export interface StepContext {
  readonly rules: Rules;
  readonly members: readonly Member[];
  readonly journal: Journal;
  /** Of each member. */
  readonly translations: readonly Translations[];
  readonly joins: JoinSettings;
  /** Only the row of this key. */
  readonly only?: string | undefined;
  /** Of documents only those in these blocks of their table. */
  readonly blocks?: Blocks | undefined;
}

/** What the session says about ways to join, before a statement says otherwise for itself. */
export interface JoinSettings {
  readonly hashJoin: string;
  readonly mergeJoin: string;
}

/** One step of each member; all are of one shape. */
export type StepsOfOneShape<S extends Step> = readonly [S, ...S[]];

/** The operation of one kind of step. */
export interface StepExecution<S extends Step> {
  /** Carries the steps out, and tells for each member how many rows it touched; `onRows` hears of rows while a long step goes on. */
  readonly run: (tx: Tx, context: StepContext, work: StepWork<S>) => Promise<number[]>;
  /** The statements that `run` sends, as far as they do not depend on what is read. */
  readonly statements: (context: StepContext, steps: StepsOfOneShape<S>) => Sql[];
}

export interface StepWork<S extends Step> {
  readonly steps: StepsOfOneShape<S>;
  readonly onRows: (rows: number) => void;
}

/** The table, key and rows of a step. */
export function openStep(
  { rules, members, only }: Pick<StepContext, 'rules' | 'members' | 'only'>,
  [step]: readonly [Pick<Step, 'table'>, ...Pick<Step, 'table'>[]],
): { table: Table; key: RowKey; row: RowContext } {
  const table = tableOf(rules, step.table);
  const key = findRowKey(rules, table);
  if (key === undefined) throw new Error(`${table.id} has no key; the plan should have refused`);
  return { table, key, row: { ...rowContext(rules, table, members), only } };
}

/** The place that a step names. */
export function placeOf(rules: Rules, id: string): Place {
  const place = rules.places.find((candidate) => candidate.id === id);
  if (place === undefined) throw new Error(`no place ${id}`);
  return place;
}

/** The place of a move, with the values of all members. */
export function movedPlace(
  { rules, members }: Pick<StepContext, 'rules' | 'members'>,
  move: Pick<MovedColumns, 'place'>,
): PlaceRow {
  return placeRow(rules, placeOf(rules, move.place), members);
}

/**
 * Each row is fetched by its place on disk, which costs the same whatever the statistics say. A planner that expects another number
 * of rows would hash the whole table for it. The settings are what they were before when the statement is done.
 */
export function withLoops<T>(work: Question<T>, { hashJoin, mergeJoin }: JoinSettings): Question<T> {
  const set = (hash: string, merge: string): Question<unknown> =>
    affected(
      prepared(sql`SELECT set_config('enable_hashjoin', ${bind(hash, 'text')}, true),
        set_config('enable_mergejoin', ${bind(merge, 'text')}, true)`),
    );
  return readAs(inOrder([set('off', 'off'), work, set(hashJoin, mergeJoin)]), ([, result]) => result);
}
