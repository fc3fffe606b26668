/** One step while it is taken: what everybody needs who takes one. */
import type { Database, RunAlone, Tx } from '../driver/database.ts';
import { holdersOf } from '../driver/lock-holders.ts';
import { LockWait, withRetries } from '../driver/retry.ts';
import { quoteTable } from '../sql/identifiers.ts';
import { holdStep, stepChange } from './conversion-records.ts';
import type { ConversionRecord, ConversionStepRecord, StepChanged } from './conversion-records.ts';

export interface ConversionWork {
  readonly database: Database;
  /** The schema of the records. */
  readonly schema: string;
  readonly actor: string;
  /** What the session of a step begins with. */
  readonly settings: readonly string[];
  /** How long one step waits for locks in all. */
  readonly lockWaitMs: number;
  /** Throws where somebody wants it to stop; called between steps and batches. */
  readonly check: () => void;
  /** What speaks against the next batch of a fill; undefined where nothing does. */
  readonly whyWait: () => Promise<string | undefined>;
  readonly say: (progress: StepProgress) => void;
}

export interface StepProgress {
  readonly step: ConversionStepRecord;
  readonly way: ConversionWay;
  /** Of a fill. */
  readonly share?: number;
  /** What it waits for. */
  readonly waits?: string;
}

export type ConversionWay = 'up' | 'down';

/** Everything about one step while it is taken. */
export interface StepTaken {
  readonly work: ConversionWork;
  readonly conversion: ConversionRecord;
  readonly step: ConversionStepRecord;
  readonly way: ConversionWay;
}

/** What a step is, once it was taken that way. */
export function reached(way: ConversionWay): 'done' | 'planned' {
  return way === 'up' ? 'done' : 'planned';
}

/** A transaction under the settings of a step, which holds its record; `work` says what becomes of that. */
export function stepTransaction(
  { work, conversion, step }: StepTaken,
  run: (tx: Tx, now: Pick<ConversionStepRecord, 'state' | 'position'>) => Promise<StepChanged | undefined>,
): Promise<void> {
  const { database, schema, settings } = work;
  const name = { id: conversion.id, number: step.number };
  const opening = { isolation: 'read committed', settings: localSettings(settings) } as const;
  return database.transaction(opening, async (tx) => {
    const changed = await run(tx, await holdStep(tx, schema, name));
    if (changed === undefined) return;
    await tx.run(...stepChange(schema, name, changed));
    if (step.along === true && changed.state === 'planned')
      await tx.run(...stepChange(schema, { ...name, number: name.number - 1 }, changed));
  });
}

/** The settings of a step within a transaction. */
export function localSettings(settings: readonly string[]): string[] {
  return settings.map((setting) => setting.replace(/^SET /, 'SET LOCAL '));
}

/** Tries again while a lock is not free, and says whom it waits for. */
export async function patiently<T>(taken: StepTaken, attempt: () => Promise<T>): Promise<T> {
  const { work, step, way } = taken;
  let told = 0;
  return withRetries({ retries: 5, locks: new LockWait(work.lockWaitMs) }, async (tries) => {
    work.check();
    if (tries > 0 && performance.now() - told > 2000) {
      told = performance.now();
      const waits = await holdersOf(work.database, namesOf(taken));
      if (waits.length > 0) work.say({ step, way, waits: waits.join('; ') });
    }
    return attempt();
  });
}

/** The tables that a step locks, by all names that they may have now. */
export function namesOf({ conversion, step }: StepTaken): string[] {
  return step.locks.flatMap(({ table: id }) => {
    const table = conversion.plan.tables.find(({ table }) => table === id);
    return table === undefined ? [] : [quoteTable(table.v1), quoteTable(table.v2)];
  });
}

/** The settings of a step for a session that runs in no transaction. */
export async function asStep(run: RunAlone, settings: readonly string[]): Promise<void> {
  for (const setting of settings) await run(setting);
}
