/**
 * Fills a table batch by batch, along its blocks. Each batch is a transaction that commits how far it came. A row that somebody changed
 * meanwhile may lie before that, so the table is gone through once more until a whole passage changed nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { quoteLiteral, quoteTable } from '../sql/identifiers.ts';
import type { WrittenStep } from './conversion-records.ts';
import { patiently, stepTransaction } from './step-work.ts';
import type { StepTaken } from './step-work.ts';

/** A batch aims at between 200 and 500 ms. */
const aimMs = { least: 200, most: 500 };

/** Of 8 kB each. */
const blocks = { first: 128, least: 1, most: 16_384 };

/** How many batches come between two vacuums: what a batch frees serves those after it. */
const vacuumEvery = 10;

export async function fillInBatches(
  taken: StepTaken,
  batch: NonNullable<WrittenStep['batch']>,
): Promise<void> {
  const { work, step, way } = taken;
  let size = blocks.first;
  let batches = 0;
  // Whoever goes on with somebody else's passage does not know what that one changed.
  let changed = step.position !== null;
  let at = step.position ?? 0;
  for (let isOver = false; !isOver;) {
    work.check();
    await pace(taken);
    const end = await patiently(taken, () => fillOnce(taken, { batch, at, size, mayEnd: !changed }));
    batches += 1;
    changed ||= end.rows > 0;
    if (end.rows > 0 && batches % vacuumEvery === 0) await vacuum(taken, batch);
    work.say({ step, way, share: end.blocks === 0 ? 1 : Math.min(1, end.next / end.blocks) });
    if (end.ms < aimMs.least) size = Math.min(blocks.most, size * 2);
    if (end.ms > aimMs.most) size = Math.max(blocks.least, Math.floor(size / 2));
    isOver = end.isOver;
    at = end.next;
    if (!isOver && at >= end.blocks) {
      at = 0;
      changed = false;
    }
  }
}

interface FillPassage {
  readonly batch: NonNullable<WrittenStep['batch']>;
  readonly at: number;
  readonly size: number;
  /** Nothing was changed in this passage yet: with the end of it the fill ends. */
  readonly mayEnd: boolean;
}

interface BatchEnd {
  readonly rows: number;
  readonly ms: number;
  readonly next: number;
  readonly blocks: number;
  readonly isOver: boolean;
}

async function fillOnce(taken: StepTaken, { batch, at, size, mayEnd }: FillPassage): Promise<BatchEnd> {
  const { step, work } = taken;
  const table = quoteTable(batch.of);
  let end: BatchEnd = { rows: 0, ms: 0, next: at, blocks: 0, isOver: true };
  await stepTransaction(taken, async (tx, { state }) => {
    if (state === 'done') return undefined;
    for (const statement of step.up.slice(0, -1)) await tx.run(statement);
    const startedAt = performance.now();
    const { blocks: all } = await tx.one<{ blocks: number }>(
      `SELECT (pg_relation_size(${quoteLiteral(table)}::regclass) / current_setting('block_size')::integer)::float8 AS blocks`,
    );
    const next = at + size;
    const rows = await tx.run(
      `${batch.head} AND t.ctid >= '(${at},0)'::tid AND t.ctid < '(${next},0)'::tid${batch.tail}`,
    );
    const ms = performance.now() - startedAt;
    const isOver = next >= all && mayEnd && rows === 0;
    end = { rows, ms, next, blocks: all, isOver };
    return {
      state: isOver ? 'done' : 'under_way',
      position: isOver ? null : next >= all ? 0 : next,
      rows,
      heldMs: ms,
      actor: work.actor,
    };
  });
  return end;
}

/** Waits while the database is busier than the limits allow. */
async function pace({ work, step, way }: StepTaken): Promise<void> {
  for (let waits = await work.whyWait(); waits !== undefined; waits = await work.whyWait()) {
    work.check();
    work.say({ step, way, waits });
    await delay(500);
  }
}

/** It neither waits for a lock nor cuts the table, which would take an exclusive one. */
async function vacuum({ work }: StepTaken, batch: NonNullable<WrittenStep['batch']>): Promise<void> {
  await work.database.alone((run) => run(`VACUUM (SKIP_LOCKED, TRUNCATE off) ${quoteTable(batch.of)}`));
}
