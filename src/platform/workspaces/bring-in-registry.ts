/**
 * Tells the database what the registry allows, so that it refuses the rest by itself. Pairs that come are added first. For
 * pairs that go, the workspaces that have them are given verdicts of their own (they may keep what they have, nobody may choose
 * it anew), and then the pairs go. Who chooses one of them at that moment holds it, so taking it away is refused and tried again.
 */
import { DroverError } from '../../errors.ts';
import {
  deleteRegistryPairs,
  insertRegistryPairs,
  insertVerdicts,
  listRegistryPairs,
  listTenantIds,
  lockHolders,
  lockRegistryPairs,
  type Pair,
  restOnVerdicts,
} from '../../postgres/queries/registry-pairs.ts';
import { asFleet, asOperator, asOperatorWithin } from '../../postgres/tenant.ts';
import type { LoadedRegistry } from '../../registry/load.ts';
import { routablePairs } from '../../registry/pairs.ts';
import type { Platform } from '../open.ts';

const maxTries = 5;
const tenantsAtOnce = 500;

type Home = Pick<Platform, 'database' | 'schema' | 'site'>;

/** May be called again and again, and by several servers at once; the last one counts. */
export async function bringInRegistry(
  platform: Home,
  loaded: LoadedRegistry,
  today: string,
): Promise<{ added: number; removed: number }> {
  const wanted = routablePairs(loaded, today);
  const { added, gone } = await addPairs(platform, wanted);
  for (let tries = 1; gone.length > 0; tries += 1) {
    await keepHolders(platform, gone, loaded.routes.version);
    try {
      await removePairs(platform, gone);
      break;
    } catch (error) {
      const again = error instanceof DroverError && error.code === 'STILL_REFERENCED' && tries < maxTries;
      if (!again) throw error;
    }
  }
  return { added, removed: gone.length };
}

function addPairs(
  { database, schema, site }: Home,
  wanted: readonly Pair[],
): Promise<{ added: number; gone: Pair[] }> {
  return asOperator(database, site.scope, async (tx) => {
    await lockRegistryPairs(tx, schema);
    const known = await listRegistryPairs(tx, schema);
    const names = new Set(wanted.map(nameOf));
    const present = new Set(known.map(nameOf));
    const added = await insertRegistryPairs(
      tx,
      schema,
      wanted.filter((pair) => !present.has(nameOf(pair))),
    );
    return { added, gone: known.filter((pair) => !names.has(nameOf(pair))) };
  });
}

async function keepHolders(
  { database, schema, site }: Home,
  gone: readonly Pair[],
  version: string,
): Promise<void> {
  const tenants = await asOperator(database, site.scope, (tx) => listTenantIds(tx, schema));
  for (let at = 0; at < tenants.length; at += tenantsAtOnce)
    await asFleet(database, site.scope, tenants.slice(at, at + tenantsAtOnce), async (tx) => {
      const holders = await lockHolders(tx, schema, gone);
      if (holders.length === 0) return;
      await asOperatorWithin(tx, site.scope, () =>
        insertVerdicts(tx, schema, { holders, reason: 'kept', version }),
      );
      await restOnVerdicts(tx, schema, holders);
    });
}

function removePairs({ database, schema, site }: Home, gone: readonly Pair[]): Promise<void> {
  return asOperator(database, site.scope, async (tx) => {
    await lockRegistryPairs(tx, schema);
    await deleteRegistryPairs(tx, schema, gone);
  });
}

function nameOf({ runtime, model }: Pair): string {
  return JSON.stringify([runtime, model]);
}
