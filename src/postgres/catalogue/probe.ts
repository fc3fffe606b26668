/**
 * Whether the database can read what a configuration says in SQL. A statement is only prepared: it is read and its types are compared,
 * and nothing is planned, run or locked for longer than that. So neither a right to the rows is needed nor a tenant.
 */
import { displayName } from '../../engine/catalogue/catalog.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import { tablePath } from '../../engine/catalogue/names.ts';
import type { ConfigProblem } from '../../engine/rules/config.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { affected, backToSavepoint, inOrder } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';

export type ProbePath = ConfigProblem['path'];

/** A statement that the configuration leads to. */
export interface Probe {
  readonly path: ProbePath;
  readonly select: Sql;
  /** The part of it that somebody wrote. */
  readonly text?: string;
  /** What is said where the database cannot read it, by the reason that the database gives. */
  readonly says: (reason: string) => string;
}

/** What the database cannot read, each with its place in the configuration. One message where it can read everything. */
export async function tryProbes(tx: Tx, probes: readonly Probe[]): Promise<ConfigProblem[]> {
  if (probes.length === 0) return [];
  await tx.run(`SAVEPOINT ${savepoint}`);
  const all = await refusal(tx, inOrder(probes.map(preparing)));
  const problems: ConfigProblem[] = [];
  if (all !== undefined)
    for (const probe of probes) {
      const reason = await refusal(tx, preparing(probe));
      if (reason !== undefined && reason !== '')
        problems.push({ path: probe.path, message: probe.says(reason) });
    }
  await tx.run(`RELEASE SAVEPOINT ${savepoint}`);
  return problems;
}

const savepoint = 'drover_probe';

/** A name that nobody else gives; it is free again in the same message. */
function preparing({ select }: Probe): Question<unknown> {
  return inOrder([affected(sql`PREPARE drover_probe AS ${select}`), affected(sql`DEALLOCATE drover_probe`)]);
}

/** Why the database refuses; empty where the login may not ask, undefined where it does not refuse. */
async function refusal(tx: Tx, asked: Question<unknown>): Promise<string | undefined> {
  try {
    await tx.ask(asked);
    return undefined;
  } catch (error) {
    const reason = reasonOf(error);
    await tx.ask(backToSavepoint(savepoint));
    return reason;
  }
}

/** What the statement is to blame for: its words, its names and its types (42), its literals (22), what the server cannot do (0A). */
function reasonOf(error: unknown): string {
  if (!(error instanceof DroverError)) throw error;
  const { sqlState, databaseMessage, hint } = error.data;
  if (error.code === 'NOT_PERMITTED') return '';
  if (typeof sqlState !== 'string' || !/^(42|22|0A)/.test(sqlState)) throw error;
  const said = typeof databaseMessage === 'string' ? databaseMessage : error.message;
  return typeof hint === 'string' ? `${said} (${hint.replace(/\.$/, '')})` : said;
}

/** SQL over a row of a table, as somebody wrote it; `select` where it is not only a condition on that row. */
export function writtenProbe(
  rules: Rules,
  { path, table, text, select }: { path: ProbePath; table: Table; text: string; select?: Sql },
): Probe {
  const columns = table.columns.map(({ name }) => displayName(name)).join(', ');
  const about = `it is SQL over a row of ${tablePath(rules.scope, table)}, which has ${columns}`;
  return {
    path,
    text,
    select: select ?? sql`SELECT 1 FROM ${rowsOf(table)} t WHERE (${raw(text)})`,
    says: (reason) => `the database cannot read "${text}": ${reason}; ${about}`,
  };
}
