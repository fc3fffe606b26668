/**
 * Tells the database what the registry allows, so that it refuses the rest by itself. For pairs that go, the workspaces that have
 * them are given verdicts of their own (they may keep what they have, nobody may choose it anew). Then one transaction adds
 * the pairs that come, takes away those that go, and says which registry is in force. Who chooses a pair that goes at that
 * moment holds it, so taking it away is refused and tried again.
 */
import { DroverError } from '../../errors.ts';
import {
  findInForce,
  type InForce,
  lockRegistry,
  putInForce,
} from '../../postgres/queries/registry-in-force.ts';
import {
  deleteRegistryPairs,
  insertRegistryPairs,
  insertVerdicts,
  listRegistryPairs,
  listTenantIds,
  lockHolders,
  type Pair,
  restOnVerdicts,
} from '../../postgres/queries/registry-pairs.ts';
import { asFleet, asOperator, asOperatorWithin } from '../../postgres/tenant.ts';
import type { Tx } from '../../postgres/database.ts';
import type { LoadedRegistry } from '../../registry/load.ts';
import { routablePairs } from '../../registry/pairs.ts';
import type { Platform } from '../open.ts';
import { settleVerdicts } from './settle-verdicts.ts';

const maxTries = 5;
const tenantsAtOnce = 500;

type Home = Pick<Platform, 'database' | 'schema'> & { readonly site: Pick<Platform['site'], 'scope'> };

interface Coming {
  readonly loaded: LoadedRegistry;
  /** ISO date. */
  readonly today: string;
  /** Nothing is done where another one is in force. */
  readonly unlessReplaced?: boolean;
}

/** May be called again and again, and by several servers at once; the last one counts. */
export async function bringInRegistry(
  home: Home,
  coming: Coming,
): Promise<{ added: number; removed: number }> {
  const { version } = coming.loaded.routes;
  const wanted = routablePairs(coming.loaded, coming.today);
  for (let tries = 1; ; tries += 1)
    try {
      if (await operate(home, (tx) => staysOut(tx, home.schema, coming))) return none;
      const { gone } = await operate(home, (tx) => compare(tx, home.schema, wanted));
      await inTenants(home, (tx) => keepHolders(tx, home, { gone, version }));
      const done = await operate(home, (tx) => exchange(tx, home.schema, { ...coming, wanted }));
      await inTenants(home, (tx, tenants) =>
        settleVerdicts(tx, { ...coming, schema: home.schema, scope: home.site.scope, tenants }),
      );
      return done;
    } catch (error) {
      const again = error instanceof DroverError && error.code === 'STILL_REFERENCED' && tries < maxTries;
      if (!again) throw error;
    }
}

/** What the database holds to, whatever this server decides by. */
export function readInForce(home: Home): Promise<InForce | undefined> {
  return operate(home, (tx) => findInForce(tx, home.schema));
}

const none = { added: 0, removed: 0 };

function operate<T>({ database, site }: Home, work: (tx: Tx) => Promise<T>): Promise<T> {
  return asOperator(database, site.scope, work);
}

async function inTenants(
  home: Home,
  work: (tx: Tx, tenants: readonly string[]) => Promise<void>,
): Promise<void> {
  const tenants = await operate(home, (tx) => listTenantIds(tx, home.schema));
  for (let at = 0; at < tenants.length; at += tenantsAtOnce) {
    const some = tenants.slice(at, at + tenantsAtOnce);
    await asFleet(home.database, home.site.scope, some, (tx) => work(tx, some));
  }
}

async function compare(
  tx: Tx,
  schema: string,
  wanted: readonly Pair[],
): Promise<{ come: Pair[]; gone: Pair[] }> {
  const known = await listRegistryPairs(tx, schema);
  const [names, present] = [new Set(wanted.map(nameOf)), new Set(known.map(nameOf))];
  return {
    come: wanted.filter((pair) => !present.has(nameOf(pair))),
    gone: known.filter((pair) => !names.has(nameOf(pair))),
  };
}

async function keepHolders(
  tx: Tx,
  { schema, site }: Home,
  { gone, version }: { readonly gone: readonly Pair[]; readonly version: string },
): Promise<void> {
  const holders = gone.length === 0 ? [] : await lockHolders(tx, schema, gone);
  if (holders.length === 0) return;
  await asOperatorWithin(tx, site.scope, () =>
    insertVerdicts(tx, schema, { holders, reason: 'kept', version }),
  );
  await restOnVerdicts(tx, schema, holders);
}

/** @throws STILL_REFERENCED */
async function exchange(
  tx: Tx,
  schema: string,
  { wanted, ...coming }: Coming & { readonly wanted: readonly Pair[] },
): Promise<{ added: number; removed: number }> {
  await lockRegistry(tx, schema);
  if (await staysOut(tx, schema, coming)) return none;
  const { come, gone } = await compare(tx, schema, wanted);
  await insertRegistryPairs(tx, schema, come);
  await deleteRegistryPairs(tx, schema, gone);
  const { hash, routes } = coming.loaded;
  await putInForce(tx, schema, { version: routes.version, hash, day: coming.today });
  return { added: come.length, removed: gone.length };
}

async function staysOut(
  tx: Tx,
  schema: string,
  { loaded, unlessReplaced = false }: Coming,
): Promise<boolean> {
  if (!unlessReplaced) return false;
  const inForce = await findInForce(tx, schema);
  return inForce !== undefined && inForce.hash !== loaded.hash;
}

function nameOf({ runtime, model }: Pair): string {
  return JSON.stringify([runtime, model]);
}
