/**
 * Tells the database what the registry allows, so that it refuses the rest by itself. One transaction adds the pairs that come, gives
 * verdicts of their own to the workspaces that have one which goes (they may keep what they have, nobody may choose it anew), takes
 * those away, and says which registry is in force. The endpoints that route wait meanwhile; a migration, or SQL, that brings a workspace
 * to a pair which goes holds it, so taking it away is refused and all is tried again.
 */
import { DroverError } from '../../errors.ts';
import { findInForce, type InForce, lockRegistry, putInForce } from '../queries/registry-in-force.ts';
import {
  deleteRegistryPairs,
  insertVerdicts,
  listRegistryPairs,
  listTenantIds,
  lockHolders,
  type KnownPair,
  putRegistryPairs,
  restOnVerdicts,
} from '../queries/registry-pairs.ts';
import { LockWait, withRetries } from '../../postgres/driver/retry.ts';
import { asFleetWithin, asOperator, asOperatorWithin } from '../../postgres/scope/tenant.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import type { LoadedRegistry } from '../../registry/load/load.ts';
import { routablePairs } from '../../registry/verdict/pairs.ts';
import type { Platform } from '../open.ts';
import { settleVerdicts } from './settle-verdicts.ts';

const [retries, lockWaitMs] = [10, 60_000];
const tenantsAtOnce = 500;

type Home = Pick<Platform, 'database' | 'schema'> & { readonly site: Pick<Platform['site'], 'scope'> };

interface Coming {
  readonly loaded: LoadedRegistry;
  /** ISO date. */
  readonly today: string;
  /** Nothing is done where another one is in force. */
  readonly unlessReplaced?: boolean;
}

interface Exchanged {
  readonly added: number;
  readonly removed: number;
}

/** May be called again and again, and by several servers at once; the last one counts. */
export function bringInRegistry(home: Home, coming: Coming): Promise<Exchanged> {
  return withRetries({ retries, locks: new LockWait(lockWaitMs) }, () =>
    operate(home, (tx) => exchange(tx, home, coming)).catch((error: unknown) => {
      if (!(error instanceof DroverError) || error.code !== 'STILL_REFERENCED') throw error;
      const message = 'Workspaces were given what the registry takes away, again and again; try later.';
      throw new DroverError('RETRYABLE', message, {}, { cause: error });
    }),
  );
}

/** What the database holds to, whatever this server decides by. */
export function readInForce(home: Home): Promise<InForce | undefined> {
  return operate(home, (tx) => tx.ask(findInForce(home.schema)));
}

function operate<T>({ database, site }: Home, work: (tx: Tx) => Promise<T>): Promise<T> {
  return asOperator(database, site.scope, work);
}

/** @throws STILL_REFERENCED */
async function exchange(tx: Tx, home: Home, coming: Coming): Promise<Exchanged> {
  const { schema, site } = home;
  const { routes, hash } = coming.loaded;
  await lockRegistry(tx, schema);
  if (await staysOut(tx, schema, coming)) return { added: 0, removed: 0 };
  const { come, changed, gone } = await compare(tx, schema, routablePairs(coming.loaded, coming.today));
  await putRegistryPairs(tx, schema, [...come, ...changed]);
  const tenants = await listTenantIds(tx, schema);
  for (let at = 0; at < tenants.length; at += tenantsAtOnce) {
    const tenantIds = tenants.slice(at, at + tenantsAtOnce);
    const work = async (): Promise<void> => {
      await keepHolders(tx, home, { gone, version: routes.version });
      await settleVerdicts(tx, { ...coming, schema, scope: site.scope, tenants: tenantIds });
    };
    await asFleetWithin(tx, site.scope, { tenantIds, work });
  }
  await deleteRegistryPairs(tx, schema, gone);
  await putInForce(tx, schema, { version: routes.version, hash, day: coming.today });
  return { added: come.length, removed: gone.length };
}

async function compare(
  tx: Tx,
  schema: string,
  wanted: readonly KnownPair[],
): Promise<{ come: KnownPair[]; changed: KnownPair[]; gone: KnownPair[] }> {
  const known = await listRegistryPairs(tx, schema);
  const names = new Set(wanted.map(nameOf));
  const stored = new Map(known.map((pair) => [nameOf(pair), saidOf(pair)]));
  const old = (pair: KnownPair): string | undefined => stored.get(nameOf(pair));
  return {
    come: wanted.filter((pair) => old(pair) === undefined),
    changed: wanted.filter((pair) => old(pair) !== undefined && old(pair) !== saidOf(pair)),
    gone: known.filter((pair) => !names.has(nameOf(pair))),
  };
}

/** What is known of a pair. */
function saidOf({ payers, names }: KnownPair): string {
  return JSON.stringify([payers, names]);
}

async function keepHolders(
  tx: Tx,
  { schema, site }: Home,
  { gone, version }: { readonly gone: readonly KnownPair[]; readonly version: string },
): Promise<void> {
  const holders = gone.length === 0 ? [] : await lockHolders(tx, schema, gone);
  if (holders.length === 0) return;
  await asOperatorWithin(tx, site.scope, () =>
    insertVerdicts(tx, schema, { holders, reason: 'kept', version }),
  );
  await restOnVerdicts(tx, schema, holders);
}

async function staysOut(
  tx: Tx,
  schema: string,
  { loaded, unlessReplaced = false }: Coming,
): Promise<boolean> {
  if (!unlessReplaced) return false;
  const inForce = await tx.ask(findInForce(schema));
  return inForce !== undefined && inForce.hash !== loaded.hash;
}

function nameOf({ runtime, model }: KnownPair): string {
  return JSON.stringify([runtime, model]);
}
