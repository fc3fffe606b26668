/** Drover's records and outcomes as text that is the same for the same work: ids become numbers, and times are left out. */
import { DroverError } from '../../src/errors.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import type { Outcome } from './batches.ts';

/** The rows of each table, sorted. */
export type RecordsText = Readonly<Record<string, readonly string[]>>;

/** What each migration is called: its tenant, and the how manieth it is of that tenant. */
export type Labels = ReadonlyMap<string, string>;

/** The records in the schema `drover` of a database that Drover is attached to; none before the first migration. */
export async function readRecords(database: Database): Promise<{ text: RecordsText; labels: Labels }> {
  return database.transaction({ readOnly: true }, async (tx) => {
    const { there } = await tx.one<{ there: boolean }>(
      `SELECT to_regclass('drover.migrations') IS NOT NULL AS there`,
    );
    if (!there) return { text: nothing, labels: new Map<string, string>() };
    const labels = await readLabels(tx);
    const text: Record<string, readonly string[]> = {};
    for (const [table, sql] of Object.entries(queries)) {
      const rows = await tx.many<{ line: string }>(sql);
      text[table] = rows.map(({ line }) => withLabels(line, labels)).toSorted();
    }
    return { text, labels };
  });
}

/** Forgets every record. */
export async function clearRecords(database: Database): Promise<void> {
  await database.transaction({}, (tx) =>
    tx.script(`DO $$ BEGIN IF to_regclass('drover.migrations') IS NOT NULL THEN
      TRUNCATE drover.migrations, drover.migration_steps, drover.journal, drover.audit_log, drover.fences, drover.aliases,
        drover.set_aside, drover.assets, drover.asset_dependencies, drover.assessments, drover.assessment_sources, drover.asset_facts,
        drover.decisions, drover.wave_members; END IF; END $$`),
  );
}

async function readLabels(tx: Tx): Promise<Labels> {
  const rows = await tx.many<{ id: string; label: string }>(
    `SELECT id::text AS id, tenant_id || '#' || row_number() OVER (PARTITION BY tenant_id ORDER BY started_at, id) AS label FROM drover.migrations`,
  );
  return new Map(rows.map(({ id, label }) => [id, label]));
}

const queries = {
  migrations: `SELECT (to_jsonb(m) - ARRAY['started_at', 'finished_at', 'xid', 'result'] || jsonb_build_object('result', m.result - 'durationMs'))::text AS line FROM drover.migrations m`,
  steps: `SELECT (to_jsonb(s) - 'finished_at')::text AS line FROM drover.migration_steps s`,
  audit: `SELECT (to_jsonb(a) - ARRAY['id', 'at'])::text AS line FROM drover.audit_log a`,
  // Row by row: in which order the rows of a statement come to lie in a chunk is nobody's promise.
  journal: `SELECT jsonb_build_array(j.tenant_id, j.migration_id, j.step, j.action, j.table_name, j.key_columns, u.key, j.before, j.after, u.b, u.a)::text AS line
    FROM drover.journal j CROSS JOIN LATERAL unnest(coalesce(j.uuid_keys::text[], j.int_keys::text[], j.text_keys), j.befores, j.afters) u (key, b, a)`,
};

const nothing: RecordsText = Object.fromEntries(Object.keys(queries).map((table) => [table, []]));

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
/** A time that the database wrote by itself: the rows of tests have none with fractions of a second. */
const now = /\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d{3,6}(?:[+-]\d\d(?::\d\d)?)?/g;

function withLabels(text: string, labels: Labels): string {
  return text.replaceAll(uuid, (id) => labels.get(id) ?? id).replaceAll(now, 'now');
}

/** Lines without the times that the database wrote by itself. */
export function withoutTimes(lines: readonly string[]): string[] {
  return lines.map((line) => line.replaceAll(now, 'now')).toSorted();
}

/** Outcomes as text: everything but ids, times, and the text of the statement that was refused. */
export function outcomesText<R>(outcomes: readonly Outcome<R>[], labels: Labels): string[] {
  return outcomes.map((outcome) => withLabels(JSON.stringify(compared(outcome), plain, 1), labels));
}

/** Whoever asks for one tenant gets the error alone. The record that a batch names beside it is compared with the records. */
function compared<R>(outcome: Outcome<R>): unknown {
  if (outcome.status === 'succeeded') return outcome;
  const { tenant, status, error } = outcome;
  return { tenant, status, error };
}

function plain(name: string, value: unknown): unknown {
  if (name === 'durationMs' || name === 'statement') return undefined;
  if (value instanceof DroverError) return { code: value.code, message: value.message, data: value.data };
  return value;
}
