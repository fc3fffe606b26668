/** The records of conversions: what was planned, and how far each step is. They lie in the database that is converted. */
import { randomUUID } from 'node:crypto';
import type { ConvertedTable, Duty } from '../../engine/tenantize/conversion.ts';
import type { RelationMarks, StepState } from '../../engine/tenantize/drift.ts';
import type { ConversionStep } from '../../engine/tenantize/steps.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent } from '../sql/identifiers.ts';
import { policiesOf } from './read-marks.ts';

/** A step with what it says in SQL, as it was planned. */
export interface WrittenStep extends ConversionStep {
  readonly up: readonly string[];
  readonly down: readonly string[];
  /** The way back takes along what the step before it made. */
  readonly along?: true;
  /** Of one that makes policies: those of the table behind it. */
  readonly policies?: RelationMarks['policies'];
  /** Of a fill: how its last statement runs for some of the rows. */
  readonly batch?: {
    readonly of: { readonly schema: string; readonly name: string };
    readonly head: string;
    readonly tail: string;
  };
}

export interface ConversionStepRecord extends WrittenStep {
  readonly number: number;
  readonly state: StepState;
  /** Of a fill: the blocks before it are filled. */
  readonly position: number | null;
  readonly changedRows: number;
  readonly heldMs: number | null;
}

/** What nobody could prove, and somebody passed. */
interface Acceptance {
  readonly phase: string;
  readonly reason: string;
  readonly actor: string;
  readonly at: string;
}

export interface ConversionPlanned {
  /** What the configuration said, in one order. */
  readonly said: string;
  readonly tables: readonly ConvertedTable[];
  readonly duties: readonly Duty[];
  readonly schemas: readonly string[];
}

export interface ConversionRecord {
  readonly id: string;
  readonly plan: ConversionPlanned;
  readonly catalogue: readonly RelationMarks[];
  readonly accepted: readonly Acceptance[];
  readonly actor: string;
  readonly startedAt: string;
  readonly outcome: 'reverted' | 'contracted' | null;
  readonly steps: readonly ConversionStepRecord[];
}

export interface NewConversion {
  readonly plan: ConversionPlanned;
  readonly catalogue: readonly RelationMarks[];
  readonly steps: readonly WrittenStep[];
  readonly actor: string;
}

function conversionTable(schema: string, name: 'conversions' | 'conversion_steps'): string {
  return `${quoteIdent(schema)}.${quoteIdent(name)}`;
}

/** The conversion that is under way, or the last that ended; undefined where there was none. */
export async function readConversion(tx: Tx, schema: string): Promise<ConversionRecord | undefined> {
  const { there } = await tx.one<{ there: boolean }>(`SELECT to_regclass($1) IS NOT NULL AS there`, [
    conversionTable(schema, 'conversions'),
  ]);
  if (!there) return undefined;
  const found = await tx.maybeOne<Omit<ConversionRecord, 'steps'>>(
    `SELECT id::text AS id, plan, catalogue, accepted, actor, started_at::text AS "startedAt", outcome
     FROM ${conversionTable(schema, 'conversions')} ORDER BY outcome IS NULL DESC, started_at DESC LIMIT 1`,
  );
  if (found === undefined) return undefined;
  const rows = await tx.many<{ step: WrittenStep } & Omit<ConversionStepRecord, keyof WrittenStep>>(
    `SELECT number, step, state, position::float8 AS position, changed_rows::float8 AS "changedRows", held_ms AS "heldMs"
     FROM ${conversionTable(schema, 'conversion_steps')} WHERE conversion_id = $1 ORDER BY number`,
    [found.id],
  );
  return { ...found, steps: rows.map(({ step, ...row }) => ({ ...step, ...row })) };
}

