/**
 * A rehearsal: the whole apply of one tenant, in a transaction that is always rolled back. It needs the rights of an apply, takes its
 * locks, and leaves no record. What the database refuses is told step by step: a refused step is taken back to its savepoint, its rows
 * are tried one by one, and the other steps go on. So triggers, exclusion constraints and unique expressions are found before an apply.
 */
import type { Step } from '../../engine/plan/plan-types.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { everyMember } from '../driver/members.ts';
import { backToSavepoint } from '../driver/question.ts';
import { withRetries } from '../driver/retry.ts';
import { passingJournal } from '../records/commit.ts';
import { lockPairs } from '../records/pair-lock.ts';
import { withTenant } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { admit } from './admission.ts';
import type { Accepted } from './admission.ts';
import { patienceOf } from './batch.ts';
import { MembersFailed } from './job.ts';
import { executePlans } from './execute.ts';
import type { WorkPart } from './execute.ts';
import { moveLocks } from './locks.ts';
import { planAll, readMoves } from './plan.ts';
import { isRefusal } from './step-refusal.ts';
import type { Move } from './plan.ts';

/** What the database refused in one step. */
interface RehearsedRefusal {
  /** Undefined where constraints are checked at the end. */
  readonly step?: number;
  readonly table?: string;
  readonly constraint?: string;
  readonly trigger?: string;
  readonly code: string;
  readonly message: string;
  /** Keys of refused rows, of those that were tried. */
  readonly rows: readonly string[];
}

export interface Rehearsal {
  readonly refusals: readonly RehearsedRefusal[];
}

/**
 * Tries the move of one tenant, and keeps nothing.
 * @throws what `planMove` throws; PLAN_REFUSED, MIGRATION_RUNNING, COUNT_MISMATCH, REFERENCES_LEFT
 */
export async function rehearseMove(
  site: Site,
  intent: Intent,
  { force = false }: Pick<Accepted, 'force'> = {},
): Promise<Rehearsal> {
  return withRetries(patienceOf(site), async () => {
    const [move] = await readMoves(site, [intent]);
    if (move === undefined) throw new Error('a move was not read');
    if (move instanceof DroverError) throw move;
    const rehearsed = new Rehearsed();
    try {
      await withTenant(site, { tenant: intent.tenant }, async (tx) => {
        await tryAll(tx, { move, force }, rehearsed);
        throw new Over();
      });
    } catch (error) {
      if (error instanceof MembersFailed) throw error.errors.get(0) ?? error;
      if (!(error instanceof Over)) throw error;
    }
    return { refusals: rehearsed.refusals };
  });
}

/** As people read it. */
export function refusalText({ table, constraint, trigger, rows, message }: RehearsedRefusal): string {
  const rule = trigger === undefined ? constraint : `trigger ${trigger}`;
  const place = [table, rule].filter((part) => part !== undefined).join(', ');
  const which = rows.length === 0 ? '' : ` Row ${rows.join(', ')}.`;
  return `${place === '' ? 'at the end' : place}: ${message}${which}`;
}

/** The end of a rehearsal, which rolls it back. */
class Over extends Error {}

async function tryAll(
  tx: Tx,
  { move, force }: { readonly move: Move; readonly force: boolean },
  rehearsed: Rehearsed,
): Promise<void> {
  const { ground, member } = move;
  const { pair, intent } = member;
  const [running] = await lockPairs(tx, [{ tenant: intent.tenant, source: pair.source }]);
  if (running !== undefined) throw running;
  await tx.ask(moveLocks(ground.rules, [{ pair, tenant: intent.tenant }]));
  const [planned] = everyMember(await planAll(tx, [move], 'all'));
  if (planned === undefined || planned instanceof DroverError)
    throw planned ?? new Error('nothing was planned');
  const error = admit({ confirm: true, force }, undefined, planned.plan);
  if (error !== undefined) throw error;
  await executePlans(tx, {
    rules: ground.rules,
    executions: [planned],
    scannable: ground.scannable,
    journal: await passingJournal(tx, intent.tenant),
    attempt: (part, work) => rehearsed.attempt(tx, part, work),
  });
}

/** How many rows of a refused step are tried one by one. */
const tried = 10;

class Rehearsed {
  readonly refusals: RehearsedRefusal[] = [];

  async attempt<T>(tx: Tx, part: WorkPart, work: () => Promise<T>): Promise<T | undefined> {
    // What a refused step leaves on the source keeps it in use: that it cannot be retired then is no finding of its own.
    if (part.step?.operation === 'retire' && this.refusals.length > 0) return undefined;
    const done = await within(tx, 'drover_step', work);
    if ('result' in done) return done.result;
    const rows = part.step === undefined ? [] : await refusedRows(tx, part.step, part);
    const all = rows.length === 0 ? [{ error: done.refused, keys: [] }] : rows;
    this.refusals.push(...all.map(({ error, keys }) => refusalOf(part.step, error, keys)));
    return undefined;
  }
}

type Within<T> = { readonly result: T } | { readonly refused: DroverError };

/** What the database refuses is taken back to a savepoint. @throws what the database did not refuse */
async function within<T>(tx: Tx, savepoint: string, work: () => Promise<T>): Promise<Within<T>> {
  await tx.run(`SAVEPOINT ${savepoint}`);
  try {
    const result = await work();
    await tx.run(`RELEASE SAVEPOINT ${savepoint}`);
    return { result };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await tx.ask(backToSavepoint(savepoint));
    return { refused: error };
  }
}

interface RefusedRows {
  readonly error: DroverError;
  readonly keys: string[];
}

/** The first rows of the step, each tried alone; together where the same rule refuses them. */
async function refusedRows(tx: Tx, step: Step, { tryRow }: WorkPart): Promise<RefusedRows[]> {
  const found = new Map<string, RefusedRows>();
  for (const { key } of step.rows.slice(0, tried)) {
    const alone = await within(tx, 'drover_row', async () => {
      await tryRow?.(key);
      await tx.run('SET CONSTRAINTS ALL IMMEDIATE');
    });
    if (!('refused' in alone)) continue;
    const { constraint, trigger } = alone.refused.data;
    const rule = JSON.stringify([alone.refused.code, constraint, trigger]);
    const rows = found.get(rule) ?? { error: alone.refused, keys: [] };
    found.set(rule, rows);
    rows.keys.push(key);
  }
  return [...found.values()];
}

function refusalOf(
  step: Step | undefined,
  { code, message, data }: DroverError,
  keys: readonly string[],
): RehearsedRefusal {
  const text = (name: string): Record<string, string> =>
    typeof data[name] === 'string' ? { [name]: data[name] } : {};
  const table = step === undefined ? text('table') : { table: step.table };
  return {
    ...(step === undefined ? {} : { step: step.id }),
    ...table,
    ...text('constraint'),
    ...text('trigger'),
    code,
    message,
    rows: keys,
  };
}
