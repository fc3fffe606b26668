/** What every operation needs to carry out one step for one tenant. */
import type { Table } from '../../../engine/catalogue/catalog.ts';
import type { ModelPair } from '../../../engine/rules/mapping.ts';
import type { Step } from '../../../engine/plan/plan-types.ts';
import { tableOf } from '../../../engine/rules/references.ts';
import type { Place } from '../../../engine/rules/place.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import { Binder } from '../../sql/binder.ts';
import type { Tx } from '../../driver/database.ts';
import type { Journal } from '../journal.ts';
import { findRowKey } from '../../sql/keys.ts';
import type { RowKey } from '../../sql/keys.ts';
import type { RowContext } from '../../sql/match.ts';

export interface StepContext {
  readonly tx: Tx;
  readonly rules: Rules;
  readonly tenant: string | undefined;
  readonly pair: ModelPair;
  readonly journal: Journal;
  /** By `table.column`: the text of a parameter document → its translation. Only documents that change. */
  readonly translations: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Called as rows of a long step are done. */
  readonly onRows: (rows: number) => void;
}

/** The table, key and SQL context of a step. */
export function openStep(context: StepContext, step: Step): { table: Table; key: RowKey; row: RowContext } {
  const table = tableOf(context.rules, step.table);
  const key = findRowKey(context.rules, table);
  if (key === undefined) throw new Error(`${table.id} has no key; the plan should have refused`);
  return {
    table,
    key,
    row: { binder: new Binder(), rules: context.rules, table, tenant: context.tenant, pair: context.pair },
  };
}

/** The place that a step names. */
export function placeOf(context: StepContext, id: string): Place {
  const place = context.rules.places.find((candidate) => candidate.id === id);
  if (place === undefined) throw new Error(`no place ${id}`);
  return place;
}
