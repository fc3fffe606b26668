/**
 * Taking a rollback back retires the source again. Where the schema's own keys are no fence, nothing in the database refuses that
 * while something live names the source: a reference made meanwhile, or a row that the rollback of the rollback had to leave.
 * So it is looked for, with the intent of the migration that all of it began with.
 */
import { decideAll } from '../../engine/plan/decide.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { withStrays } from '../facts/copies.ts';
import { memberOf } from '../facts/member.ts';
import { readPairs } from '../facts/pair.ts';
import { readPlaceGroups } from '../facts/places.ts';
import { readTenants } from '../facts/snapshot.ts';
import type { MigrationDetail } from '../records/history.ts';
import { stateTable } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { inState } from './read-chunks.ts';

export interface RetiringAgain {
  readonly rules: Rules;
  readonly tenant: string | undefined;
  readonly parent: MigrationDetail;
}

/** Why the source cannot be retired again; undefined where it can. */
export async function whyNotRetireAgain(
  tx: Tx,
  site: Site,
  { rules, tenant, parent }: RetiringAgain,
): Promise<string | undefined> {
  const intent = await inState(tx, site, [{ parent }], (state) => readRootIntent(state, site, parent));
  if (intent === undefined) return undefined;
  return findLiveReferences(tx, rules, {
    ...intent,
    ...(tenant === undefined ? {} : { tenant }),
    from: parent.from.key ?? intent.from,
    to: parent.to.key ?? intent.to,
  });
}

/** The intent of the migration at the root of a chain of rollbacks. */
async function readRootIntent(
  state: Tx,
  site: Site,
  about: { tenant: string; id: string },
): Promise<Intent | undefined> {
  const table = stateTable(site, 'migrations');
  const root = await state.maybeOne<{ intent: Intent | null }>(
    `WITH RECURSIVE chain AS (SELECT tenant_id, id, parent_id, plan FROM ${table}
         WHERE tenant_id = $1::text::${site.state.tenantType} AND id = $2::text::uuid
       UNION ALL SELECT p.tenant_id, p.id, p.parent_id, p.plan FROM chain c
         JOIN ${table} p ON p.tenant_id = c.tenant_id AND p.id = c.parent_id)
     SELECT plan -> 'intent' AS intent FROM chain WHERE parent_id IS NULL`,
    [about.tenant, about.id],
  );
  return root?.intent ?? undefined;
}

/** What live configuration names the source now, in words; undefined where nothing does. */
async function findLiveReferences(tx: Tx, rules: Rules, intent: Intent): Promise<string | undefined> {
  const [pair] = await readPairs(tx, rules, [intent]);
  const [tenant] = await readTenants(tx, rules, [intent.tenant]);
  if (pair === undefined || tenant === undefined) return undefined;
  if (pair instanceof DroverError) throw pair;
  if (tenant instanceof DroverError) throw tenant;
  const members = await withStrays(tx, { rules, members: [memberOf(rules, intent, pair)] });
  const [places = []] = await readPlaceGroups(tx, { rules, members }, 'none');
  const live = decideAll({ rules, tenant, source: pair.source, places }, intent).flatMap(
    ({ group, outcomes }) =>
      [...outcomes]
        .filter(([, outcome]) => (outcome.kind === 'stay' ? outcome.live : outcome.kind !== 'skip'))
        .map(([place]) => `${place.id} (${group.rows})`),
  );
  return live.length === 0 ? undefined : `live rows name it now: ${[...new Set(live)].join(', ')}`;
}
