/** Takes the steps of a conversion, and takes them back: which are due, and who is asked. */
import type { Environment } from '../config.ts';
import { canonicalText } from '../engine/canonical.ts';
import { given } from '../engine/given.ts';
import type { ConversionPhase } from '../engine/tenantize/conversion.ts';
import type { ConversionGround } from '../engine/tenantize/ground.ts';
import type { ConversionPlan } from '../engine/tenantize/plan-conversion.ts';
import { DroverError } from '../errors.ts';
import type { ExportedConversion } from '../isolation/conversion/export-files.ts';
import { statementsOf } from '../isolation/conversion/statements.ts';
import type { Database } from '../postgres/driver/database.ts';
import { migrateSchema } from '../postgres/schema/migrate-schema.ts';
import { recordsSchema } from '../postgres/scope/site.ts';
import type { ConversionRecord, ConversionStepRecord } from '../postgres/tenantize/conversion-records.ts';
import { asOnlyWorker } from '../postgres/tenantize/one-worker.ts';
import { beginConversion, writeBegun } from './begin-conversion.ts';
import { at, driftsOf, look, phasesOf } from './conversion-look.ts';
import { forPhases, goOn, needsOf, refuseOtherTenants, refuseUnproven, workOn } from './conversion-work.ts';
import type { ConvertHow, Converted } from './conversion-work.ts';
import { configOf, planFor, sessionOf, withConverted } from './tenantize.ts';
import type { ConversionOptions } from './tenantize.ts';

export interface ConversionStatus {
  readonly record?: ConversionRecord;
  /** How the catalogue differs from what the steps have made of it. */
  readonly drifts: readonly string[];
}

/** Where a conversion goes when nobody says it: to where nothing is hidden from anybody yet. */
export const defaultGoal: ConversionPhase = 'shadow';

/**
 * Takes all steps up to a phase that were not taken yet; the first time it plans.
 * @throws PHASE_BLOCKED, CONVERSION_DRIFTED, NOT_PERMITTED, LOCK_TIMEOUT, INTERRUPTED, and what planning throws
 */
export function applyConversion(
  options: ConversionOptions,
  environment: Environment,
  how: ConvertHow & { readonly to: ConversionPhase },
): Promise<Converted> {
  return withConverted(options, environment, (database, configFile) => applyIn(database, configFile, how));
}

/** The same in a database that is open. */
export async function applyIn(
  database: Database,
  configFile: string,
  { to, ...how }: ConvertHow & { readonly to: ConversionPhase },
): Promise<Converted> {
  const config = configOf(configFile);
  const session = sessionOf({ config });
  const found = await look(database, session);
  const standing = found.record?.outcome === null ? found.record : undefined;
  if (standing === undefined && found.record?.outcome === 'contracted')
    return { record: found.record, steps: 0 };
  const said = saidOf(config);
  if (standing !== undefined && standing.plan.said !== said) throw saysOtherwise(configFile);
  const begun =
    standing === undefined
      ? await beginConversion(database, { configFile, said, session, actor: how.actor })
      : undefined;
  if (begun !== undefined && 'questions' in begun) return { open: begun, steps: 0 };
  const isDue = ({ phase }: { readonly phase: ConversionPhase }): boolean => at(phase) <= at(to);
  const due = (standing?.steps.filter(({ state }) => state !== 'done') ?? begun?.steps ?? []).filter(isDue);
  const isWhole = standing?.steps.every(({ state }) => state === 'done') === true;
  if (due.length === 0 && !isWhole) return { ...given({ record: standing }), steps: 0 };
  const accepted = standing?.accepted.map(({ phase }) => phase) ?? [];
  if (how.accept === undefined) refuseUnproven(standing?.plan ?? begun?.plan, { due, accepted });
  if (due.length > 0 && !(await how.agree({ steps: due.length, phases: phasesOf(due) })))
    return { refused: true, steps: 0 };
  await migrateSchema(database, { schema: recordsSchema, variant: 'state' });
  return asOnlyWorker(database, how, async () => {
    if (begun !== undefined) await writeBegun(database, session, begun);
    const work = await workOn(database, { session, config, how });
    return goOn(work, (record) =>
      forPhases(
        record,
        'up',
        ({ phase, state }) => isDue({ phase }) && state !== 'done',
        async (phase, now) => {
          await needsOf(work, { phase, record: now, how });
        },
      ),
    );
  });
}

