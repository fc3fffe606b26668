/** What refuses contract, before its first step is taken: nothing of it can be taken back, so nothing of it may stop halfway. */
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { backToSavepoint } from '../driver/question.ts';
import { quoteIdent, quoteTable } from '../sql/identifiers.ts';
import type { ConversionRecord, ConversionStepRecord } from './conversion-records.ts';
import { localSettings, patiently } from './step-work.ts';
import type { ConversionWork } from './step-work.ts';
import { explained } from './take-steps.ts';

/**
 * Runs the steps in one transaction that leaves nothing, and names what refuses them, or would go unsaid. It holds the locks of all of
 * them while it runs, reads no rows, and gives way and tries again as a step does.
 * @throws LOCK_TIMEOUT with who holds the lock
 */
export async function rehearse(
  work: ConversionWork,
  conversion: ConversionRecord,
  steps: readonly ConversionStepRecord[],
): Promise<string[]> {
  const [first] = steps;
  if (first === undefined) return [];
  const whole = {
    ...first,
    table: '',
    what: 'all steps, tried',
    locks: steps.flatMap(({ locks }) => locks),
  };
  const taken = { work, conversion, step: whole, way: 'up' } as const;
  const opening = { isolation: 'read committed', settings: localSettings(work.settings) } as const;
  const attempt = (): Promise<string[]> =>
    work.database.transaction(opening, async (tx) => {
      await tx.run('SAVEPOINT nothing');
      const refused = await refusals(tx, steps);
      await tx.ask(backToSavepoint('nothing'));
      return refused;
    });
  return patiently(taken, attempt).catch(async (error: unknown) => {
    throw await explained(taken, error);
  });
}

async function refusals(tx: Tx, steps: readonly ConversionStepRecord[]): Promise<string[]> {
  const found: string[] = [];
  const stopped = new Set<string>();
  for (const step of steps) {
    // What follows on a refused step would be refused because of it.
    if (stopped.has(step.table) || (step.table === '' && stopped.size > 0)) continue;
    const reasons = [...(await unsaid(tx, step)), ...(await refusal(tx, step))];
    if (reasons.length > 0) stopped.add(step.table);
    found.push(...reasons.map((reason) => `${[step.table, step.what].join(' ').trim()}: ${reason}`));
  }
  return found;
}

const toWait = new Set(['LOCK_TIMEOUT', 'RETRYABLE', 'STATEMENT_TIMEOUT', 'DATABASE_UNREACHABLE']);

async function refusal(tx: Tx, step: ConversionStepRecord): Promise<string[]> {
  await tx.run('SAVEPOINT tried');
  try {
    for (const statement of step.up) await tx.run(statement);
    return [];
  } catch (error) {
    if (!(error instanceof DroverError) || toWait.has(error.code)) throw error;
    await tx.ask(backToSavepoint('tried'));
    const { databaseMessage, detail } = error.data;
    const said = typeof databaseMessage === 'string' ? databaseMessage : error.message;
    return [typeof detail === 'string' ? `${said} (${detail.replaceAll('\n', '; ')})` : said];
  }
}

/** Checks and indexes that PostgreSQL drops with a column of V1 and says nothing of; a plain index has one in V2 already. */
async function unsaid(tx: Tx, { change }: ConversionStepRecord): Promise<string[]> {
  if (change.kind !== 'drop-twin') return [];
  const goes = await tx.many<{ what: string }>(
    `SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) AS what FROM pg_depend d
     JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
     LEFT JOIN pg_index i ON d.classid = 'pg_class'::regclass AND i.indexrelid = d.objid
     WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass($1) AND a.attname = $2 AND d.deptype = 'a'
       AND (k.contype <> 'n' OR i.indisunique OR i.indpred IS NOT NULL OR i.indexprs IS NOT NULL) ORDER BY 1`,
    [quoteTable(change.at), change.twin.kept],
  );
  return goes.map(
    ({ what }) => `${what} would go with it: write it over ${change.twin.v2}, and drop this one`,
  );
}

/** Values of V1 that V2 has none for, with their rows, by column: contract would lose them. */
export async function lostValues(tx: Tx, steps: readonly ConversionStepRecord[]): Promise<string[]> {
  const found: string[] = [];
  for (const { change } of steps) {
    if (change.kind !== 'drop-twin') continue;
    const { kept, v2 } = change.twin;
    const values = await tx.many<{ value: string; rows: number }>(
      `SELECT ${quoteIdent(kept)}::text AS value, count(*)::float8 AS rows FROM ${quoteTable(change.at)}
       WHERE ${quoteIdent(kept)} IS NOT NULL AND ${quoteIdent(v2)} IS NULL GROUP BY 1 ORDER BY 1`,
    );
    const listed = values.map(({ value, rows }) => `${JSON.stringify(value)} (${rows} rows)`).join(', ');
    if (values.length > 0)
      found.push(
        `VALUE_UNMAPPED ${change.at.schema}.${change.at.name}.${kept}: ${listed}, where ${v2} is empty`,
      );
  }
  return found;
}
