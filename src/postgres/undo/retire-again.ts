/**
 * Taking a rollback back retires the source again. Where the schema's own keys are no fence, nothing in the database refuses that
 * while something live names the source: a reference made meanwhile, or a row that the rollback of the rollback had to leave.
 * So it is looked for, with the intent of the migration that all of it began with.
 */
import type { TenantKey } from '../../engine/tenant.ts';
import { keepsInUse } from '../../engine/plan/completion.ts';
import { decideAll } from '../../engine/plan/decide.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import { given } from '../../engine/given.ts';
import { keyText } from '../../engine/models/model.ts';
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

/** Why the source cannot be retired again; undefined where it can. */
export async function whyNotRetireAgain(
  tx: Tx,
  site: Site,
  {
    rules,
    tenant,
    parent,
  }: { readonly rules: Rules; readonly tenant: TenantKey; readonly parent: MigrationDetail },
): Promise<string | undefined> {
  const root = await inState(tx, site, [{ parent }], (state) => readRoot(state, site, parent));
  if (root === undefined) return undefined;
  const { intent, ...held } = root;
  const keyOf = (side: 'from' | 'to'): string | undefined =>
    keyText({
      ...given({ key: parent[side].key ?? undefined }),
      ...given({ table: held.table ?? undefined }),
    });
  return findLiveReferences(tx, rules, {
    ...intent,
    ...(tenant === undefined ? {} : { tenant }),
    from: keyOf('from') ?? intent.from,
    to: keyOf('to') ?? intent.to,
  });
}

interface Root {
  readonly intent: Intent;
  /** The table of its models, where several tables hold models of one kind. */
  readonly table: string | null;
}

/** The intent of the migration at the root of a chain of rollbacks. */
async function readRoot(
  state: Tx,
  site: Site,
  about: { tenant: string; id: string },
): Promise<Root | undefined> {
  const table = stateTable(site, 'migrations');
  return state.maybeOne<Root>(
    `WITH RECURSIVE chain AS (SELECT tenant_id, id, parent_id, plan FROM ${table}
         WHERE tenant_id = $1::text::${site.state.tenantType} AND id = $2::text::uuid
       UNION ALL SELECT p.tenant_id, p.id, p.parent_id, p.plan FROM chain c
         JOIN ${table} p ON p.tenant_id = c.tenant_id AND p.id = c.parent_id)
     SELECT plan -> 'intent' AS intent, plan -> 'source' ->> 'table' AS "table" FROM chain
     WHERE parent_id IS NULL AND plan -> 'intent' IS NOT NULL`,
    [about.tenant, about.id],
  );
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
  const { source, namesakes } = pair;
  const live = decideAll({ rules, tenant, source, places, ...given({ namesakes }) }, intent).flatMap(
    ({ group, outcomes }) =>
      [...outcomes]
        .filter(([place, outcome]) =>
          outcome.kind === 'stay'
            ? keepsInUse({ rules, tenant }, { ...outcome, place: place.id })
            : outcome.kind !== 'skip',
        )
        .map(([place]) => `${place.id} (${group.rows})`),
  );
  return live.length === 0 ? undefined : `live rows name it now: ${[...new Set(live)].join(', ')}`;
}
