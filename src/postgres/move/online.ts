/**
 * A migration that is committed in parts, so that nobody waits for all of it: `drover apply --online`.
 *
 * The parts edit documents, a range of blocks of their table each, without a lock on the table. Each part is a transaction of its own:
 * it holds the pair of tenant and source, makes sure that models and tables are what was planned with, edits what names the source,
 * journals it under the one record, and commits. The last part is the ordinary apply (move.ts): under its locks it reads everything
 * again, moves what came in meanwhile and everything else, verifies, retires the source, and closes the record.
 *
 * Between the first part and the last the record is `under_way`. A part knows what is left by reading the documents, so a killed
 * migration goes on without any position being kept, and what an editor wrote meanwhile is treated like any other document.
 */
import { canonicalText } from '../../engine/canonical.ts';
import { judgedOnce } from '../../engine/operations/judged-once.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Plan, RewriteStep, Step } from '../../engine/plan/plan-types.ts';
import { changeCount } from '../../engine/plan/row-text.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import { readRules } from '../catalogue/rules.ts';
import { findReplay } from '../records/history.ts';
import { settleInterrupted } from '../records/interruptions.ts';
import type { MoveResult } from '../records/move-result.ts';
import { identityOf } from '../records/pair-lock.ts';
import { failRecord, openRecords } from '../records/records.ts';
import {
  beginParts,
  findUnderWay,
  lockForWork,
  underWayError,
  underWayText,
  waysOn,
} from '../records/under-way.ts';
import type { UnderWay } from '../records/under-way.ts';
import { prepareState, withTenant } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { admit, refuseUnreasoned } from './admission.ts';
import { resultOf, runBatch } from './batch.ts';
import { applyMove, jobOf } from './move.ts';
import { recordOf } from './request.ts';
import type { Progress } from './execute.ts';
import type { MoveOptions, MoveRequest } from './request.ts';
import { planAll, readMoves } from './plan.ts';
import type { Move, PlannedMember } from './plan.ts';
import { refuseUnknown } from './unknown.ts';
import { inPart, moveStep } from './online-parts.ts';

/**
 * Carries the move of one tenant out in parts that commit, or goes on with one that is under way. Where no documents can be moved in
 * parts, it is an ordinary move, and its result has no `inParts`.
 * @throws what `applyMove` throws; ONLINE_IMPOSSIBLE where the records lie in another database; MIGRATION_UNDER_WAY where another move
 *   off the source is. Once a part is committed every error says so, and the migration stays under way.
 */
export async function applyOnline(site: Site, request: MoveRequest & MoveOptions): Promise<MoveResult> {
  const { intent, plan, ...options } = request;
  refuseUnreasoned({ ...options, allowUnknown: intent.allowUnknown === true });
  refuseRows(intent);
  if (site.state.separate) throw recordsElsewhere();
  if (plan === undefined) await refuseUnknown(site, { intent });
  await prepareState(site);
  const replay = plan === undefined ? undefined : await findReplay(site, intent.tenant, plan.hash);
  if (replay !== undefined) return replay;
  const online = await readOnline(site, request);
  if (online === undefined) return applyMove(site, request);
  return inParts(site, request, online);
}

/** What `applyOnline` would do in parts, for people who are asked before it begins. @throws ONLINE_IMPOSSIBLE for a re-key */
export async function previewOnline(
  site: Site,
  { intent, steps, source }: Pick<Plan, 'intent' | 'steps' | 'source'>,
): Promise<{ readonly steps: readonly RewriteStep[]; readonly underWay: UnderWay | undefined }> {
  refuseRows(intent);
  const { tenant } = intent;
  const rules = await withTenant(site, { tenant, readOnly: true }, (tx) => readRules(tx, site, tenant));
  const underWay = await findUnderWay(site, { tenant, source });
  return { steps: site.state.separate ? [] : stepsInParts(rules, steps), underWay };
}

function stepsInParts(rules: Rules, steps: readonly Step[]): RewriteStep[] {
  return steps.filter((step): step is RewriteStep => 'occurrences' in step && isApart(rules, step));
}

/**
 * Can documents of the step move before everything else does? They cannot in three cases: other rows are judged by them; other places of
 * the row move together with them, or must not move; the target becomes available to them only with the rest.
 */
function isApart(rules: Rules, step: RewriteStep): boolean {
  const own = rules.places.filter(({ id }) => step.places.includes(id));
  const isAlone = own.every(
    ({ copies, rivals, enables }) => copies.length === 0 && rivals.length === 0 && enables === undefined,
  );
  return isAlone && judgedOnce(rules.places, [step]).length === 0;
}

function recordsElsewhere(): DroverError {
  const message =
    'With the records in another database nothing can be committed in parts: each part and its journal must be one commit. ' +
    'Keep the records in this database (leave out --state), or apply without --online.';
  return new DroverError('ONLINE_IMPOSSIBLE', message);
}

/** @throws ONLINE_IMPOSSIBLE for a re-key */
function refuseRows({ rows }: Intent): void {
  if (rows === undefined) return;
  const message = 'A row gets another key in one transaction, with all that names it: leave out --online.';
  throw new DroverError('ONLINE_IMPOSSIBLE', message);
}

/** A migration in parts that may begin, or goes on. */
interface Online extends PlannedMember {
  readonly move: Move;
  readonly steps: readonly RewriteStep[];
  readonly underWay: UnderWay | undefined;
}

