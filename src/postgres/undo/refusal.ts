/** Why a migration is not rolled back: what it is, who works on it, and what came after it. */
import { DroverError } from '../../errors.ts';
import { isSharedRows, tenantOfRecord } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { readMigrations } from '../records/history.ts';
import type { MigrationDetail } from '../records/history.ts';
import { laterMoves } from '../records/later-moves.ts';
import type { Site } from '../scope/site.ts';
import { restoredBy } from './phases.ts';
import { inState } from './read-chunks.ts';

/** ROLLBACK_IMPOSSIBLE where the migration cannot be taken back. */
export function impossible(parent: MigrationDetail): DroverError | undefined {
  const { id, status, rolledBack } = parent;
  const how = `drover history ${id}`;
  if (status === 'running' || status === 'prepared') {
    const message =
      `Migration ${id} cannot be rolled back: it is still running. Stop its process (Ctrl-C), and nothing of it stands; ` +
      `or wait until it has ended, as \`${how}\` says, and roll it back then. ` +
      'What a process left that died is settled by the next `drover apply` off the same model.';
    return new DroverError('ROLLBACK_IMPOSSIBLE', message, { id, commands: [how] });
  }
  const why =
    status === 'failed'
      ? 'it failed and changed nothing'
      : rolledBack
        ? 'it was rolled back already'
        : undefined;
  const message = `Migration ${id} cannot be rolled back: ${why}.`;
  return why === undefined ? undefined : new DroverError('ROLLBACK_IMPOSSIBLE', message, { id });
}

/** What holds the pair of a migration that is under way is, as a rule, the process that moves its parts. */
export function atWork(
  { id, status }: MigrationDetail,
  running: DroverError | undefined,
): DroverError | undefined {
  if (running?.code !== 'MIGRATION_RUNNING' || status !== 'under_way') return running;
  const back = `drover rollback ${id}`;
  const message =
    `A process is working on migration ${id}. Stop that process (Ctrl-C: the part at hand is taken back, those before it stay), then ` +
    `\`${back}\` takes back what it committed. Left alone it ends by itself, and the same command takes back all of it then.`;
  return new DroverError('MIGRATION_RUNNING', message, { ...running.data, commands: [back] });
}

/** RETRYABLE for a migration that was under way and has gone on, or ended, since it was read: there is more to take back. */
export async function goneOn(
  tx: Tx,
  site: Site,
  parents: readonly MigrationDetail[],
): Promise<(DroverError | undefined)[]> {
  const underWay = parents.filter(({ status }) => status === 'under_way');
  if (underWay.length === 0) return [];
  const asked = underWay.map(({ id, tenant }) => ({ id, tenant: tenantOfRecord(tenant) }));
  const read = await readMigrations(tx, site, asked);
  const now = new Map(underWay.map(({ id }, at) => [id, read[at]]));
  return parents.map((parent) => {
    const found = now.get(parent.id);
    const isSame =
      found === undefined ||
      (!(found instanceof DroverError) &&
        found.status === parent.status &&
        found.migratedCount === parent.migratedCount);
    return isSame
      ? undefined
      : new DroverError('RETRYABLE', `Migration ${parent.id} has gone on; try again.`);
  });
}

/** ROLLBACK_IMPOSSIBLE for a migration where a later one off the same model stands: rows would return to a model that was left since. */
export async function behindLater(
  tx: Tx,
  site: Site,
  parents: readonly MigrationDetail[],
): Promise<(DroverError | undefined)[]> {
  const asked = parents.map((parent) => ({
    id: parent.id,
    tenant: parent.tenant,
    model: parent[restoredBy(parent)],
  }));
  const found = await inState(
    tx,
    site,
    parents.map((parent) => ({ parent })),
    (state) => laterMoves(state, site, asked),
  );
  return parents.map((parent, at) => {
    const later = found[at];
    if (later === undefined) return undefined;
    const whose = isSharedRows(later.tenant) ? ' of the shared rows' : '';
    const message =
      `Migration ${parent.id} cannot be rolled back: a later one${whose} moved off the same model (${later.from} → ${later.to}) ` +
      `and stands, so rows would return to a model that the rest has left. Take that one back first: drover rollback ${later.id}`;
    return new DroverError('ROLLBACK_IMPOSSIBLE', message, { id: parent.id, later: later.id });
  });
}
