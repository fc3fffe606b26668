/** Takes phases one after the other: what must hold before each, and what it comes to. */
import type { ConversionPhase } from '../engine/tenantize/conversion.ts';
import { DroverError } from '../errors.ts';
import { overLimits } from '../fleet/worker.ts';
import type { Database } from '../postgres/driver/database.ts';
import { readPressure } from '../postgres/runs/pressure.ts';
import type { Throttle } from '../postgres/runs/runs.ts';
import { openSite, recordsSchema } from '../postgres/scope/site.ts';
import { endConversion, recordAcceptance } from '../postgres/tenantize/conversion-records.ts';
import type {
  ConversionPlanned,
  ConversionRecord,
  ConversionStepRecord,
} from '../postgres/tenantize/conversion-records.ts';
import { rowsOfOthers } from '../postgres/tenantize/phase-needs.ts';
import { lostValues, rehearse } from '../postgres/tenantize/rehearse.ts';
import type { StepProgress, ConversionWork, ConversionWay } from '../postgres/tenantize/step-work.ts';
import { takeSteps } from '../postgres/tenantize/take-steps.ts';
import { localSettings } from '../postgres/tenantize/step-work.ts';
import { blocked, driftsOf, listed, look, phasesOf } from './conversion-look.ts';
import type { ConversionGround } from '../engine/tenantize/ground.ts';
import type { ConversionPlan } from '../engine/tenantize/plan-conversion.ts';

export interface ConvertHow {
  readonly actor: string;
  /** How long one step waits for locks in all. */
  readonly lockWaitMs: number;
  readonly throttle: Throttle;
  /** Why what nobody proved may pass. */
  readonly accept?: string;
  /** Asked once, before anything is written; what is about to be done. */
  readonly agree: (about: {
    readonly steps: number;
    readonly phases: readonly ConversionPhase[];
  }) => Promise<boolean>;
  readonly check: () => void;
  readonly say: (progress: StepProgress) => void;
  /** Another process takes steps, and is waited for. */
  readonly waits: () => void;
}

export interface Converted {
  /** Questions are open, so nothing was written. */
  readonly open?: ConversionPlan;
  /** Nobody agreed, so nothing was written. */
  readonly refused?: true;
  readonly record?: ConversionRecord;
  /** How many steps were taken by this call. */
  readonly steps: number;
}

/** A worker with what it needs to look again. */
export interface Working extends ConversionWork {
  readonly session: readonly string[];
}

export async function workOn(
  database: Database,
  about: {
    readonly session: readonly string[];
    readonly config: ConversionGround['config'];
    readonly how: ConvertHow;
  },
): Promise<Working> {
  const { session, config, how } = about;
  const site = await openSite({ database, config });
  const hasLimits = Object.values(how.throttle).some((limit) => limit !== undefined);
  return {
    database,
    schema: recordsSchema,
    actor: how.actor,
    settings: session,
    session,
    lockWaitMs: how.lockWaitMs,
    check: how.check,
    say: how.say,
    whyWait: async () => (hasLimits ? overLimits(how.throttle, await readPressure(site)) : undefined),
  };
}

interface PhaseOfSteps {
  readonly phase: ConversionPhase;
  readonly way: ConversionWay;
  readonly steps: readonly ConversionStepRecord[];
  /** What must hold before its first step. */
  readonly before: (record: ConversionRecord) => Promise<void>;
}

/** The phases that are due, each with its steps. */
export function forPhases(
  { steps }: ConversionRecord,
  way: ConversionWay,
  isDue: (step: ConversionStepRecord) => boolean,
  before: (phase: ConversionPhase, record: ConversionRecord) => Promise<void>,
): PhaseOfSteps[] {
  const due = steps.filter(isDue);
  const phases = phasesOf(due);
  return (way === 'up' ? phases : phases.toReversed()).map((phase) => {
    const own = due.filter((step) => step.phase === phase);
    return {
      phase,
      way,
      steps: way === 'up' ? own : own.toReversed(),
      before: (record) => before(phase, record),
    };
  });
}