/** Undefined where an ordinary apply does all of it, or refuses it. @throws MIGRATION_UNDER_WAY */
async function readOnline(
  site: Site,
  { intent, plan, ...options }: MoveRequest & MoveOptions,
): Promise<Online | undefined> {
  const [move] = await readMoves(site, [intent]);
  if (move === undefined) throw new Error('a move was not read');
  if (move instanceof DroverError) throw move;
  const about = { tenant: intent.tenant, source: move.member.pair.source };
  await settleInterrupted(site, about);
  const underWay = await findUnderWay(site, about);
  if (underWay !== undefined) refuseAnother(underWay, move);
  const [planned] = await withTenant(site, { tenant: intent.tenant, readOnly: true }, (tx) =>
    planAll(tx, [move], 'staying'),
  );
  if (planned === undefined || planned instanceof DroverError)
    throw planned ?? new Error('nothing was planned');
  const steps = stepsInParts(move.ground.rules, planned.plan.steps);
  if (underWay === undefined && steps.length === 0) return undefined;
  // Whoever goes on has seen the rows that the parts before have moved.
  const unlessWorse = options.unlessWorse === true || underWay !== undefined;
  const refused = admit({ ...options, unlessWorse }, plan, planned.plan);
  if (refused === undefined) return { ...planned, move, steps, underWay };
  if (underWay === undefined) return undefined;
  throw aboutRest(refused, underWay);
}

/** Is it the same move that is under way? @throws MIGRATION_UNDER_WAY */
function refuseAnother(underWay: UnderWay, { member }: Move): void {
  const asked = ({ from: _from, to: _to, ...rest }: Intent): string => canonicalText({ ...rest });
  const isSame = identityOf(member.pair.target) === identityOf(underWay.plan.target);
  if (!isSame || asked(member.intent) !== asked(underWay.plan.intent)) throw underWayError(underWay);
}

async function inParts(
  site: Site,
  { intent, plan: _plan, ...options }: MoveRequest & MoveOptions,
  online: Online,
): Promise<MoveResult> {
  const startedAt = performance.now();
  const { tenant } = intent;
  const { move, underWay, plan } = online;
  const [id = ''] =
    underWay === undefined ? await openRecords(site, [recordOf(options, move)]) : [underWay.id];
  // What is known to be committed, where nobody can be asked.
  let known = underWay;
  const onCommitted = (rows: number): void => {
    if (known !== undefined) known = { ...known, rows: known.rows + rows };
  };
  try {
    known ??= await begin(site, online, { id, options });
    for (const step of online.steps) await moveStep(site, { ...online, id, options, onCommitted }, step);
    const last = { intent, plan, ends: { record: id, startedAt } };
    const { onProgress } = options;
    const ending =
      onProgress === undefined ? {} : { onProgress: endingAt(plan.steps.at(-1)?.id ?? 1, onProgress) };
    const job = jobOf(site, { ...options, ...ending, unlessWorse: true });
    return resultOf(await runBatch(site, job, [last]));
  } catch (error) {
    await failRecord(site, { tenant, id, error }).catch(() => undefined);
    const about = { tenant, source: move.member.pair.source };
    const now = await findUnderWay(site, about).catch(() => 'unknown' as const);
    if (!(error instanceof DroverError)) throw error;
    if (now === 'unknown') throw known === undefined ? error : aboutBefore(error, known);
    throw now?.id === id ? aboutRest(error, now) : error;
  }
}

/** The steps of the last part are the last of those that were announced, whatever its record calls them. */
function endingAt(announced: number, onProgress: (progress: Progress) => void): (progress: Progress) => void {
  return (progress) => {
    const after = progress.steps - progress.step;
    onProgress({ ...progress, step: Math.max(1, announced - after), steps: announced });
  };
}

/** Whatever the error says of the work is true of its last transaction alone. */
function aboutRest(error: DroverError, underWay: UnderWay): DroverError {
  const message = `${error.message} This is about the last transaction alone. ${underWayText(underWay)}`;
  const data = { ...error.data, underWay: underWay.id, commands: waysOn(underWay) };
  return new DroverError(error.code, message, data, { cause: error });
}

/** Where the database cannot be asked: what was known before its last transaction is true whatever became of that. */
function aboutBefore(error: DroverError, known: UnderWay): DroverError {
  const [goOn, takeBack] = waysOn(known);
  const message =
    `${error.message} This is about the last transaction alone. Before it ${changeCount(known.rows)} of migration ${known.id} ` +
    `${known.rows === 1 ? 'was' : 'were'} committed: \`${goOn}\` goes on; \`${takeBack}\` takes back what was committed.`;
  const data = { ...error.data, underWay: known.id, commands: [goOn, takeBack] };
  return new DroverError(error.code, message, data, { cause: error });
}

/** From here on the record says that the migration is under way. */
async function begin(
  site: Site,
  { move, plan }: Online,
  { id, options }: { readonly id: string; readonly options: MoveOptions },
): Promise<UnderWay> {
  const { tenant, from, to } = move.member.intent;
  const { source } = move.member.pair;
  const { actor, forced, reason } = recordOf(options, move);
  await inPart(site, { move, id }, async (tx) => {
    const [refused] = await lockForWork(tx, site, [{ tenant, source, own: id }]);
    if (refused !== undefined) throw refused;
    // Whoever held the pair until now may have moved what was planned.
    const [now] = await planAll(tx, [move], 'staying');
    if (now === undefined || now instanceof DroverError) throw now ?? new Error('nothing was planned');
    const stale = admit(options, plan, now.plan);
    if (stale !== undefined) throw stale;
    await beginParts(tx, site, { tenant, id, plan, begun: { actor, forced, reason } });
  });
  return { id, tenant: recordedTenant(tenant), from, to, forced, reason: reason ?? null, plan, rows: 0 };
}
