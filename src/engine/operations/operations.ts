/**
 * Every kind of step. The order of this list is the order in which steps run, and nothing else says it. Grants come first, because
 * moved rows need them. Documents come before merges, because a row that is merged may hold one. Merges come before what would
 * collide with the rows that they remove. A row gets its other key when all that names it otherwise does. The source is retired last,
 * when nothing live names it any more.
 */
import type { Mapping } from '../edit/value-rule.ts';
import { Counts } from '../own.ts';
import { occurrencesOf } from '../plan/accounts.ts';
import type { LeftBehind, Plan, Step } from '../plan/plan-types.ts';
import { compareText } from '../order.ts';
import { enable } from './enable.ts';
import { merge } from './merge.ts';
import { mergeRows } from './merge-rows.ts';
import type { Operation, StepInput } from './operation.ts';
import { rekey } from './rekey.ts';
import { repoint } from './repoint.ts';
import { retire } from './retire.ts';
import { rewrite } from './rewrite.ts';

type OfKind<Each, Kind> = Each extends { readonly operation: infer Kinds }
  ? Kind extends Kinds
    ? Each
    : never
  : never;

/** A step as it lies in a plan, by its kind. */
type StepKinds = { readonly [Kind in Step['operation']]: OfKind<Step, Kind> };

const operations: { readonly [Kind in keyof StepKinds]: Operation<StepKinds[Kind]> } = {
  enable,
  'rewrite-json': rewrite,
  'rewrite-text': rewrite,
  'rewrite-array': rewrite,
  merge,
  repoint,
  rekey,
  'merge-rows': mergeRows,
  retire,
};

/** The kinds of steps in the order in which they run. */
export const stepOrder: readonly string[] = Object.keys(operations);

/** All steps, numbered from 1. Kinds that are planned together run in the order of their tables. */
export function planSteps(input: Omit<StepInput, 'bySource'>): Step[] {
  const places = input.snapshot.places.toSorted(
    (a, b) => compareText(a.table, b.table) || compareText(a.column ?? '', b.column ?? ''),
  );
  const bySource = Map.groupBy(input.decided, ({ source }) => source);
  const inOrder = { ...input, bySource, snapshot: { ...input.snapshot, places } };
  return [...new Set(Object.values(operations))]
    .flatMap((operation): readonly Step[] => operation.plan(inOrder))
    .map((step, at) => ({ ...step, id: at + 1 }));
}

/** Where a kind of step stands in that order; kinds that are planned together stand in one place. */
export function rankOf(kind: Step['operation']): number {
  return [...new Set<unknown>(Object.values(operations))].indexOf(operations[kind]);
}

/** Kinds whose rows are no rows of the tenant. */
const marks: ReadonlySet<string> = new Set(
  Object.entries(operations).flatMap(([kind, { movesRows }]) => (movesRows ? [] : [kind])),
);

/** Do the rows of a step count as moved? What takes a step back counts like that step. */
export function isMovingRows({ operation }: { readonly operation: string }): boolean {
  return !marks.has(operation);
}

/** Does the plan mark the source as retired? */
export function retiresSource(steps: readonly { readonly operation: Step['operation'] }[]): boolean {
  return steps.some(({ operation }) => operation === 'retire');
}

/** How many row changes all steps are together: a row that two steps change (a column and a document of it) counts twice. */
export function movedRows(steps: readonly { readonly operation: string; readonly actual: number }[]): number {
  return steps.filter(isMovingRows).reduce((sum, { actual }) => sum + actual, 0);
}

/** How many row changes there are by entity type, of steps that were planned (`expected`) or done (`actual`). */
export function countChanges(
  steps: readonly {
    readonly operation: string;
    readonly entity: string;
    readonly expected: number;
    readonly actual?: number;
  }[],
): Record<string, number> {
  const counts = new Counts();
  for (const { entity, expected, actual = expected } of steps.filter(isMovingRows))
    counts.add(entity, actual);
  return counts.record();
}

/** How many occurrences of the source a plan moves, and how many it leaves of those that count. */
export function namedIn(
  { steps, leftBehind }: Pick<Plan, 'steps' | 'leftBehind'>,
  counts: (entry: LeftBehind) => boolean,
): number {
  const moving = steps
    .filter(isMovingRows)
    .map((step) => ('occurrences' in step ? step.occurrences : step.expected));
  const staying = leftBehind.filter(counts).map(occurrencesOf);
  return [...moving, ...staying].reduce((sum, each) => sum + each, 0);
}

type StepOf<Kind extends keyof StepKinds> = StepKinds[Kind] & { readonly operation: Kind };

/** The places whose values a step changes. */
export function touchedPlaces<Kind extends keyof StepKinds>(step: StepOf<Kind>): readonly string[] {
  return operations[step.operation].touches(step);
}

/** What a step writes, place by place. */
export function writtenMappings<Kind extends keyof StepKinds>(
  step: StepOf<Kind>,
): readonly (readonly [place: string, mappings: readonly Mapping[]])[] {
  return operations[step.operation].mappings(step);
}

/** What a step does, in words and without its table's rows. */
export function describeStep<Kind extends keyof StepKinds>(step: StepOf<Kind>): string {
  return operations[step.operation].describe(step);
}
