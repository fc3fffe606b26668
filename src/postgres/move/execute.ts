/**
 * Carries plans out, inside the transaction that read their facts: step by step in the order of the operations, the like steps of
 * all members by one statement. Every step must touch exactly the planned number of rows; deferred constraints are forced before the
 * commit; afterwards the facts are read once more, and nothing that a plan moved may be left.
 */
import { rowCount } from '../../engine/plan/row-text.ts';
import { everyMember } from '../driver/members.ts';
import { parameterChanges } from '../../engine/plan/parameter-changes.ts';
import type { Step, MovedColumns, Plan } from '../../engine/plan/plan-types.ts';
import type { Scannable } from '../../engine/inventory/scannable.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { affected, one, prepared } from '../driver/question.ts';
import { readParameters } from '../facts/settings.ts';
import { journalOfSome } from '../records/journal.ts';
import type { Journal } from '../records/journal.ts';
import type { StepResult } from '../records/records.ts';
import { MembersFailed } from './job.ts';
import { judgeBefore } from './judge.ts';
import { runSteps } from './operations/operations.ts';
import { refusedIn } from './step-refusal.ts';
import type { JoinSettings, Translations } from './operations/step-context.ts';
import type { Execution } from './plan.ts';
import { verifyNothingLeft } from './verify.ts';
import { rankOf } from '../../engine/operations/operations.ts';
import { compareText } from '../../engine/order.ts';

export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly operation: string;
  readonly table: string;
  readonly entity: string;
  /** Rows of this step done so far, and planned. */
  readonly rows: number;
  readonly expected: number;
}

interface ExecuteInput {
  readonly rules: Rules;
  readonly executions: readonly Execution[];
  readonly scannable: readonly Scannable[];
  readonly journal: Journal;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Runs each part of the work; by default as it is. */
  readonly attempt?: Attempt;
}

/** What a part of the work is: the step, and how the row of one key alone is tried. */
export interface WorkPart {
  readonly step?: Step;
  readonly tryRow?: (key: string) => Promise<unknown>;
}

/** Runs a part of the work. Undefined: it was refused, and the rest goes on without it. */
type Attempt = <T>(part: WorkPart, work: () => Promise<T>) => Promise<T | undefined>;

/** What each step did, for each member. @throws MembersFailed with COUNT_MISMATCH or REFERENCES_LEFT; what the database refuses */
export async function executePlans(tx: Tx, given: ExecuteInput): Promise<StepResult[][]> {
  const input = { ...given, executions: await judged(tx, given) };
  const { attempt = (_part, work) => work() } = input;
  let partly = false;
  const results = input.executions.map((): StepResult[] => []);
  const joins = await prepareSession(tx);
  const known = input.executions.map((execution) => translationsOf(execution));
  for (const slot of slotsOf(input.executions.map(({ plan }) => plan))) {
    const translations = await translationsNow(tx, input, { slot, translations: known });
    const about = { slot, translations, joins };
    const tryRow = (only: string): Promise<unknown> => runSlot(tx, input, { ...about, only });
    const touched = await attempt({ step: slot[0].step, tryRow }, () => runSlot(tx, input, about));
    partly ||= touched === undefined;
    if (touched === undefined) continue;
    const failed = new Map<number, DroverError>();
    for (const [at, { member, step }] of slot.entries()) {
      const actual = touched[at] ?? 0;
      if (actual !== step.expected) failed.set(member, mismatch(step, actual));
      results[member]?.push({ step, actual });
    }
    if (failed.size > 0) throw new MembersFailed(failed);
  }
  await attempt({}, () => tx.run('SET CONSTRAINTS ALL IMMEDIATE'));
  if (!partly) await verifyNothingLeft(tx, input);
  return results;
}

/** Each execution with its member, whose rows are judged before the first step. */
async function judged(tx: Tx, { rules, executions }: ExecuteInput): Promise<Execution[]> {
  const steps = executions.flatMap(({ plan }) => plan.steps);
  const members = await judgeBefore(tx, { rules, members: executions.map(({ member }) => member) }, steps);
  return executions.map((execution, at) => ({ ...execution, member: members[at] ?? execution.member }));
}

/** The keys of a large step pass through a sort or a hash on their way into the journal; on disk that costs a tenth. */
export async function prepareSession(tx: Tx): Promise<JoinSettings> {
  const [, joins] = await tx.together([
    affected(prepared(`SET LOCAL work_mem = '64MB'`)),
    one<JoinSettings>(
      prepared(
        `SELECT current_setting('enable_hashjoin') AS "hashJoin", current_setting('enable_mergejoin') AS "mergeJoin"`,
      ),
    ),
  ]);
  return joins;
}

