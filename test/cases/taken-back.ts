/** Applies a move to a small database, says what the rows are then, takes it back, and compares every row. */
import assert from 'node:assert/strict';
import type { SmallDatabase } from './small-database.ts';

export interface Move {
  readonly from: string;
  readonly to: string;
  /** The query whose rows are compared. */
  readonly rows: string;
  readonly options?: readonly string[];
}

/** The rows after the move. Afterwards the database is what it was. */
export async function movedRows(
  { run, rows }: SmallDatabase,
  { from, to, rows: query, options = [] }: Move,
): Promise<(string | null)[][]> {
  const before = await rows(query);
  const applied = await run('apply', '--from', from, '--to', to, '--yes', '--json', ...options);
  assert.equal(applied.status, 0, applied.stdout + applied.stderr);
  const after = await rows(query);
  const { migrationId } = JSON.parse(applied.stdout) as { migrationId: string };
  const undone = await run('rollback', migrationId, '--yes');
  assert.equal(undone.status, 0, undone.stdout + undone.stderr);
  assert.deepEqual(await rows(query), before);
  return after;
}
