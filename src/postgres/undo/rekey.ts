/**
 * A re-key goes back as a re-key in the other direction: with every row that names the key, later ones too, and the key that the row
 * gives up becomes the alias. So a rollback of it is a re-key as well, and goes back in the same way.
 */
import type { Intent } from '../../engine/plan/intent.ts';
import { movedRows } from '../../engine/operations/operations.ts';
import { tenantOfRecord } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Outcome } from '../move/job.ts';
import { applyMoves } from '../move/move.ts';
import type { MigrationDetail } from '../records/history.ts';
import type { MoveResult } from '../records/move-result.ts';
import type { Site } from '../scope/site.ts';
import { modelOfRecord } from './models.ts';
import { impossible } from './refusal.ts';
import { skippedShown } from './result.ts';
import type { RollbackOptions, RollbackResult } from './result.ts';

/** Takes one re-key, or one rollback of it, back. ROLLBACK_IMPOSSIBLE where the row has yet another key, or is gone. */
export async function rekeyBack(
  site: Site,
  { actor, reason, beforeCommit, onProgress }: RollbackOptions,
  parent: MigrationDetail,
): Promise<Outcome<RollbackResult>> {
  const tenant = tenantOfRecord(parent.tenant);
  const intent = reversed(parent);
  const refused = impossible(parent);
  if (refused !== undefined || intent === undefined)
    return { tenant, status: 'failed', error: refused ?? unplanned(parent) };
  const pair = { source: modelOfRecord(parent, 'from'), target: modelOfRecord(parent, 'to') };
  const [outcome] = await applyMoves(site, [{ intent, takesBack: { id: parent.id, pair } }], {
    actor,
    confirm: true,
    force: parent.forced,
    reason: reason ?? `takes back ${parent.id}`,
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(beforeCommit === undefined
      ? {}
      : {
          beforeCommit: (tx, done) =>
            beforeCommit(
              tx,
              done.map((one) => asRollback(parent, one)),
            ),
        }),
  });
  if (outcome === undefined) throw new Error('a rollback came to nothing');
  if (outcome.status === 'succeeded') return { ...outcome, result: asRollback(parent, outcome.result) };
  const isGone = ['ROW_NOT_FOUND', 'MAPPING_INVALID'].includes(outcome.error.code);
  return isGone ? { ...outcome, error: movedOn(parent, intent) } : outcome;
}

/** The re-key in the other direction. A first one may have been asked for by a name; the record has the keys. */
function reversed({ kind, intent, from, to }: MigrationDetail): Intent | undefined {
  if (intent === null) return undefined;
  const { pairs } = intent;
  if (pairs !== undefined) {
    const back = pairs.map((pair) => ({ from: pair.to, to: pair.from }));
    return { ...intent, from: intent.to, to: intent.from, pairs: back };
  }
  const done = kind === 'rekey' ? { from: from.key, to: to.key } : intent;
  return done.from === null || done.to === null ? undefined : { ...intent, from: done.to, to: done.from };
}

function unplanned({ id }: MigrationDetail): DroverError {
  return new DroverError(
    'ROLLBACK_IMPOSSIBLE',
    `Migration ${id} cannot be rolled back: its record has no plan.`,
    { id },
  );
}

function movedOn({ id }: MigrationDetail, { rows = '', from }: Intent): DroverError {
  const message =
    `Migration ${id} cannot be rolled back: ${rows} has no row ${from} any more. Where a later re-key gave the row another key, take ` +
    'that one back first; `drover history` shows it.';
  return new DroverError('ROLLBACK_IMPOSSIBLE', message, { id });
}

function asRollback(parent: MigrationDetail, done: MoveResult): RollbackResult {
  const skipped = done.leftBehind
    .filter(({ live }) => live)
    .flatMap(({ place, rows, message }) => rows.map(({ key }) => ({ table: place, key, reason: message })));
  const skippedCount = done.leftBehind.reduce((sum, { live, count }) => sum + (live ? count : 0), 0);
  return {
    migrationId: done.migrationId,
    parentId: parent.id,
    restored: movedRows(done.steps),
    skippedCount,
    skipped: skipped.slice(0, skippedShown),
    complete: skippedCount === 0,
    durationMs: done.durationMs,
  };
}
