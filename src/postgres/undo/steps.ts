/** Taking the steps of migrations back in reverse order, the like steps of all members together. */
import { compareText } from '../../engine/order.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import type { Progress } from '../move/execute.ts';
import { rankOf } from '../../engine/operations/operations.ts';
import type { MigrationDetail, StepRecord } from '../records/history.ts';
import type { Journal } from '../records/journal.ts';
import type { StepResult } from '../records/records.ts';
import type { Site } from '../scope/site.ts';
import { skipAll } from './chunk.ts';
import type { Skipped, UndoContext } from './chunk.ts';
import { chunkRounds } from './read-chunks.ts';
import { whyNotRetireAgain } from './retire-again.ts';
import { undoChunks } from './take-back.ts';

/** What became of one step. */
interface UndoneStep extends StepResult {
  readonly step: StepResult['step'] & Pick<StepRecord, 'kind' | 'undoDepth'>;
}

/** What becomes of one member's steps. */
export interface StepsUndone {
  readonly results: readonly UndoneStep[];
  readonly skipped: readonly Skipped[];
}

export interface UndoInput {
  readonly rules: Rules;
  readonly tenants: readonly (string | undefined)[];
  /** The migrations that are taken back, one of each member. */
  readonly parents: readonly MigrationDetail[];
  readonly journal: Journal;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** What is known of a member while its steps are taken back. */
interface Running {
  readonly member: number;
  readonly parent: MigrationDetail;
  readonly waiting: StepRecord[];
  readonly results: UndoneStep[];
  readonly skipped: Skipped[];
}

/** A step of a member, and its number in the rollback. */
interface Current {
  readonly running: Running;
  readonly step: StepRecord;
  readonly number: number;
}

/** The side of its models that taking the migration back restores: a rollback of it, or of a rollback of it, and so on. */
export function restoredBy({ kind, steps }: Pick<MigrationDetail, 'kind' | 'steps'>): 'from' | 'to' {
  const depth = kind === 'model' ? 0 : Math.max(0, ...steps.map(({ undoDepth }) => undoDepth));
  return depth % 2 === 0 ? 'from' : 'to';
}

export async function undoSteps(tx: Tx, site: Site, input: UndoInput): Promise<StepsUndone[]> {
  const running = input.parents.map((parent, member): Running => ({
    member,
    parent,
    waiting: parent.steps.toReversed(),
    results: [],
    skipped: [],
  }));
  for (;;) {
    const slot = nextSlot(running);
    if (slot.length === 0) return running;
    await undoSlot(tx, site, { input, slot });
  }
}

/** The like steps that come next: each member's own order is kept, and no member is overtaken where their steps differ. */
function nextSlot(running: readonly Running[]): Current[] {
  const heads = running.flatMap((one) => {
    const [step] = one.waiting;
    return step === undefined ? [] : [{ running: one, step }];
  });
  const [first] = heads.toSorted((a, b) => compareSteps(a.step, b.step));
  const alike = heads.filter(({ step }) => first !== undefined && isAlike(step, first.step));
  return alike.map(({ running: one, step }) => {
    one.waiting.shift();
    return { running: one, step, number: one.results.length + 1 };
  });
}

/** A plan is taken back against the order of the operations; its rollback, in that order. */
function compareSteps(a: StepRecord, b: StepRecord): number {
  const forward = rankOf(a.kind) - rankOf(b.kind) || compareText(a.table, b.table);
  return a.undoDepth % 2 === 0 ? -forward : forward;
}

function isAlike(a: StepRecord, b: StepRecord): boolean {
  return a.kind === b.kind && a.undoDepth === b.undoDepth && a.table === b.table;
}

interface SlotInput {
  readonly input: UndoInput;
  readonly slot: readonly Current[];
}

async function undoSlot(tx: Tx, site: Site, { input, slot }: SlotInput): Promise<void> {
  const held = await heldBack(tx, site, { input, slot });
  const restored = new Map(slot.map(({ running: { member } }) => [member, 0]));
  const context = contextOf(tx, { input, slot });
  const asked = slot.map(({ running: { member, parent }, step }) => ({ member, parent, step: step.step }));
  for await (const chunks of chunkRounds(tx, site, asked)) {
    const free = chunks.filter(({ member }) => held.get(member) === undefined);
    const undone = await undoChunks(context, free);
    const results = new Map(free.map((chunk, at) => [chunk, undone[at]]));
    for (const chunk of chunks) {
      const one = results.get(chunk) ?? skipAll(chunk, held.get(chunk.member) ?? '');
      restored.set(chunk.member, (restored.get(chunk.member) ?? 0) + one.restored);
      slot.find(({ running }) => running.member === chunk.member)?.running.skipped.push(...one.skipped);
    }
    report(input, slot, restored);
  }
  for (const { running, step, number } of slot)
    running.results.push(resultOf(step, { number, restored: restored.get(running.member) ?? 0 }));
}

/** Members of whom the source would be retired again although something live names it, with the reason. */
async function heldBack(tx: Tx, site: Site, { input, slot }: SlotInput): Promise<Map<number, string>> {
  const held = new Map<number, string>();
  for (const { running, step } of slot) {
    if (step.kind !== 'retire' || step.undoDepth % 2 === 0) continue;
    const { member, parent } = running;
    const why = await whyNotRetireAgain(tx, site, {
      rules: input.rules,
      tenant: input.tenants[member],
      parent,
    });
    if (why !== undefined) held.set(member, why);
  }
  return held;
}

function contextOf(tx: Tx, { input, slot }: SlotInput): UndoContext {
  const { rules, tenants, journal, parents } = input;
  const steps = parents.map(() => 0);
  for (const { running, number } of slot) steps[running.member] = number;
  const chunks = parents.map(() => 0);
  const nextChunk = (member: number): number => (chunks[member] = (chunks[member] ?? 0) + 10);
  return { tx, rules, tenants, journal, steps, nextChunk };
}

function report(
  { onProgress }: UndoInput,
  slot: readonly Current[],
  restored: ReadonlyMap<number, number>,
): void {
  for (const { running, step, number } of slot)
    onProgress?.({
      step: number,
      steps: running.parent.steps.length,
      operation: `undo ${step.operation}`,
      table: step.table,
      entity: step.entity,
      rows: restored.get(running.member) ?? 0,
      expected: step.actual ?? step.expected,
    });
}

function resultOf(
  { kind, undoDepth, operation, table, entity, actual, expected }: StepRecord,
  { number, restored }: { readonly number: number; readonly restored: number },
): UndoneStep {
  return {
    step: {
      id: number,
      kind,
      undoDepth: undoDepth + 1,
      operation: `undo ${operation}`,
      table,
      entity,
      expected: actual ?? expected,
      rows: [],
    },
    actual: restored,
  };
}
