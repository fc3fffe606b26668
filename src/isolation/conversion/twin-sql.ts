/** A column that V1 and V2 write in two ways: a write to either reaches the other. */
import type { ObjectName, TwinColumn } from '../../engine/tenantize/conversion.ts';
import { quoteIdent, quoteLiteral, quoteTable } from '../../postgres/sql/identifiers.ts';
import { alter, filled, refuseWhere } from './statement-text.ts';
import type { ChangeOf, StepStatements } from './statement-text.ts';

/** V2's value of V1's; NULL where there is none. */
function toV2({ map }: TwinColumn, value: string): string {
  const cases = map.map(({ from, to }) => `WHEN ${quoteLiteral(from)} THEN ${quoteLiteral(to)}`);
  // In parentheses: PL/pgSQL ends a condition at the first THEN outside of them.
  return `(CASE ${value}::text ${cases.join(' ')} END)`;
}

/** V1's value of V2's: where several became one, the first of them. */
function toV1({ map, type }: TwinColumn, value: string): string {
  const first = map.filter(({ to }, at) => map.findIndex((other) => other.to === to) === at);
  const cases = first.map(({ from, to }) => `WHEN ${quoteLiteral(to)} THEN ${quoteLiteral(from)}`);
  return `(CASE ${value} ${cases.join(' ')} END)::${type}`;
}

export function twinStatements({ at, twin }: ChangeOf<'twin'>): StepStatements {
  const [v1, v2] = [`NEW.${quoteIdent(twin.kept)}`, `NEW.${quoteIdent(twin.v2)}`];
  const was = `OLD.${quoteIdent(twin.v2)}`;
  const called = quoteTable({ schema: at.schema, name: twin.function });
  // The old value stays where it already means the new one, so that of several that became one each row keeps its own.
  const body = [
    'BEGIN',
    `  IF ${v2} IS NOT NULL AND (TG_OP = 'INSERT' OR ${v2} IS DISTINCT FROM ${was}) THEN`,
    `    IF ${v2} IS DISTINCT FROM ${toV2(twin, v1)} THEN ${v1} := ${toV1(twin, v2)}; END IF;`,
    `  ELSIF TG_OP = 'UPDATE' AND ${v2} IS NULL AND ${was} IS NOT NULL AND ${v1} IS NOT DISTINCT FROM OLD.${quoteIdent(twin.kept)} THEN`,
    `    ${v1} := NULL;`,
    '  ELSE',
    `    ${v2} := ${toV2(twin, v1)};`,
    '  END IF;',
    '  RETURN NEW;',
    'END',
  ].join('\n');
  return {
    up: [
      alter(at, `ADD COLUMN ${quoteIdent(twin.v2)} text`),
      `CREATE FUNCTION ${called}() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $drover$\n${body}\n$drover$`,
      `CREATE TRIGGER ${quoteIdent(twin.function)} BEFORE INSERT OR UPDATE ON ${quoteTable(at)} ` +
        `FOR EACH ROW EXECUTE FUNCTION ${called}()`,
    ],
    down: [...dropTwinTrigger(at, twin), alter(at, `DROP COLUMN ${quoteIdent(twin.v2)}`)],
  };
}

export function dropTwinTrigger(at: ObjectName, { function: name }: TwinColumn): string[] {
  const called = quoteTable({ schema: at.schema, name });
  return [`DROP TRIGGER ${quoteIdent(name)} ON ${quoteTable(at)}`, `DROP FUNCTION ${called}()`];
}

export function fillTwin({ at, twin }: ChangeOf<'fill-twin'>): StepStatements {
  const [v1, v2] = [quoteIdent(twin.kept), quoteIdent(twin.v2)];
  const head = `UPDATE ${quoteTable(at)} t SET ${v2} = ${toV2(twin, `t.${v1}`)} WHERE t.${v2} IS NULL AND t.${v1} IS NOT NULL`;
  return filled({ of: at, head, tail: '' }, []);
}

export function twinGate({ at, twin }: ChangeOf<'twin-gate'>): StepStatements {
  const value = toV2(twin, `t.${quoteIdent(twin.kept)}`);
  const exists = `SELECT FROM ${quoteTable(at)} t WHERE ${value} IS DISTINCT FROM t.${quoteIdent(twin.v2)}`;
  const unmapped = `SELECT FROM ${quoteTable(at)} t WHERE t.${quoteIdent(twin.kept)} IS NOT NULL AND ${value} IS NULL`;
  return {
    up: [
      refuseWhere([
        { exists: unmapped, message: `${at.name}.${twin.kept} has values without a place in V2` },
        { exists, message: `${at.name}.${twin.kept} and ${twin.v2} differ` },
      ]),
    ],
    down: [],
  };
}

type CheckChange = ChangeOf<'not-null' | 'value-check' | 'valid-check' | 'drop-check'>;

/** A CHECK is added without validation and validated by itself: only the second reads the rows, and under a weaker lock. */
export function checkStatements(change: CheckChange): StepStatements {
  const { at } = change;
  if (change.kind === 'valid-check')
    return { up: [alter(at, `VALIDATE CONSTRAINT ${quoteIdent(change.check)}`)], down: [] };
  if (change.kind === 'value-check') {
    const { check, v2, set } = change.twin;
    return added(at, check, `${quoteIdent(v2)} IN (${set.map((value) => quoteLiteral(value)).join(', ')})`);
  }
  if (change.kind === 'not-null') return added(at, change.check, `${quoteIdent(change.column)} IS NOT NULL`);
  const name = quoteIdent(change.column);
  const given = added(at, change.check, `${name} IS NOT NULL`);
  return {
    up: [
      // It is valid already, unless somebody went back to here and forth again: then rows are read before the exclusive lock.
      alter(at, `VALIDATE CONSTRAINT ${quoteIdent(change.check)}`),
      alter(at, `ALTER COLUMN ${name} SET NOT NULL`),
      ...given.down,
    ],
    down: [...given.up, alter(at, `ALTER COLUMN ${name} DROP NOT NULL`)],
  };
}

function added(at: ObjectName, name: string, test: string): StepStatements {
  return {
    up: [alter(at, `ADD CONSTRAINT ${quoteIdent(name)} CHECK (${test}) NOT VALID`)],
    down: [alter(at, `DROP CONSTRAINT IF EXISTS ${quoteIdent(name)}`)],
  };
}
