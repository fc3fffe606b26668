/** What is known of a conversion: its record, and the catalogue beside it; and what is said where they do not fit each other. */
import { conversionPhases } from '../engine/tenantize/conversion.ts';
import type { ConversionPhase } from '../engine/tenantize/conversion.ts';
import { driftOf } from '../engine/tenantize/drift.ts';
import type { RelationMarks } from '../engine/tenantize/drift.ts';
import { DroverError } from '../errors.ts';
import type { Database } from '../postgres/driver/database.ts';
import { recordsSchema } from '../postgres/scope/site.ts';
import { readConversion } from '../postgres/tenantize/conversion-records.ts';
import type { ConversionRecord } from '../postgres/tenantize/conversion-records.ts';
import { localSettings } from '../postgres/tenantize/step-work.ts';
import { catalogueMarks } from '../postgres/tenantize/read-marks.ts';

export interface Look {
  readonly record: ConversionRecord | undefined;
  readonly marks: readonly RelationMarks[];
}

export function look(database: Database, session: readonly string[]): Promise<Look> {
  const opening = { isolation: 'repeatable read', readOnly: true, settings: localSettings(session) } as const;
  return database.transaction(opening, async (tx) => {
    const record = await readConversion(tx, recordsSchema);
    return { record, marks: record === undefined ? [] : await tx.ask(catalogueMarks(record.plan.schemas)) };
  });
}

export function driftsOf(record: ConversionRecord | undefined, marks: readonly RelationMarks[]): string[] {
  if (record === undefined || record.outcome !== null) return [];
  const { catalogue, plan, steps } = record;
  return driftOf({ catalogue, tables: plan.tables, steps }, marks);
}

export function at(phase: ConversionPhase): number {
  return conversionPhases.indexOf(phase);
}

export function phasesOf(steps: readonly { readonly phase: ConversionPhase }[]): ConversionPhase[] {
  return conversionPhases.filter((phase) => steps.some((step) => step.phase === phase));
}

export function changedMeanwhile(drifts: readonly string[]): DroverError {
  const what =
    'The catalogue changed while it was planned, and nothing was written: give the same command again';
  return new DroverError('CONVERSION_DRIFTED', listed(what, drifts), { drifts });
}

export function blocked(what: string, reasons: readonly string[]): DroverError {
  return new DroverError('PHASE_BLOCKED', listed(what, reasons), { reasons });
}

export function listed(what: string, lines: readonly string[]): string {
  return [`${what}:`, ...lines].join('\n  ');
}
