/**
 * Retiring a model by hand. Nothing live may name it. The fence guards foreign keys. Documents and all other places of the
 * configuration are looked at here, under the locks that a migration of the model would take.
 */
import { lockPair } from '../../postgres/records/pair-lock.ts';
import { DroverError } from '../../errors.ts';
import { tableLock } from '../../postgres/move/locks.ts';
import { listModelsOfKind } from '../../postgres/facts/model-rows.ts';
import { readRules } from '../../postgres/catalogue/rules.ts';
import { countUsage, listUses, type UsageByType } from '../../postgres/usage/usage.ts';
import type { ModelKind, Proposed } from './declaration.ts';

/** In the order of a migration: the model's own lock, the tables with documents; then its row. @throws MIGRATION_RUNNING */
export async function lockForRetirement(
  kind: ModelKind,
  { tx, platform, caller, action, id }: Omit<Proposed, 'before' | 'after'>,
): Promise<void> {
  if (action !== 'retire') return;
  await lockPair(tx, { tenant: caller.tenantId, source: { kind, key: id, components: {} } });
  await tx.ask(tableLock(await readRules(tx, platform.site, caller.tenantId), { kind, shared: false }));
}

const namedRows = 20;

/** @throws MODEL_IN_USE with the rows that name it */
export async function refuseWhileUsed(kind: ModelKind, proposed: Proposed): Promise<void> {
  const { tx, platform, caller, action, id, after } = proposed;
  if (action !== 'retire') return;
  const rules = await readRules(tx, platform.site, caller.tenantId);
  const scope = { rules, tenant: caller.tenantId };
  const models = await listModelsOfKind(tx, scope, kind);
  const model = models.find(({ key }) => key === id);
  if (model === undefined)
    throw new DroverError('INTERNAL', `The engine does not see the ${kind} model ${id}.`);
  const [usage = {}] = await countUsage(tx, { ...scope, models: [model] });
  const used = inUse(usage);
  if (used.length === 0) return;
  const uses = await listUses(tx, scope, { model, limit: namedRows * 10 });
  const named = uses.filter(({ state }) => state !== 'history').slice(0, namedRows);
  const where = used.map(({ type, rows }) => `${rows} in ${type}`).join(', ');
  throw new DroverError(
    'MODEL_IN_USE',
    `${String(after['name'])} is still named (${where}). Migrate it to another model, or choose another one there.`,
    { used, rows: named.map(({ type, key, name }) => ({ type, key, name })) },
  );
}

/** Deleted rows count: they can be restored, and the fence holds them, too. */
function inUse(usage: UsageByType): { type: string; rows: number; deleted: number }[] {
  return Object.entries(usage)
    .map(([type, { live, dead }]) => ({ type, rows: live + dead, deleted: dead }))
    .filter(({ rows }) => rows > 0);
}
