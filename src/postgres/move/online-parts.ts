/** The parts of a migration that commit: each a transaction of its own, which edits the documents of a range of blocks. */
import type { RewriteStep } from '../../engine/plan/plan-types.ts';
import { tableOf } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { withRetries } from '../driver/retry.ts';
import type { Blocks } from '../facts/documents.ts';
import { journalFor } from '../records/commit.ts';
import { isCommitting, refuseUncommitted } from '../records/commit-fate.ts';
import { waitForPair } from '../records/pair-lock.ts';
import type { RecordState } from '../records/records.ts';
import { journalledBy, readParts, recordPart } from '../records/under-way.ts';
import type { Parts } from '../records/under-way.ts';
import { withTenant } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { quoteTable } from '../sql/identifiers.ts';
import { literal, sql } from '../sql/sql.ts';
import { patienceOf } from './batch.ts';
import { prepareSession } from './execute.ts';
import type { MoveOptions } from './request.ts';
import { movesNow } from './moves-now.ts';
import { runSteps } from './operations/operations.ts';
import { endedMeanwhile } from './parts.ts';
import type { Move, PlannedMember } from './plan.ts';
import { refusedIn } from './step-refusal.ts';

interface MoveUnderWay {
  readonly move: Move;
  readonly id: string;
}

/** One part, in a transaction that holds the pair. What collides with others is tried again. */
export async function inPart<T>(
  site: Site,
  { move, id }: MoveUnderWay,
  work: (tx: Tx, parts: Parts) => Promise<T>,
): Promise<T> {
  const { tenant } = move.member.intent;
  const { source } = move.member.pair;
  const attempt = async (): Promise<T> => {
    let done: { readonly value: T; readonly before: number } | undefined;
    try {
      return await withTenant(site, { tenant }, async (tx) => {
        await waitForPair(tx, { tenant, source });
        // Whoever writes a document that is edited already does not wait behind one that somebody else holds.
        await tx.run(`SET LOCAL lock_timeout = '200ms'`);
        const parts = await readParts(tx, site, { tenant, id });
        if (parts === undefined) throw endedMeanwhile(id);
        const [now] = await movesNow(tx, site, { moves: [move], locks: 'none' });
        if (now instanceof DroverError) throw now;
        const value = await work(tx, parts);
        done = { value, before: parts.plan === null ? -1 : rowsOf(parts) };
        return value;
      });
    } catch (error) {
      if (done === undefined || !isCommitting(error)) throw error;
      const { value, before } = done;
      const isCommitted = ({ status, rows }: RecordState): boolean => status === 'under_way' && rows > before;
      await refuseUncommitted(site, { tenant, id, isCommitted }, error);
      return value;
    }
  };
  return withRetries(patienceOf(site), attempt);
}

function rowsOf({ steps }: Parts): number {
  return steps.reduce((sum, { actual }) => sum + actual, 0);
}

interface MoveInParts extends PlannedMember, MoveUnderWay {
  readonly options: MoveOptions;
  /** Is told of the rows of each part that is committed. */
  readonly onCommitted: (rows: number) => void;
}

/** A part is as large as takes about this long. It holds the rows that it edits, and nobody else's. */
const partMs = 400;

const [firstBlocks, mostBlocks] = [16, 16_384];

/**
 * Moves the documents of one column, block by block up to where the table ends by then. The blocks that the table has grown by
 * meanwhile are gone through once more, so that little is left for the last part.
 */
export async function moveStep(site: Site, moving: MoveInParts, step: RewriteStep): Promise<void> {
  let from = 0;
  let size = firstBlocks;
  let rows = 0;
  for (let round = 0; round < 2; round += 1) {
    const end = await blocksOf(site, moving, step);
    while (from < end) {
      const to = Math.min(end, from + size);
      const startedAt = performance.now();
      const moved = await movePart(site, { ...moving, blocks: { from, to }, before: rows }, step);
      moving.onCommitted(moved);
      rows += moved;
      size = nextSize(size, performance.now() - startedAt);
      from = to;
    }
  }
}

function nextSize(size: number, tookMs: number): number {
  const wanted = Math.round((size * partMs) / Math.max(1, tookMs));
  return Math.max(1, Math.min(wanted, size * 2, mostBlocks));
}

/** How many blocks the table has, or the largest of its partitions. */
async function blocksOf(site: Site, { move }: MoveUnderWay, { table }: RewriteStep): Promise<number> {
  const { rules } = move.ground;
  const name = literal(quoteTable(tableOf(rules, table)));
  const { blocks } = await withTenant(site, { tenant: move.member.intent.tenant, readOnly: true }, (tx) =>
    tx.one<{ blocks: number }>(
      sql`SELECT coalesce(max(pg_relation_size(p.relid) / current_setting('block_size')::bigint), 0)::bigint AS blocks
        FROM (SELECT ${name}::regclass AS relid UNION SELECT relid FROM pg_partition_tree(${name}::regclass)) p`,
    ),
  );
  return blocks;
}

interface Part extends MoveInParts {
  readonly blocks: Blocks;
  /** Rows of the step that parts before moved. */
  readonly before: number;
}

/** How many rows the part moved. @throws COUNT_MISMATCH where somebody changed a document meanwhile: then it is tried again */
async function movePart(site: Site, part: Part, step: RewriteStep): Promise<number> {
  const { member, id, blocks, before, options, snapshot } = part;
  const { rules } = snapshot;
  const { tenant } = member.intent;
  return inPart(site, part, async (tx, { steps }) => {
    const number = (steps.at(-1)?.step.id ?? 0) + 1;
    const journal = await journalFor(tx, site, [{ tenant, id }]);
    const joins = await prepareSession(tx);
    let done = before;
    const onRows = (rows: number): void => {
      done += rows;
      const { operation, table, entity, expected } = step;
      options.onProgress?.({
        step: step.id,
        steps: part.plan.steps.at(-1)?.id ?? 1,
        operation,
        table,
        entity,
        rows: Math.min(done, expected),
        expected,
      });
    };
    onRows(0);
    const context = { rules, members: [member], journal, translations: [{}], joins, blocks };
    const work = { steps: [{ ...step, id: number }] as const, onRows };
    const [rows = 0] = await runSteps(tx, context, work).catch((error: unknown) => {
      throw refusedIn(error, step, rules);
    });
    const journalled = await journalledBy(tx, site, { tenant, id, step: number });
    if (journalled.rows !== rows) throw changedMeanwhile(step, journalled.rows - rows);
    if (rows === 0) return 0;
    await tx.run('SET CONSTRAINTS ALL IMMEDIATE');
    const { occurrences } = journalled;
    const result = { step: { ...step, id: number, expected: rows, occurrences }, actual: rows };
    await recordPart(tx, site, { tenant, id, rows, result });
    return rows;
  });
}

function changedMeanwhile({ table }: RewriteStep, rows: number): DroverError {
  return new DroverError(
    'COUNT_MISMATCH',
    `Somebody changed ${rows} ${rows === 1 ? 'document' : 'documents'} of ${table} while they were moved.`,
    { table, rows },
  );
}
