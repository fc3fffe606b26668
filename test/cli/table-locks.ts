/** Holding a table from a connection of the test, until the command that is tried waits for it. */
import type pg from 'pg';

/**
 * How many locks on tables of this database are waited for. Not by pg_stat_activity, which within a transaction, such as that of
 * whoever holds the table, says what it said first; nor on the whole server, where other tests wait, too.
 */
export async function countWaiters(holder: pg.Client): Promise<number> {
  const { rowCount } = await holder.query(
    'SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE NOT l.granted AND d.datname = current_database()',
  );
  return rowCount ?? 0;
}
