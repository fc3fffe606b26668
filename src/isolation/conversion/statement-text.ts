/** Pieces that the statements of a conversion share. */
import type { StepChange } from '../../engine/tenantize/steps.ts';
import type { ObjectName } from '../../engine/tenantize/conversion.ts';
import { quoteIdent, quoteLiteral, quoteTable } from '../../postgres/sql/identifiers.ts';

export interface StepStatements {
  readonly up: readonly string[];
  /** In the order in which they run; nothing where what the step did goes with an earlier one. */
  readonly down: readonly string[];
  /** The way back takes along what the step before it made: the index of a constraint. */
  readonly along?: true;
  /** Of a fill: its last statement may run for some of the rows of a table, `t`, at a time, by a condition between these two parts. */
  readonly batch?: { readonly of: ObjectName; readonly head: string; readonly tail: string };
}

export type ChangeOf<Kind extends StepChange['kind']> = Extract<StepChange, { readonly kind: Kind }>;

/** The transaction that fills: silenced triggers do not see it. */
export const fillSetting = `SET LOCAL drover.fill = 'on'`;

/** Of a trigger that such a transaction does not fire. */
export const unlessFilling = `WHEN (current_setting('drover.fill', true) IS DISTINCT FROM 'on') `;

export function alter(at: ObjectName, action: string): string {
  return `ALTER TABLE ${quoteTable(at)} ${action}`;
}

/** What is never taken back. */
export function same(up: readonly string[]): StepStatements {
  return { up, down: [] };
}

export function columnList(names: readonly string[]): string {
  return names.map((name) => quoteIdent(name)).join(', ');
}

/** A role as a grantee. */
export function grantee(role: string): string {
  return role === 'public' ? 'PUBLIC' : quoteIdent(role);
}

/** A block that raises where a condition holds; the message says what was found. */
export function refuseWhere(tests: readonly { readonly exists: string; readonly message: string }[]): string {
  const lines = tests.map(
    ({ exists, message }) =>
      `  IF EXISTS (${exists}) THEN\n    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = ${quoteLiteral(message)};\n  END IF;`,
  );
  return `DO $drover$ BEGIN\n${lines.join('\n')}\nEND $drover$`;
}

/** A GRANT of a right that one does not have to give is a warning; a block that raises where it did not take. */
export function refuseUngranted(
  schema: string,
  rights: readonly (readonly [role: string, right: string])[],
): string {
  const tests = rights.map(
    ([role, right]) =>
      `has_schema_privilege(${quoteLiteral(role)}, ${quoteLiteral(schema)}, ${quoteLiteral(right)})`,
  );
  const message = quoteLiteral(`the rights on the schema ${schema} are not this login's to give`);
  return (
    `DO $drover$ BEGIN\n  IF NOT (${tests.join('\n    AND ')}) THEN\n` +
    `    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = ${message};\n  END IF;\nEND $drover$`
  );
}

/** A fill as one statement, and in parts. */
export function filled(batch: NonNullable<StepStatements['batch']>, down: readonly string[]): StepStatements {
  return { up: [fillSetting, `${batch.head}${batch.tail}`], down, batch };
}
