/**
 * Taking a rollback back retires the source again. Where the schema's own keys are no fence, nothing in the database refuses that
 * while something live names the source: a reference made meanwhile, or a row that the rollback of the rollback had to leave.
 * So it is looked for, with the intent of the migration that all of it began with.
 */
import { decideAll } from '../../engine/plan/decide.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import { readPair } from '../facts/pair.ts';
import { stateTable } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { readPlaceGroups, readTenant } from '../facts/snapshot.ts';

/** Of a step that was undone as many times as its name says: does undoing it once more retire the source? */
export function retiresAgain(operation: string): boolean {
  return operation.endsWith('retire') && operation.split('undo ').length % 2 === 0;
}

/** The intent of the migration at the root of a chain of rollbacks. */
export async function readRootIntent(
  state: Tx,
  site: Site,
  about: { tenant: string; id: string },
): Promise<Intent | undefined> {
  const table = stateTable(site, 'migrations');
  const root = await state.maybeOne<{ intent: Intent | null }>(
    `WITH RECURSIVE chain AS (SELECT tenant_id, id, parent_id, plan FROM ${table} WHERE tenant_id = $1::text::${site.state.tenantType} AND id = $2::text::uuid
       UNION ALL SELECT p.tenant_id, p.id, p.parent_id, p.plan FROM chain c JOIN ${table} p ON p.tenant_id = c.tenant_id AND p.id = c.parent_id)
     SELECT plan -> 'intent' AS intent FROM chain WHERE parent_id IS NULL`,
    [about.tenant, about.id],
  );
  return root?.intent ?? undefined;
}

/** What live configuration names the source now, in words; undefined where nothing does. */
export async function findLiveReferences(tx: Tx, rules: Rules, asked: Intent): Promise<string | undefined> {
  const pair = await readPair(tx, rules, asked);
  const places = await readPlaceGroups(tx, { rules, intent: asked, pair, unclassified: [], samples: 'none' });
  const tenant = await readTenant(tx, rules, asked.tenant);
  const live = decideAll({ rules, tenant, places }, asked).flatMap(({ group, outcomes }) =>
    [...outcomes]
      .filter(([, outcome]) => (outcome.kind === 'stay' ? outcome.live : outcome.kind !== 'skip'))
      .map(([place]) => `${place.id} (${group.rows})`),
  );
  return live.length === 0 ? undefined : `live rows name it now: ${[...new Set(live)].join(', ')}`;
}
