/** How a conversion begins: planned, tried for what its steps need, and written down with what the catalogue held. */
import { driftOf } from '../engine/tenantize/drift.ts';
import type { ConversionPlan } from '../engine/tenantize/plan-conversion.ts';
import { DroverError } from '../errors.ts';
import { statementsOf } from '../isolation/conversion/statements.ts';
import type { Database } from '../postgres/driver/database.ts';
import { recordsSchema } from '../postgres/scope/site.ts';
import { readConversion, writeConversion } from '../postgres/tenantize/conversion-records.ts';
import type { NewConversion } from '../postgres/tenantize/conversion-records.ts';
import { lackingForConversion, takenRoles } from '../postgres/tenantize/phase-needs.ts';
import { catalogueMarks } from '../postgres/tenantize/read-marks.ts';
import { localSettings } from '../postgres/tenantize/step-work.ts';
import { blocked, changedMeanwhile, listed } from './conversion-look.ts';
import { planFor } from './tenantize.ts';

interface BeginRequest {
  readonly configFile: string;
  readonly said: string;
  readonly session: readonly string[];
  readonly actor: string;
}

/** A conversion as it would be recorded; the plan where questions are open. @throws NOT_PERMITTED, PHASE_BLOCKED */
export async function beginConversion(
  database: Database,
  { configFile, said, session, actor }: BeginRequest,
): Promise<NewConversion | ConversionPlan> {
  const { plan, ground } = await planFor(database, configFile);
  if (plan.questions.length > 0) return plan;
  const steps = plan.steps.map((step) => ({ ...step, ...statementsOf(step) }));
  const schemas = [
    ...new Set([...ground.scope.schemas, ...plan.tables.flatMap(({ v1, v2 }) => [v1.schema, v2.schema])]),
  ];
  const opening = { isolation: 'repeatable read', readOnly: true, settings: localSettings(session) } as const;
  return database.transaction(opening, async (tx) => {
    const lacking = await lackingForConversion(tx, { tables: plan.tables, steps });
    if (lacking.length > 0)
      throw new DroverError('NOT_PERMITTED', listed('This login cannot take all steps', lacking), {
        lacking,
      });
    const roles = await takenRoles(tx, steps);
    if (roles.length > 0)
      throw blocked(
        'The roles that the conversion makes are there already: say another tenantize.name',
        roles,
      );
    const catalogue = await tx.ask(catalogueMarks(schemas));
    const known = new Set(ground.scope.catalog.tables.map(({ schema, name }) => `${schema}.${name}`));
    const strange = catalogue
      .filter(({ kind, schema, name }) => kind === 'table' && !known.has(`${schema}.${name}`))
      .map(({ schema, name }) => `${schema}.${name}`);
    const ignored = new Set(ground.config.database?.ignore ?? []);
    const come = strange.filter((name) => !ignored.has(name) && !ignored.has(name.split('.')[1] ?? ''));
    if (come.length > 0) throw changedMeanwhile(come);
    return {
      plan: { said, tables: plan.tables, duties: plan.duties, schemas },
      catalogue,
      steps,
      actor,
    };
  });
}

/** @throws CONVERSION_DRIFTED where the catalogue is not that of the plan any more */
export function writeBegun(
  database: Database,
  session: readonly string[],
  begun: NewConversion,
): Promise<void> {
  return database.transaction({ settings: localSettings(session) }, async (tx) => {
    const now = await readConversion(tx, recordsSchema);
    // Somebody else began while this one waited.
    if (now?.outcome === null || (now?.outcome === 'contracted' && now.plan.said === begun.plan.said)) return;
    const marks = await tx.ask(catalogueMarks(begun.plan.schemas));
    const steps = begun.steps.map((step) => ({ ...step, state: 'planned' as const }));
    const drifts = driftOf({ catalogue: begun.catalogue, tables: begun.plan.tables, steps }, marks);
    if (drifts.length > 0) throw changedMeanwhile(drifts);
    await writeConversion(tx, recordsSchema, begun);
  });
}
