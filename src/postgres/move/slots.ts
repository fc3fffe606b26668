/**
 * Which steps of several plans are executed together: those that are alike but for values. Slots come in the order of the
 * operations, then of the tables, so that each plan's own order is kept and two batches lock in one order.
 */
import { rankOf } from '../../engine/operations/operations.ts';
import { compareText } from '../../engine/order.ts';
import type { MovedColumns, Plan, Step } from '../../engine/plan/plan-types.ts';

/** A step of one plan. */
interface SlotStep {
  /** The number of the plan's member. */
  readonly member: number;
  readonly step: Step;
  /** The number of the last step of its plan. */
  readonly of: number;
}

/** Steps of several members, one of each, all alike. */
export type Slot = readonly [SlotStep, ...SlotStep[]];

export function slotsOf(plans: readonly Pick<Plan, 'steps'>[]): Slot[] {
  const slots = new Map<string, { readonly order: string; readonly steps: [SlotStep, ...SlotStep[]] }>();
  for (const [member, { steps }] of plans.entries())
    for (const step of steps) {
      const one = { member, step, of: steps.at(-1)?.id ?? 0 };
      const shape = JSON.stringify(shapeOf(step));
      const slot = slots.get(shape);
      if (slot === undefined) slots.set(shape, { order: orderOf(step), steps: [one] });
      else slot.steps.push(one);
    }
  return [...slots.values()].toSorted((a, b) => compareText(a.order, b.order)).map(({ steps }) => steps);
}

/** As planSteps orders the steps of one plan: no character of a name sorts before the one between them. */
function orderOf(step: Step): string {
  const within = 'column' in step ? step.column : 'move' in step ? step.move.place : '';
  const table = step.operation === 'enable' ? step.grant.place : step.table;
  return [rankOf(step.operation), table, within].join('\0');
}

/** All of a step that its statement is built from, but for values that may differ from member to member. */
function shapeOf(step: Step): unknown {
  const { operation, table, includeDead } = step;
  const common = [operation, table, includeDead];
  switch (step.operation) {
    case 'repoint':
      return [...common, step.moves.map(movedShape)];
    case 'merge':
      return [...common, movedShape(step.move), step.carry];
    case 'enable':
      return [...common, movedShape(step.grant), step.via];
    case 'retire':
      return [...common, step.set];
    case 'rekey':
      return [...common, step.from, step.to, step.follows];
    case 'rewrite-json':
    case 'rewrite-text':
    case 'rewrite-array':
      return [...common, step.column, step.places, step.places.map((id) => step.rules[id]?.states)];
  }
}

function movedShape({ place, columns, states, companions, parameters }: MovedColumns): unknown {
  return [place, columns, states, companions, parameters];
}
