/**
 * Where Drover's records lie in another database than the rows (`--state`), a worker may die between the commit of the work and
 * the note of the run. Whoever takes the tenant over looks among its migrations first, so that the work is not done twice.
 */
import { getMigration, listMigrations, settleInterrupted } from '../postgres/records/history.ts';
import type { MigrationRecord } from '../postgres/records/history.ts';
import type { MoveResult } from '../postgres/records/move-result.ts';
import type { ClaimedTenant } from '../postgres/runs/claims.ts';
import type { TenantOutcome } from '../postgres/runs/tenants.ts';
import type { RunRecord } from '../postgres/runs/runs.ts';
import type { Site } from '../postgres/scope/site.ts';
import { outcomeOfMove } from './outcome.ts';

/** How many migrations of a tenant are looked at: those since the run began. */
const looked = 50;

/** What a worker that died had done for this run, once it is settled whether it was committed. */
export async function adoptDone(
  site: Site,
  run: RunRecord,
  one: ClaimedTenant,
): Promise<TenantOutcome | undefined> {
  const { tenant, fromKey } = one;
  const { modelKind: kind } = run;
  const source =
    fromKey === null ? { kind, components: { name: run.from.name } } : { kind, key: fromKey, components: {} };
  await settleInterrupted(site, { tenant, source });
  const done = (await listMigrations(site, { tenant, limit: looked })).find((record) =>
    isOfRun(record, run, one),
  );
  if (done === undefined) return undefined;
  if (run.kind === 'rollback')
    return { tenant, status: 'succeeded', migrationId: done.id, migratedCount: done.migratedCount };
  const { result } = await getMigration(site, { tenant, id: done.id });
  return outcomeOfMove(tenant, result as MoveResult);
}

function isOfRun(record: MigrationRecord, run: RunRecord, { fromKey, undoesId }: ClaimedTenant): boolean {
  if (record.status !== 'succeeded' || record.startedAt < run.createdAt || record.rolledBack) return false;
  return run.kind === 'rollback'
    ? record.parentId === undoesId
    : record.kind === 'model' && isKeyOf(record.from.key, fromKey) && record.actor === run.actor;
}

/** Runs write the table before a key where several tables hold models of one kind. */
function isKeyOf(key: string | null, text: string | null): boolean {
  return key === text || (key !== null && text?.endsWith(`/${key}`) === true);
}
