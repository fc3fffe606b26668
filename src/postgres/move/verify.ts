/** Afterwards both books are read again: nothing that a plan moved may be left, and nothing that it did not announce. */
import { rowCount, verbOf } from '../../engine/plan/row-text.ts';
import { keysReused, keysText } from '../../engine/key-pairs.ts';
import { keysOf } from '../../engine/models/model.ts';
import { everyMember } from '../driver/members.ts';
import { decideAll } from '../../engine/plan/decide.ts';
import type { TableId } from '../../engine/catalogue/catalog.ts';
import type { Plan, Step } from '../../engine/plan/plan-types.ts';
import type { PlaceGroup, Snapshot, Uncovered } from '../../engine/plan/snapshot.ts';
import { isMovingRows } from '../../engine/operations/operations.ts';
import type { Scannable } from '../../engine/inventory/scannable.ts';
import { decideUncovered, uncoveredId } from '../../engine/plan/outside-places.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { readPlaceGroups } from '../facts/places.ts';
import { scanUncovered } from '../facts/scan.ts';
import { countFollowers } from '../facts/rows/following.ts';
import { memberOf } from '../facts/member.ts';
import type { Member } from '../facts/member.ts';
import { MembersFailed } from './job.ts';
import type { Execution } from './plan.ts';

/**
 * Both books are read again, and must say what was announced: of the places nothing may be left to move, and of the tables that
 * were touched no occurrence may be left that was not in the plan.
 */
export async function verifyNothingLeft(
  tx: Tx,
  {
    rules,
    executions,
    scannable,
  }: {
    readonly rules: Rules;
    readonly executions: readonly Execution[];
    readonly scannable: readonly Scannable[];
  },
): Promise<void> {
  const at = [...executions.keys()].filter((number) => {
    const { plan, touched = [] } = executions[number] ?? {};
    return (plan?.steps.length ?? 0) + touched.length > 0;
  });
  if (at.length === 0) return;
  const members = everyMember(at.map((number) => executions[number]?.member)).map((one) =>
    lookedFor(rules, one),
  );
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
  if (step.operation === 'rekey') return step.follows.map(({ table }) => table);
  if (step.operation !== 'merge-rows') return [step.table];
  return [...step.follows, ...step.lost].map(({ table }) => table);
}

/**
 * What a re-key changed is read again: exactly the planned rows have the other keys, and none has an old one. Where keys passed from row to
 * row the last step tells, because what it announces has them all.
 */
async function keyLeft(tx: Tx, { member, snapshot, plan }: Execution): Promise<DroverError | undefined> {
  const { rules } = snapshot;
  const { subject } = rules;
  if (subject === undefined) return undefined;
  const about = { rules, subject, member };
  const merged = plan.steps.find((one) => one.operation === 'merge-rows');
  if (merged !== undefined) {
    const gone = merged.pairs.map(({ from }) => from);
    return sourceLeft(await countFollowers(tx, about, gone), keysText(gone));
  }
  const steps = plan.steps.filter((one) => one.operation === 'rekey');
  const last = steps.at(-1);
  if (last === undefined) return undefined;
  const to = last.pairs.map((pair) => pair.to);
  const given = new Set(keysOf(member.pair).map((pair) => pair.to));
  const from = steps
    .flatMap(({ pairs }) => pairs.flatMap((pair) => [pair.from, pair.to]))
    .filter((key) => !given.has(key));
  const now = await countFollowers(tx, about, to);
  const old = from.length === 0 ? [] : await countFollowers(tx, about, from);
  const expected = new Map(last.follows.map((one) => [one.table, one.expected]));
  const wrong = now.find(
    ({ table, rows }, at) => rows !== (expected.get(table) ?? 0) || (old[at]?.rows ?? 0) > 0,
  );
  if (wrong === undefined) return undefined;
  const { table, rows } = wrong;
  return new DroverError(
    'REFERENCES_LEFT',
    `After the re-key ${rowCount(rows)} of ${table} ${verbOf(rows, 'refer')} to ${keysText(to)}, ` +
      `where the plan announced ${expected.get(table) ?? 0}. ` +
      'The migration was rolled back.',
    { place: table, rows },
  );
}

/** A key that another row has got since names that row, so nothing can be left on it. */
function lookedFor(rules: Rules, member: Member): Member {
  const { keys } = member.pair;
  const reused = new Set(keysReused(keys ?? []));
  if (keys === undefined || reused.size === 0) return member;
  const own = { ...member.pair, keys: keys.filter(({ from }) => !reused.has(from)) };
  return { ...member, ...memberOf(rules, member.intent, own), pair: member.pair };
}

function sourceLeft(
  found: readonly { readonly table: TableId; readonly rows: number }[],
  from: string,
): DroverError | undefined {
  const left = found.find(({ rows }) => rows > 0);
  if (left === undefined) return undefined;
  const { table: place, rows } = left;
  const message = `After the merge ${rowCount(rows)} of ${place} ${verbOf(rows, 'refer')} to ${from} still. The migration was rolled back.`;
  return new DroverError('REFERENCES_LEFT', message, { place, rows });
}

function leftOf({ snapshot, plan }: Execution, places: readonly PlaceGroup[]): DroverError | undefined {
  for (const { group, outcomes } of decideAll({ ...snapshot, places }, plan.intent))
    for (const [place, outcome] of outcomes)
      if (outcome.kind === 'move' || outcome.kind === 'merge')
        return new DroverError(
          'REFERENCES_LEFT',
          `After the move ${rowCount(group.rows)} of ${place.id} still ${verbOf(group.rows, 'name')} the source. ` +
            'The migration was rolled back.',
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
        `After the move ${rowCount(rows - known)} of ${place} ${verbOf(rows - known, 'name')} the source ` +
          'where the plan announced none. The migration was rolled back.',
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
