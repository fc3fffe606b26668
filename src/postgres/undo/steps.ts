/** Taking the steps of migrations back in reverse order, the like steps of all members together. */
import type { TenantKey } from '../../engine/tenant.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import type { Progress } from '../move/execute.ts';
import type { MigrationDetail, StepRecord } from '../records/history.ts';
import type { Journal } from '../records/journal.ts';
import type { StepResult } from '../records/records.ts';
import type { Site } from '../scope/site.ts';
import type { Member } from '../facts/member.ts';
import type { UngrantedUses } from '../move/grant-uses.ts';
import type { ValuesSide } from '../sql/reliance.ts';
import { skipAll } from './chunk.ts';
import type { Chunk, Skipped, UndoContext } from './chunk.ts';
import { compareSteps, isAlike, isWithin, restoredBy, waitingOf } from './phases.ts';
import type { Phase, Waiting } from './phases.ts';
import { chunkRounds, statementRounds } from './read-chunks.ts';
import { undoTogether } from './together.ts';
import { grantTables } from '../move/grant-uses.ts';
import { whyNotRetireAgain } from './retire-again.ts';
import { noteScopes, settleGrants } from './settle.ts';
import type { TouchedScopes } from './settle.ts';
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

interface UndoInput {
  readonly rules: Rules;
  readonly tenants: readonly TenantKey[];
  /** Of each tenant the two models, and how each place writes them. */
  readonly members: readonly Member[];
  /** Of each tenant what rows relied on before the move although it was not granted. */
  readonly before: readonly UngrantedUses[];
  /** The migrations that are taken back, one of each member. */
  readonly parents: readonly MigrationDetail[];
  readonly journal: Journal;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** What is known of a member while its steps are taken back. */
interface RollbackMember {
  readonly member: number;
  readonly parent: MigrationDetail;
  readonly waiting: Waiting[];
  readonly results: UndoneStep[];
  readonly skipped: Skipped[];
  /** Where grants were turned back. */
  readonly touched: TouchedScopes;
}

/** A step of a member, and its number in the rollback. */
interface CurrentStep extends Waiting {
  readonly running: RollbackMember;
  readonly number: number;
}

/** Takes all steps back, those of all members that are alike together. */
export async function undoSteps(tx: Tx, site: Site, input: UndoInput): Promise<StepsUndone[]> {
  const grants = grantTables(input.rules);
  const running = input.parents.map((parent, member): RollbackMember => ({
    member,
    parent,
    waiting: waitingOf(parent, grants),
    results: [],
    skipped: [],
    touched: new Map(),
  }));
  await undoUntil(tx, site, { input, running, last: 'ungrant' });
  for (const one of running) await settle(tx, input, one);
  await undoUntil(tx, site, { input, running, last: 'retire' });
  return running;
}

async function undoUntil(
  tx: Tx,
  site: Site,
  {
    input,
    running,
    last,
  }: { readonly input: UndoInput; readonly running: readonly RollbackMember[]; readonly last: Phase },
): Promise<void> {
  for (;;) {
    const slot = nextSlot(running, last);
    if (slot.length === 0) return;
    await undoSlot(tx, site, { input, slot });
  }
}

/** The like steps that come next: each member's own order is kept, and no member is overtaken where their steps differ. */
function nextSlot(running: readonly RollbackMember[], last: Phase): CurrentStep[] {
  const heads = running.flatMap((one) => {
    const [head] = one.waiting;
    return head === undefined || !isWithin(head, last) ? [] : [{ running: one, ...head }];
  });
  const [first] = heads.toSorted(compareSteps);
  const alike = heads.filter((head) => first !== undefined && isAlike(head, first));
  return alike.map((head) => {
    head.running.waiting.shift();
    return { ...head, number: head.running.results.length + 1 };
  });
}

interface UndoSlotInput {
  readonly input: UndoInput;
  readonly slot: readonly CurrentStep[];
}

async function undoSlot(tx: Tx, site: Site, { input, slot }: UndoSlotInput): Promise<void> {
  const held = await heldBack(tx, site, { input, slot });
  const restored = new Map(slot.map(({ running: { member } }) => [member, 0]));
  const context = contextOf(tx, input, { restores: slot[0]?.restores ?? 'from', slot });
  const asked = slot.map(({ running: { member, parent }, step }) => ({ member, parent, step: step.step }));
  const isTogether = slot[0]?.step.kind === 'merge-rows';
  let statement = 0;
  for await (const chunks of (isTogether ? statementRounds : chunkRounds)(tx, site, asked)) {
    const free = chunks.filter(({ member }) => held.get(member) === undefined);
    await noteTouched(context, slot, free);
    const undone = isTogether
      ? await undoTogether(context, free, (statement += 1))
      : await undoChunks(context, free);
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
async function heldBack(tx: Tx, site: Site, { input, slot }: UndoSlotInput): Promise<Map<number, string>> {
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

function contextOf(
  tx: Tx,
  { rules, tenants, members, before, journal, parents }: UndoInput,
  { restores, slot }: { readonly restores: ValuesSide; readonly slot: readonly CurrentStep[] },
): UndoContext {
  const steps = parents.map(() => 0);
  for (const { running, number } of slot) steps[running.member] = number;
  const chunks = parents.map(() => 0);
  const nextChunk = (member: number): number => (chunks[member] = (chunks[member] ?? 0) + 10);
  const kept = slot[0]?.phase === 'unkeep';
  return { tx, rules, tenants, members, before, restores, kept, journal, steps, nextChunk };
}

/** Where grants are turned back, before they are. */
async function noteTouched(
  context: UndoContext,
  slot: readonly CurrentStep[],
  chunks: readonly Chunk[],
): Promise<void> {
  const [first] = slot;
  if (first === undefined || (first.phase !== 'regrant' && first.phase !== 'unkeep')) return;
  const touched = new Map(slot.map(({ running }) => [running.member, running.touched]));
  await noteScopes(context, chunks, (member) => touched.get(member) ?? new Map());
}

/** Grants again what rows of a member rely on, each kind as a step of its own that takes nothing back. */
async function settle(tx: Tx, input: UndoInput, running: RollbackMember): Promise<void> {
  const { member, parent, results, skipped, touched } = running;
  if (touched.size === 0) return;
  const context = contextOf(tx, input, { restores: restoredBy(parent), slot: [] });
  await settleGrants(context, { member, touched }, async (grantAgain) => {
    const id = results.length + 1;
    const { place, kept } = await grantAgain(id);
    const { table, entity } = place;
    const step = { id, kind: 'enable', undoDepth: 0, operation: 'enable', table, entity } as const;
    results.push({ step: { ...step, expected: kept.length, rows: [] }, actual: kept.length });
    skipped.push(...kept);
  });
}

function report(
  { onProgress }: UndoInput,
  slot: readonly CurrentStep[],
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
