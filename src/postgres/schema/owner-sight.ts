/**
 * A file of migrations is about the rows of all tenants: it changes them, or has a new key tried on them. Row-level security is forced and
 * binds the owner, too, who would change none and hear nothing of it. A key is tried by a query that obeys it as well: it passes where no
 * row is seen, and fails where the owner sees the rows that refer, as a member of the operator’s role, and not those they name. So it is
 * lifted for the length of the file, of the tables that the file names, under their exclusive locks: nobody else reads them meanwhile.
 */
import type { Tx } from '../driver/database.ts';
import { quoteTable } from '../sql/identifiers.ts';

/** Two files lift it themselves, and one of them ends that too early. */
const ownSwitch = /^ALTER TABLE \S+ (?:NO )?FORCE ROW LEVEL SECURITY;$/gm;

interface Sight {
  readonly schema: string;
  /** With `{{schema}}` before each table. */
  readonly template: string;
  /** What runs the text meanwhile. */
  readonly run: (template: string) => Promise<void>;
}

/** Runs a file while the owner sees all rows of its tables. Afterwards row-level security is forced where it was. */
export async function inSight(tx: Tx, { schema, template, run }: Sight): Promise<void> {
  const forced = await listForced(tx, schema, tablesOf(template));
  const turn = (word: 'FORCE' | 'NO FORCE'): string =>
    forced
      .map((name) => `ALTER TABLE IF EXISTS ${quoteTable({ schema, name })} ${word} ROW LEVEL SECURITY;`)
      .join('\n');
  // Whoever wants to read waits behind a lock that is waited for.
  if (forced.length > 0) await tx.script(`SET LOCAL lock_timeout = '5s';\n${turn('NO FORCE')}`);
  await run(template.replaceAll(ownSwitch, ''));
  if (forced.length > 0) await tx.script(turn('FORCE'));
}

function tablesOf(template: string): string[] {
  const text = template.replaceAll(/--[^\n]*/g, '');
  return [...new Set([...text.matchAll(/\{\{schema\}\}\.(\w+)/g)].map(([, name = '']) => name))];
}

async function listForced(tx: Tx, schema: string, tables: readonly string[]): Promise<string[]> {
  const rows = await tx.many<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = ANY ($2::text[]) AND c.relforcerowsecurity ORDER BY 1`,
    [schema, tables],
  );
  return rows.map(({ name }) => name);
}
