/**
 * Carries plans out, inside the transaction that read their facts: step by step in the order of the operations, the like steps of
 * all members by one statement. Every step must touch exactly the planned number of rows; deferred constraints are forced before the
 * commit; afterwards the facts are read once more, and nothing that a plan moved may be left.
 */
import { everyMember } from '../driver/members.ts';
import { decideAll } from '../../engine/plan/decide.ts';
import { parameterChanges } from '../../engine/plan/parameter-changes.ts';
import type { TableId } from '../../engine/catalogue/catalog.ts';
import type { Plan, Step } from '../../engine/plan/plan-types.ts';
import type { PlaceGroup, Snapshot, Uncovered } from '../../engine/plan/snapshot.ts';
import { isMovingRows } from '../../engine/operations/operations.ts';
import type { Scannable } from '../../engine/inventory/scannable.ts';
import { decideUncovered, uncoveredId } from '../../engine/plan/uncovered.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { affected, one, prepared } from '../driver/question.ts';
import type { Member } from '../facts/member.ts';
import { readPlaceGroups } from '../facts/places.ts';
import { scanUncovered } from '../facts/scan.ts';
import { readParameters } from '../facts/settings.ts';
import { countFollowers } from '../facts/rows/subject.ts';
import { journalOfSome } from '../records/journal.ts';
import type { Journal } from '../records/journal.ts';
import type { StepResult } from '../records/records.ts';
import { MembersFailed } from './batch.ts';
import { judgeBefore } from './judge.ts';
import { runSteps } from './operations/operations.ts';
import { refusedIn } from './refused.ts';
import type { JoinSettings, Translations } from './operations/step-context.ts';
import { slotsOf } from './slots.ts';
import type { Slot } from './slots.ts';

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

/** What is executed for one member. */
export interface Execution {
  readonly member: Member;
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  /** Tables that parts of the migration before this one changed: they are looked at afterwards, too. */
  readonly touched?: readonly TableId[];
}

export interface ExecuteInput {
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
    `Step ${step.id} (${step.operation} ${step.table}) touched ${actual} row(s), the plan expects ${step.expected}. ` +
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

/** The same, where a step before has changed what else the documents hold: then they are read again. */
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

/**
 * Both books are read again, and must say what was announced: of the places nothing may be left to move, and of the tables that
 * were touched no occurrence may be left that was not in the plan.
 */
async function verifyNothingLeft(tx: Tx, { rules, executions, scannable }: ExecuteInput): Promise<void> {
  const at = [...executions.keys()].filter((number) => {
    const { plan, touched = [] } = executions[number] ?? {};
    return (plan?.steps.length ?? 0) + touched.length > 0;
  });
  if (at.length === 0) return;
  const members = everyMember(at.map((number) => executions[number]?.member));
  const after = await readPlaceGroups(tx, { rules, members }, 'none');
  const touched = new Set(
    executions.flatMap(({ plan, touched: before = [] }) => [
      ...before,
      ...plan.steps.filter(isMovingRows).flatMap(changedTables),
    ]),
  );
  const found = await scanUncovered(
    tx,
    { rules, members },
    scannable.filter(({ table }) => touched.has(table.id)),
  );
  const failed = new Map<number, DroverError>();
  for (const [position, number] of at.entries()) {
    const execution = executions[number];
    if (execution === undefined) continue;
    const left =
      (await keyLeft(tx, execution)) ??
      leftOf(execution, after[position] ?? []) ??
      unannounced(execution, found[position]?.uncovered ?? []);
    if (left !== undefined) failed.set(number, left);
  }
  if (failed.size > 0) throw new MembersFailed(failed);
}

function changedTables(step: Step): readonly TableId[] {
  return step.operation === 'rekey' ? step.follows.map(({ table }) => table) : [step.table];
}

/** What a re-key changed is read again: exactly the planned rows have the other key, and none has the old one. */
async function keyLeft(tx: Tx, { member, snapshot, plan }: Execution): Promise<DroverError | undefined> {
  const { rules } = snapshot;
  const { subject } = rules;
  const step = plan.steps.find((one) => one.operation === 'rekey');
  if (step === undefined || subject === undefined) return undefined;
  const about = { rules, subject, member };
  const [now, old] = [await countFollowers(tx, about, step.to), await countFollowers(tx, about, step.from)];
  const expected = new Map(step.follows.map((one) => [one.table, one.expected]));
  const wrong = now.find(
    ({ table, rows }, at) => rows !== (expected.get(table) ?? 0) || (old[at]?.rows ?? 0) > 0,
  );
  if (wrong === undefined) return undefined;
  const { table, rows } = wrong;
  return new DroverError(
    'REFERENCES_LEFT',
    `After the re-key ${rows} row(s) of ${table} refer to ${step.to}, where the plan announced ${expected.get(table) ?? 0}. ` +
      'The migration was rolled back.',
    { place: table, rows },
  );
}

function leftOf({ snapshot, plan }: Execution, places: readonly PlaceGroup[]): DroverError | undefined {
  for (const { group, outcomes } of decideAll({ ...snapshot, places }, plan.intent))
    for (const [place, outcome] of outcomes)
      if (outcome.kind === 'move' || outcome.kind === 'merge')
        return new DroverError(
          'REFERENCES_LEFT',
          `After the move ${group.rows} row(s) of ${place.id} still name the source. The migration was rolled back.`,
          { place: place.id, rows: group.rows },
        );
  return undefined;
}

/** Live occurrences of the tenant that the plan did not announce: more rows of one writing in one place than before. */
function unannounced({ snapshot, plan }: Execution, found: readonly Uncovered[]): DroverError | undefined {
  const before = liveByWriting(snapshot, plan, snapshot.uncovered);
  for (const [writing, { place, rows }] of liveByWriting(snapshot, plan, found)) {
    const known = before.get(writing)?.rows ?? 0;
    if (rows > known)
      return new DroverError(
        'REFERENCES_LEFT',
        `After the move ${rows - known} row(s) of ${place} name the source where the plan announced none. The migration was rolled back.`,
        { place, rows: rows - known },
      );
  }
  return undefined;
}

interface Live {
  readonly place: string;
  readonly rows: number;
}

function liveByWriting(
  snapshot: Snapshot,
  { intent }: Plan,
  found: readonly Uncovered[],
): ReadonlyMap<string, Live> {
  const sums = new Map<string, Live>();
  for (const one of found) {
    if (one.owner !== 'mine' || !decideUncovered(snapshot, intent, one).live) continue;
    const { table, column, path, form, by, spelling, rows } = one;
    const writing = JSON.stringify([table, column, path, form, by, spelling]);
    const before = sums.get(writing)?.rows ?? 0;
    sums.set(writing, { place: uncoveredId(snapshot, one), rows: before + rows });
  }
  return sums;
}