/** @throws ALREADY_EXISTS where another one is under way */
export async function writeConversion(tx: Tx, schema: string, conversion: NewConversion): Promise<void> {
  const { plan, catalogue, steps, actor } = conversion;
  const id = randomUUID();
  await tx.run(
    `INSERT INTO ${conversionTable(schema, 'conversions')} (id, plan, catalogue, actor)
     VALUES ($1::uuid, $2::jsonb, $3::jsonb, $4)`,
    [id, JSON.stringify(plan), JSON.stringify(catalogue), actor],
  );
  const rows = steps.map((step, at) => ({
    number: at + 1,
    phase: step.phase,
    table: step.table,
    what: step.what,
    step,
  }));
  await tx.run(
    `INSERT INTO ${conversionTable(schema, 'conversion_steps')} (conversion_id, number, phase, table_name, what, step)
     SELECT $1::uuid, (s->>'number')::integer, s->>'phase', s->>'table', s->>'what', s->'step' FROM jsonb_array_elements($2::jsonb) s`,
    [id, JSON.stringify(rows)],
  );
}

/** A step that this transaction holds until its end, as it is now. */
export function holdStep(
  tx: Tx,
  schema: string,
  { id, number }: StepName,
): Promise<Pick<ConversionStepRecord, 'state' | 'position'>> {
  return tx.one(
    `SELECT state, position::float8 AS position FROM ${conversionTable(schema, 'conversion_steps')}
     WHERE conversion_id = $1::uuid AND number = $2 FOR UPDATE`,
    [id, number],
  );
}

export interface StepName {
  /** Of the conversion. */
  readonly id: string;
  readonly number: number;
}

export interface StepChanged {
  readonly state: StepState;
  readonly position?: number | null;
  /** To add to what was changed before; null begins anew. */
  readonly rows: number | null;
  readonly heldMs: number;
  readonly actor: string;
}

/** The statement that says how far a step is, with its parameters: within the transaction that did it, or by itself. */
export function stepChange(
  schema: string,
  { id, number }: StepName,
  { state, position = null, rows, heldMs, actor }: StepChanged,
): [sql: string, params: unknown[]] {
  const sql =
    `UPDATE ${conversionTable(schema, 'conversion_steps')} SET state = $3, position = $4::bigint, ` +
    `changed_rows = CASE WHEN $5::bigint IS NULL THEN 0 ELSE changed_rows + $5::bigint END, ` +
    `held_ms = CASE WHEN $5::bigint IS NULL THEN NULL ELSE greatest(held_ms, $6::float8) END, actor = $7, changed_at = clock_timestamp() ` +
    `WHERE conversion_id = $1::uuid AND number = $2`;
  return [sql, [id, number, state, position, rows, heldMs, actor]];
}

/** What the policies of a table say behind the step that made them: the server prints them otherwise than they were written. */
export async function recordPolicies(
  tx: Tx,
  schema: string,
  { id, number, table }: StepName & { readonly table: string },
): Promise<void> {
  await tx.run(
    `UPDATE ${conversionTable(schema, 'conversion_steps')}
     SET step = step || jsonb_build_object('policies', ${policiesOf('$3::text::regclass')})
     WHERE conversion_id = $1::uuid AND number = $2`,
    [id, number, table],
  );
}

export async function recordAcceptance(
  tx: Tx,
  schema: string,
  about: { readonly id: string; readonly phase: string; readonly reason: string; readonly actor: string },
): Promise<void> {
  const { id, phase, reason, actor } = about;
  await tx.run(
    `UPDATE ${conversionTable(schema, 'conversions')} SET accepted = accepted ||
       jsonb_build_array(jsonb_build_object('phase', $2::text, 'reason', $3::text, 'actor', $4::text, 'at', now()))
     WHERE id = $1::uuid`,
    [id, phase, reason, actor],
  );
}

export async function endConversion(
  tx: Tx,
  schema: string,
  { id, outcome }: { readonly id: string; readonly outcome: 'reverted' | 'contracted' },
): Promise<void> {
  await tx.run(
    `UPDATE ${conversionTable(schema, 'conversions')} SET outcome = $2, ended_at = now() WHERE id = $1::uuid AND outcome IS NULL`,
    [id, outcome],
  );
}
