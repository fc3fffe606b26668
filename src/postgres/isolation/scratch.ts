/** Statements of migrations on a database that is thrown away. */
import { DroverError } from '../../errors.ts';
import type { Database } from '../driver/database.ts';
import { quoteIdent } from '../sql/identifiers.ts';

/** Roles are a server's; migrations name them and rarely make them. */
export async function makeRoles(database: Database, names: readonly string[]): Promise<void> {
  await database.transaction({}, async (tx) => {
    for (const name of names) await tx.run(`CREATE ROLE ${quoteIdent(name)}`);
  });
}

/**
 * Runs the statements of one file in one transaction, as most tools do. Undefined where all ran; otherwise which of them PostgreSQL
 * refused, and why. What a file sets for its session is gone after it.
 */
export async function runFile(
  database: Database,
  statements: readonly string[],
): Promise<{ readonly at: number; readonly reason: string } | undefined> {
  let at = 0;
  try {
    await database.transaction({}, async (tx) => {
      for (const [index, sql] of statements.entries()) {
        at = index;
        if (sql !== '') await tx.run(sql);
      }
      await tx.script('RESET search_path; RESET ROLE; RESET row_security');
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    const { sqlState, databaseMessage } = error.data;
    const said = typeof databaseMessage === 'string' ? databaseMessage : error.message;
    return { at, reason: typeof sqlState === 'string' ? `${said} (${sqlState})` : said };
  }
}
