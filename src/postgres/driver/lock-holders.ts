/** Who holds the locks that were not free. */
import { DroverError } from '../../errors.ts';
import type { Database } from './database.ts';

interface LockHolder {
  readonly pid: number;
  readonly application: string;
  readonly state: string;
  readonly seconds: number;
  readonly tables: readonly string[];
}

/** Transactions that keep writers or the locks of tables out, the oldest first. */
const holdersSql = (which: string): string => `
SELECT a.pid, coalesce(a.application_name, '') AS application, coalesce(a.state, 'unknown') AS state,
       floor(extract(epoch FROM clock_timestamp() - a.xact_start))::int AS seconds,
       array_agg(DISTINCT c.relname::text ORDER BY c.relname::text) AS tables
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.granted AND l.locktype = 'relation' AND a.datname = current_database() AND a.pid <> pg_catalog.pg_backend_pid()
  AND c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%'
  AND ${which}
GROUP BY a.pid, a.application_name, a.state, a.xact_start ORDER BY a.xact_start LIMIT 3`;

/** The error, and of a lock that was not free the transactions that hold locks of tables now. */
export async function withHolders(database: Database, error: unknown): Promise<unknown> {
  if (!(error instanceof DroverError) || error.code !== 'LOCK_TIMEOUT' || database.engine === 'embedded')
    return error;
  const holders = await database
    .transaction({ readOnly: true }, (tx) =>
      tx.many<LockHolder>(holdersSql(`l.mode NOT IN ('AccessShareLock', 'RowShareLock')`)),
    )
    .catch((): LockHolder[] => []);
  if (holders.length === 0) return error;
  const named = holders.map(inWords);
  return new DroverError(
    error.code,
    `${error.message} Now ${named.join('; ')}.`,
    { ...error.data, holders },
    { cause: error },
  );
}

function inWords({ pid, application, state, seconds, tables }: LockHolder): string {
  return `process ${pid} (${application === '' ? 'no name' : application}, ${state} for ${seconds} s) holds ${tables.join(', ')}`;
}

/** Who has some of these tables locked in whichever mode, the oldest first: readers stand in the way of what changes a table. */
export async function holdersOf(database: Database, tables: readonly string[]): Promise<string[]> {
  if (database.engine === 'embedded' || tables.length === 0) return [];
  const which = 'l.relation IN (SELECT to_regclass(t.name) FROM unnest($1::text[]) t (name))';
  const holders = await database.transaction({ readOnly: true }, (tx) =>
    tx.many<LockHolder>(holdersSql(which), [tables]),
  );
  return holders.map(inWords);
}
