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
const holdersSql = `
SELECT a.pid, coalesce(a.application_name, '') AS application, coalesce(a.state, 'unknown') AS state,
       floor(extract(epoch FROM clock_timestamp() - a.xact_start))::int AS seconds,
       array_agg(DISTINCT c.relname::text ORDER BY c.relname::text) AS tables
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.granted AND l.locktype = 'relation' AND a.datname = current_database() AND a.pid <> pg_catalog.pg_backend_pid()
  AND c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%'
  AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
GROUP BY a.pid, a.application_name, a.state, a.xact_start ORDER BY a.xact_start LIMIT 3`;

/** The error, and of a lock that was not free the transactions that hold locks of tables now. */
export async function withHolders(database: Database, error: unknown): Promise<unknown> {
  if (!(error instanceof DroverError) || error.code !== 'LOCK_TIMEOUT' || database.engine === 'embedded')
    return error;
  const holders = await database
    .transaction({ readOnly: true }, (tx) => tx.many<LockHolder>(holdersSql))
    .catch((): LockHolder[] => []);
  if (holders.length === 0) return error;
  const named = holders.map(
    ({ pid, application, state, seconds, tables }) =>
      `process ${pid} (${application === '' ? 'no name' : application}, ${state} for ${seconds} s) holds ${tables.join(', ')}`,
  );
  return new DroverError(
    error.code,
    `${error.message} Now ${named.join('; ')}.`,
    { ...error.data, holders },
    { cause: error },
  );
}