/**
 * Takes back all steps down to a phase, that of the phase included: to V1 where nobody says it.
 * @throws ROLLBACK_IMPOSSIBLE once contract has begun, PHASE_BLOCKED where rows of a second tenant are there, and what apply throws
 */
export function revertConversion(
  options: ConversionOptions,
  environment: Environment,
  how: ConvertHow & { readonly to: ConversionPhase },
): Promise<Converted> {
  return withConverted(options, environment, (database, configFile) => revertIn(database, configFile, how));
}

/** The same in a database that is open. */
export async function revertIn(
  database: Database,
  configFile: string,
  { to, ...how }: ConvertHow & { readonly to: ConversionPhase },
): Promise<Converted> {
  const config = configOf(configFile);
  const session = sessionOf({ config });
  const { record } = await look(database, session);
  if (record === undefined || record.outcome === 'reverted') return { ...given({ record }), steps: 0 };
  const hasContracted = record.steps.some(({ phase, state }) => phase === 'contract' && state !== 'planned');
  if (record.outcome === 'contracted' || hasContracted) throw contracted();
  const isDue = ({ phase, state }: ConversionStepRecord): boolean =>
    at(phase) >= at(to) && state !== 'planned';
  const due = record.steps.filter(isDue);
  // One whose first step failed is whole, and ends; where a phase further down is said, nothing is to do.
  if (due.length === 0 && record.steps.some(({ state }) => state !== 'planned')) return { record, steps: 0 };
  if (due.length > 0 && !(await how.agree({ steps: due.length, phases: phasesOf(due).toReversed() })))
    return { refused: true, steps: 0 };
  return asOnlyWorker(database, how, async () => {
    const work = await workOn(database, { session, config, how });
    return goOn(work, (now) => forPhases(now, 'down', isDue, async () => refuseOtherTenants(work, now)));
  });
}

/** The steps as they are kept of a conversion that is under way, and else as they would be planned; the plan where questions are open. */
export function readConversionSteps(
  options: ConversionOptions,
  environment: Environment,
): Promise<ExportedConversion | ConversionPlan> {
  return withConverted(options, environment, stepsIn);
}

/** The same of a database that is open. */
export async function stepsIn(
  database: Database,
  configFile: string,
): Promise<ExportedConversion | ConversionPlan> {
  const session = sessionOf({ config: configOf(configFile) });
  const { record } = await look(database, session);
  if (record?.outcome === null) return { tables: record.plan.tables, steps: record.steps, session };
  const { plan } = await planFor(database, configFile);
  if (plan.questions.length > 0) return plan;
  const steps = plan.steps.map((step) => ({ ...step, ...statementsOf(step) }));
  return { tables: plan.tables, steps, session };
}

/** The conversion that is under way, or the last one; and how the catalogue differs from it. */
export function readConversionStatus(
  options: ConversionOptions,
  environment: Environment,
): Promise<ConversionStatus> {
  return withConverted(options, environment, statusIn);
}

/** The same of a database that is open. */
export async function statusIn(database: Database, configFile: string): Promise<ConversionStatus> {
  const { record, marks } = await look(database, sessionOf({ config: configOf(configFile) }));
  return { ...given({ record }), drifts: driftsOf(record, marks) };
}

/** What a conversion rests on of the configuration. */
function saidOf({ tenant, tenantize, database }: ConversionGround['config']): string {
  return canonicalText({
    tenant,
    tenantize,
    schemas: database?.schemas ?? null,
    ignore: database?.ignore ?? null,
  });
}

function saysOtherwise(file: string): DroverError {
  const message =
    `${file} says otherwise than when the conversion began, and its steps are those of that time. Give the configuration ` +
    'that it began with, or take it back with `drover tenantize revert` under that one and begin anew.';
  return new DroverError('CONVERSION_DRIFTED', message, { file });
}

function contracted(): DroverError {
  const message = 'What V1 needed is gone since contract: a conversion cannot be taken back from there.';
  return new DroverError('ROLLBACK_IMPOSSIBLE', message, {});
}
