/** The trigger that an exception came from: PostgreSQL tells the functions that it passed through, and neither trigger nor table. */
import type { Tx } from '../driver/database.ts';

interface Raiser {
  /** With its schema. */
  readonly table: string;
  /** Undefined where several triggers of the table call the function. */
  readonly trigger?: string;
}

/** The functions of an exception's context, the outermost first, as PostgreSQL writes their signatures: `app.refuse()`. */
function functionsIn(where: string): string[] {
  return [...where.matchAll(/ function (.+?\)) line \d/g)]
    .map(([, signature = '']) => signature)
    .toReversed();
}

/**
 * Whose trigger the outermost of the functions is. Undefined where none is a trigger's, or triggers of several tables call it.
 * @param where the context of the error; asked under the search path under which it happened
 */
export async function raisedBy(tx: Tx, where: string): Promise<Raiser | undefined> {
  const functions = functionsIn(where);
  if (functions.length === 0) return undefined;
  const found = await tx.many<{ called: string; table: string; trigger: string }>(triggersOfSql, [functions]);
  const called = functions.find((signature) => found.some((row) => row.called === signature));
  const triggers = found.filter((row) => row.called === called);
  const [first] = triggers;
  if (first === undefined || triggers.some(({ table }) => table !== first.table)) return undefined;
  const { table, trigger } = first;
  return triggers.length > 1 ? { table } : { table, trigger };
}

const triggersOfSql = `
SELECT t.tgfoid::regprocedure::text AS called, n.nspname || '.' || c.relname AS "table", t.tgname::text AS trigger
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgenabled IN ('O', 'A') AND t.tgfoid::regprocedure::text = ANY ($1)`;
