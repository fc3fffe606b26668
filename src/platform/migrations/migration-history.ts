/** Past migrations of one tenant: what was done, by whom and why, every changed value, and taking it back. */
import { rollbackMove } from '../../postgres/undo/rollback.ts';
import type { RollbackResult } from '../../postgres/undo/result.ts';
import type { Finding } from '../../engine/finding.ts';
import type { LeftBehind } from '../../engine/plan/plan-types.ts';
import { DroverError } from '../../errors.ts';
import { getMigration } from '../../postgres/records/history.ts';
import type { MigrationDetail, MigrationRecord } from '../../postgres/records/history.ts';
import { listChildren, pageChanges, pageMigrations } from '../../postgres/records/history-page.ts';
import type { ChangePosition, HistoryPageQuery, PagedChange } from '../../postgres/records/history-page.ts';
import type { MoveResult } from '../../postgres/records/move-result.ts';
import type { Skipped } from '../../postgres/undo/chunk.ts';
import type { Acting } from './migrate-model.ts';
import type { Platform } from '../open.ts';

/** One page of the tenant's migrations, newest first. */
export function listMigrations(platform: Platform, query: HistoryPageQuery): Promise<MigrationRecord[]> {
  return pageMigrations(platform.site, query);
}

/** A migration with everything that is known of it. */
export interface MigrationStory extends Omit<MigrationDetail, 'result'> {
  readonly children: readonly MigrationRecord[];
  readonly counts: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  readonly leftBehind: readonly LeftBehind[];
  /** Of a rollback: how many rows it left as they were, and some of them with the reason. */
  readonly skippedCount: number;
  readonly skipped: readonly Skipped[];
}

/** @throws NOT_FOUND, also for another tenant's */
export async function getMigrationStory(
  { site }: Platform,
  { tenantId, id }: { tenantId: string; id: string },
): Promise<MigrationStory> {
  const { result, ...detail } = await getMigration(site, { tenant: tenantId, id }).catch(asMissing);
  // The engine's result is stored as it was given. A migration that failed has none.
  const stored = (result ?? {}) as Partial<MoveResult & RollbackResult>;
  return {
    ...detail,
    children: await listChildren(site, { tenant: tenantId, id: detail.id }),
    counts: stored.counts ?? {},
    findings: stored.findings ?? [],
    leftBehind: stored.leftBehind ?? [],
    skippedCount: stored.skippedCount ?? 0,
    skipped: stored.skipped ?? [],
  };
}

interface ChangesPage {
  readonly tenantId: string;
  readonly id: string;
  readonly limit: number;
  readonly after?: ChangePosition;
  readonly step?: number;
}

/** One page of the journal of a migration. @throws NOT_FOUND */
export async function listMigrationChanges(
  { site }: Platform,
  { tenantId, id, ...page }: ChangesPage,
): Promise<PagedChange[]> {
  const record = await getMigration(site, { tenant: tenantId, id }).catch(asMissing);
  return pageChanges(site, { tenant: tenantId, id: record.id, ...page });
}

/** Takes a migration back where nobody changed the value since. @throws NOT_FOUND, ROLLBACK_IMPOSSIBLE, MIGRATION_RUNNING */
export async function rollBackMigration(
  { site }: Platform,
  { tenantId, actor }: Acting,
  { id, reason }: { id: string; reason?: string },
): Promise<RollbackResult> {
  const request = { migrationId: id, tenant: tenantId, actor, ...(reason === undefined ? {} : { reason }) };
  return rollbackMove(site, request).catch(asMissing);
}

/** The engine's message names the id. The API gives one answer for everything that is not there. */
function asMissing(error: unknown): never {
  if (error instanceof DroverError && error.code === 'MIGRATION_NOT_FOUND')
    throw new DroverError('NOT_FOUND', 'There is no such migration.');
  throw error;
}
