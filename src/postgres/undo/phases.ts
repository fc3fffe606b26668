/** In which order the steps of migrations are taken back, and what that restores. */
import { compareText } from '../../engine/order.ts';
import { rankOf } from '../../engine/operations/operations.ts';
import type { MigrationDetail, StepRecord } from '../records/history.ts';
import type { ValuesSide } from '../sql/reliance.ts';

/**
 * In which order steps are taken back. Grants return before rows that need them, and go after rows that needed them; what a rollback
 * kept beside a grant goes before that grant takes its place again. The source is live before anything names it, and retired last.
 */
const phases = ['revive', 'unkeep', 'grant', 'regrant', 'rows', 'ungrant', 'retire'] as const;

export type Phase = (typeof phases)[number];

function phaseOf(grants: ReadonlySet<string>, parent: MigrationDetail, step: StepRecord): Phase {
  const { kind, table } = step;
  const back = step.undoDepth % 2 === 0;
  if (kind === 'retire') return back ? 'revive' : 'retire';
  if (isKept(parent, step)) return 'unkeep';
  if (!grants.has(table)) return 'rows';
  if (kind === 'enable') return back ? 'ungrant' : 'grant';
  if (kind === 'merge') return back ? 'grant' : 'ungrant';
  return 'regrant';
}

/** A step of a rollback that takes nothing back: it granted again what something relied on. */
function isKept(
  { kind }: Pick<MigrationDetail, 'kind'>,
  { undoDepth }: Pick<StepRecord, 'undoDepth'>,
): boolean {
  return kind === 'rollback' && undoDepth === 0;
}

/** A step that is to be taken back. */
export interface Waiting {
  readonly step: StepRecord;
  readonly phase: Phase;
  readonly restores: ValuesSide;
}

/** The side of its models that taking the migration back restores: a rollback of it, or of a rollback of it, and so on. */
export function restoredBy({ kind, steps }: Pick<MigrationDetail, 'kind' | 'steps'>): ValuesSide {
  const depth = kind === 'model' ? 0 : Math.max(0, ...steps.map(({ undoDepth }) => undoDepth));
  return depth % 2 === 0 ? 'from' : 'to';
}

/** The steps of a migration in the order in which they are taken back. */
export function waitingOf(parent: MigrationDetail, grants: ReadonlySet<string>): Waiting[] {
  const restores = restoredBy(parent);
  return parent.steps
    .toReversed()
    .map((step) => ({ step, restores, phase: phaseOf(grants, parent, step) }))
    .toSorted((a, b) => phases.indexOf(a.phase) - phases.indexOf(b.phase));
}

/** Does the step come no later than that phase? */
export function isWithin({ phase }: Waiting, last: Phase): boolean {
  return phases.indexOf(phase) <= phases.indexOf(last);
}

/** A plan is taken back against the order of the operations; its rollback, in that order. */
export function compareSteps(a: Waiting, b: Waiting): number {
  const forward = rankOf(a.step.kind) - rankOf(b.step.kind) || compareText(a.step.table, b.step.table);
  const back = a.step.undoDepth % 2 === 0;
  return phases.indexOf(a.phase) - phases.indexOf(b.phase) || (back ? -forward : forward);
}

/** Can the same statements take both back? */
export function isAlike(a: Waiting, b: Waiting): boolean {
  const same = a.phase === b.phase && a.restores === b.restores;
  return (
    same &&
    a.step.kind === b.step.kind &&
    a.step.undoDepth === b.step.undoDepth &&
    a.step.table === b.step.table
  );
}
