/**
 * Indexes beside writers. Making one runs in no transaction, so its record says `under_way` before and `done` behind it. Whoever finds
 * it under way finds nothing, an index that is not valid, which goes, or one that is whole.
 */
import { DroverError } from '../../errors.ts';
import type { RunAlone } from '../driver/database.ts';
import { quoteLiteral, quoteTable } from '../sql/identifiers.ts';
import { stepChange } from './conversion-records.ts';
import { asStep, reached } from './step-work.ts';
import type { StepTaken } from './step-work.ts';

export function makeIndex(taken: StepTaken): Promise<void> {
  const { work, step, way } = taken;
  return work.database.alone(async (run) => {
    await asStep(run, work.settings);
    // It stands in nobody's way while it waits.
    await run('SET lock_timeout = 0');
    const startedAt = performance.now();
    if (way === 'down') {
      await mark(taken, run, { state: 'under_way', ms: 0 });
      for (const statement of step.down) await run(statement);
    } else await make(taken, run);
    await mark(taken, run, { state: reached(way), ms: performance.now() - startedAt });
  });
}

async function make(taken: StepTaken, run: RunAlone): Promise<void> {
  const { step } = taken;
  const found = await lookFor(taken, run);
  if (found !== undefined && (step.state !== 'under_way' || !found.own)) throw nameTaken(found);
  if (found?.valid === true) {
    if (!found.same) throw nameTaken(found);
    return;
  }
  await mark(taken, run, { state: 'under_way', ms: 0 });
  for (const statement of found === undefined ? [] : step.down) await run(statement);
  try {
    for (const statement of step.up) await run(statement);
  } catch (error) {
    // What it left behind goes, but for a thing that somebody else made in this moment.
    const left = await lookFor(taken, run);
    if (left?.own === true && !left.valid) for (const statement of step.down) await run(statement);
    await mark(taken, run, { state: 'planned', ms: 0 });
    if (left?.valid === true) throw nameTaken(left);
    throw error;
  }
}

interface FoundIndex {
  readonly name: string;
  /** It is an index of the table that it is to be of. */
  readonly own: boolean;
  readonly valid: boolean;
  /** It has as many parts as it is to have, of the same names, and is as unique. */
  readonly same: boolean;
}

async function lookFor({ step: { change } }: StepTaken, run: RunAlone): Promise<FoundIndex | undefined> {
  if (change.kind !== 'wide-index' && change.kind !== 'index')
    throw new DroverError('INTERNAL', `A step of the kind ${change.kind} runs in no transaction.`);
  const { at } = change;
  const { name } = change.kind === 'index' ? change.index : change.key;
  const parts =
    change.kind === 'index'
      ? [...change.index.columns]
      : change.key.parts.map((part) => ('column' in part ? part.column : null));
  const [found] = await run<FoundIndex & { unique: boolean; parts: (string | null)[] }>(
    `SELECT c.relname::text AS name, coalesce(i.indrelid = ${quoteLiteral(quoteTable(at))}::regclass, false) AS own,
       coalesce(i.indisvalid, true) AS valid, coalesce(i.indisunique, false) AS unique,
       ARRAY(SELECT a.attname::text FROM unnest(i.indkey::smallint[]) WITH ORDINALITY u (n, at)
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.n AND u.n > 0 ORDER BY u.at) AS parts
     FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
     WHERE c.relnamespace = ${quoteLiteral(at.schema)}::regnamespace AND c.relname = ${quoteLiteral(name)}`,
  );
  if (found === undefined) return undefined;
  const isUnique = change.kind === 'wide-index';
  const same = found.unique === isUnique && JSON.stringify(found.parts) === JSON.stringify(parts);
  return { ...found, same };
}

function nameTaken({ name }: FoundIndex): DroverError {
  const message =
    `Something that this conversion did not make is called ${name}, as an index of the plan. ` +
    'Give it another name (ALTER INDEX … RENAME TO …), or drop it, and give the same command again.';
  return new DroverError('CONVERSION_DRIFTED', message, { name });
}

async function mark(
  { work, conversion, step, way }: StepTaken,
  run: RunAlone,
  { state, ms }: { readonly state: 'planned' | 'under_way' | 'done'; readonly ms: number },
): Promise<void> {
  const name = { id: conversion.id, number: step.number };
  const rows = state === 'planned' && way === 'down' ? null : 0;
  await run(...stepChange(work.schema, name, { state, rows, heldMs: ms, actor: work.actor }));
}