/** Takes phases one after the other, and looks before each whether the database is still what the steps have made of it. */
export async function goOn(
  work: Working,
  dueOf: (record: ConversionRecord) => readonly PhaseOfSteps[],
): Promise<Converted> {
  const { record } = await look(work.database, work.session);
  if (record === undefined) throw new DroverError('INTERNAL', 'The conversion has no record.');
  let steps = 0;
  for (const phase of record.outcome === null ? dueOf(record) : []) {
    const now = await look(work.database, work.session);
    refuseDrift(driftsOf(now.record, now.marks));
    await phase.before(now.record ?? record);
    await takeSteps(work, record, phase);
    steps += phase.steps.length;
  }
  const { record: after = record } = await look(work.database, work.session);
  const outcome = outcomeOf(after);
  if (outcome === undefined || after.outcome !== null) return { record: after, steps };
  await work.database.transaction({}, (tx) => endConversion(tx, recordsSchema, { id: after.id, outcome }));
  return { record: { ...after, outcome }, steps };
}

function outcomeOf({ steps }: ConversionRecord): 'reverted' | 'contracted' | undefined {
  if (steps.every(({ state }) => state === 'planned')) return 'reverted';
  return steps.every(({ state }) => state === 'done') ? 'contracted' : undefined;
}

const unproven: readonly ConversionPhase[] = ['bind', 'contract'];

/** Nothing counts yet whether a phase would hide rows that somebody reads, so a person must say it. */
export function refuseUnproven(
  plan: ConversionPlanned | undefined,
  {
    due,
    accepted,
  }: { readonly due: readonly { readonly phase: ConversionPhase }[]; readonly accepted: readonly string[] },
): void {
  const phase = phasesOf(due).find((each) => unproven.includes(each) && !accepted.includes(each));
  if (phase === undefined || plan === undefined) return;
  const tables = plan.tables.filter(({ column }) => column !== undefined).map(({ table }) => table);
  throw blocked(
    `${phase} needs --accept-unverified REASON, because nobody has proved that no statement misses what it takes away`,
    [
      `UNVERIFIED: Drover does not judge yet what the shadow counted of ${tables.join(', ')}`,
      ...plan.duties.map(({ id, about, text }) => `${id} ${about}: ${text}`),
    ],
  );
}

export async function needsOf(
  work: Working,
  about: { readonly phase: ConversionPhase; readonly record: ConversionRecord; readonly how: ConvertHow },
): Promise<void> {
  const { phase, record, how } = about;
  if (!unproven.includes(phase)) return;
  const { id, plan, accepted } = record;
  const isAccepted = accepted.some((one) => one.phase === phase);
  if (!isAccepted && how.accept === undefined) refuseUnproven(plan, { due: [{ phase }], accepted: [] });
  if (phase === 'contract') await refuseContract(work, record);
  const { accept: reason } = how;
  if (isAccepted || reason === undefined) return;
  await work.database.transaction({ settings: localSettings(work.session) }, (tx) =>
    recordAcceptance(tx, recordsSchema, { id, phase, reason, actor: how.actor }),
  );
}

async function refuseContract(work: Working, record: ConversionRecord): Promise<void> {
  const due = record.steps.filter(({ phase, state }) => phase === 'contract' && state !== 'done');
  const opening = { readOnly: true, settings: localSettings(work.session) };
  const lost = await work.database
    .transaction(opening, (tx) => lostValues(tx, due))
    .catch((error: unknown) => {
      throw hidden(error, 'whether contract would lose values');
    });
  if (lost.length > 0)
    throw blocked('Contract would lose values of V1: give those rows a value that V2 has', lost);
  const refused = await rehearse(work, record, due);
  if (refused.length > 0)
    throw blocked('Contract would stop halfway, so that nothing of it was done: mend what is named', refused);
}

export async function refuseOtherTenants(work: Working, { steps }: ConversionRecord): Promise<void> {
  const opening = { readOnly: true, settings: localSettings(work.session) };
  const others = await work.database
    .transaction(opening, (tx) => rowsOfOthers(tx, steps))
    .catch((error: unknown) => {
      throw hidden(error, 'whether there are rows of a second tenant');
    });
  if (others.length > 0)
    throw blocked('There are rows of other tenants than zero, which V1 could not tell from its own', others);
}

/** From shadow on policies bind the owner of a table, too. */
function hidden(error: unknown, what: string): unknown {
  if (!(error instanceof DroverError) || error.code !== 'NOT_PERMITTED') return error;
  const message =
    `Policies may hide rows from this login, so that nobody can say ${what}; no step was taken. ` +
    'Give the same command as superuser, or as a login with BYPASSRLS that is a member of the owner of the tables.';
  return new DroverError(error.code, message, error.data, { cause: error });
}

function refuseDrift(drifts: readonly string[]): void {
  if (drifts.length === 0) return;
  const what =
    'The database is not what the steps of the conversion have made of it; no further step was taken';
  throw new DroverError('CONVERSION_DRIFTED', listed(what, drifts), { drifts });
}