interface MoveSlotInput {
  readonly slot: Slot;
  readonly translations: readonly Translations[];
  readonly joins: JoinSettings;
  /** Only the row of this key. */
  readonly only?: string;
}

/** Runs the like steps of some members, and says how many rows each touched. */
async function runSlot(
  tx: Tx,
  { rules, executions, journal, onProgress }: ExecuteInput,
  { slot, translations, joins, only }: MoveSlotInput,
): Promise<number[]> {
  const at = slot.map(({ member }) => member);
  const [{ step, of }] = slot;
  let done = 0;
  const report = (rows: number): void => {
    done += rows;
    const { id, operation, table, entity, expected } = step;
    onProgress?.({ step: id, steps: of, operation, table, entity, rows: done, expected });
  };
  report(0);
  const context = {
    rules,
    members: everyMember(at.map((number) => executions[number]?.member)),
    journal: journalOfSome(journal, at),
    translations: at.map((number) => translations[number] ?? {}),
    joins,
    only,
  };
  const touched = await runSteps(tx, context, { steps: stepsOf(slot), onRows: report }).catch(
    (error: unknown) => {
      throw refusedIn(error, step, rules);
    },
  );
  report((touched[0] ?? 0) - done);
  return touched;
}

function stepsOf([first, ...others]: Slot): readonly [Step, ...Step[]] {
  return [first.step, ...others.map(({ step }) => step)];
}

function mismatch(step: Step, actual: number): DroverError {
  return new DroverError(
    'COUNT_MISMATCH',
    `Step ${step.id} (${step.operation} ${step.table}) touched ${rowCount(actual)}, the plan expects ${step.expected}. ` +
      'The migration was rolled back.',
    { step: step.id, table: step.table, expected: step.expected, actual },
  );
}

/** Parameter documents that change, by place. */
function translationsOf({ snapshot, plan }: Execution, entries = snapshot.parameters): Translations {
  return Object.fromEntries(
    entries.map((entry) => {
      const changed = parameterChanges(snapshot, entry, plan.intent.parameters) ?? [];
      const pairs = changed.flatMap(({ text, after }) => (after === text ? [] : [[text, after] as const]));
      return [entry.place, Object.fromEntries(pairs)];
    }),
  );
}

/** The translations of now. Where a step before has changed what else the documents hold, the documents are read again. */
async function translationsNow(
  tx: Tx,
  { rules, executions }: ExecuteInput,
  { slot, translations }: Pick<MoveSlotInput, 'slot' | 'translations'>,
): Promise<readonly Translations[]> {
  const [{ step }] = slot;
  const before = slot.flatMap(
    ({ member, step: { id } }) => executions[member]?.plan.steps.filter((one) => one.id < id) ?? [],
  );
  const moves = step.operation === 'repoint' ? step.moves : [];
  const changed = moves.filter(({ parameters }) =>
    before.some((one) => 'column' in one && one.table === step.table && one.column === parameters?.column),
  );
  if (changed.length === 0) return translations;
  const at = slot.map(({ member }) => member);
  const members = everyMember(at.map((number) => executions[number]?.member));
  const now = [...translations];
  for (const { place } of changed) {
    const read = await readParameters(tx, { rules, members }, place);
    for (const [position, number] of at.entries()) {
      const execution = executions[number];
      const entry = read[position];
      if (execution !== undefined && entry !== undefined)
        now[number] = { ...now[number], ...translationsOf(execution, [entry]) };
    }
  }
  return now;
}

/*
 * Which steps of several plans are executed together: those that are alike but for values. Slots come in the order of the
 * operations, then of the tables, so that each plan's own order is kept and two batches lock in one order.
 */

/** A step of one plan. */
interface SlotStep {
  /** The number of the plan's member. */
  readonly member: number;
  readonly step: Step;
  /** The number of the last step of its plan. */
  readonly of: number;
}

/** Steps of several members, one of each, all alike. */
type Slot = readonly [SlotStep, ...SlotStep[]];

function slotsOf(plans: readonly Pick<Plan, 'steps'>[]): Slot[] {
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
      return [...common, step.pairs, step.follows];
    case 'merge-rows':
      return [...common, step.mappings, step.lost, step.follows];
    case 'rewrite-json':
    case 'rewrite-text':
    case 'rewrite-array':
      return [...common, step.column, step.places, step.places.map((id) => step.rules[id]?.states)];
  }
}

function movedShape({ place, columns, states, companions, parameters }: MovedColumns): unknown {
  return [place, columns, states, companions, parameters];
}
