/** Schemas, the table of tenants, and views that keep the names of V1. */
import type { AclEntry } from '../../engine/isolation/facts.ts';
import type { PlannedRoutine } from '../../engine/tenantize/conversion.ts';
import type { ShimChange } from '../../engine/tenantize/steps.ts';
import { quoteIdent, quoteLiteral, quoteTable } from '../../postgres/sql/identifiers.ts';
import { refuseOthers } from './owner-sql.ts';
import { alter, grantee, refuseUngranted } from './statement-text.ts';
import type { ChangeOf, StepStatements } from './statement-text.ts';

export function schemaStatements({ schema, isThere, users }: ChangeOf<'schema'>): StepStatements {
  const name = quoteIdent(schema);
  const roles = users.map(grantee).join(', ');
  const granted = users.length === 0 ? [] : [`GRANT USAGE ON SCHEMA ${name} TO ${roles}`];
  if (!isThere) return { up: [`CREATE SCHEMA ${name}`, ...granted], down: [`DROP SCHEMA ${name}`] };
  if (users.length > 0)
    granted.push(
      refuseUngranted(
        schema,
        users.map((role) => [role, 'USAGE']),
      ),
    );
  return { up: granted, down: users.length === 0 ? [] : [`REVOKE USAGE ON SCHEMA ${name} FROM ${roles}`] };
}

export function rootStatements({ at, key, display, zero }: ChangeOf<'root'>): StepStatements {
  const columns = [
    `${quoteIdent(key)} uuid PRIMARY KEY DEFAULT gen_random_uuid()`,
    `${quoteIdent(display)} text NOT NULL`,
    'created_at timestamptz NOT NULL DEFAULT now()',
  ];
  const first =
    zero === undefined
      ? []
      : [
          `INSERT INTO ${quoteTable(at)} (${quoteIdent(key)}, ${quoteIdent(display)}) ` +
            `VALUES (${quoteLiteral(zero)}, 'Tenant zero')`,
        ];
  const others = zero === undefined ? [] : refuseOthers(at, `${quoteIdent(key)} <> ${quoteLiteral(zero)}`);
  return {
    up: [`CREATE TABLE ${quoteTable(at)} (${columns.join(', ')})`, ...first],
    down: [...others, `DROP TABLE ${quoteTable(at)}`],
  };
}

/** One transaction: prepared statements on open connections go on. */
export function shimStatements({ v1, v2, shim, renamed, owner, grants }: ShimChange): StepStatements {
  const moved = { schema: v2.schema, name: v1.name };
  const columns = shim.columns.map(({ column, as }) =>
    column === as ? `t.${quoteIdent(column)}` : `t.${quoteIdent(column)} AS ${quoteIdent(as)}`,
  );
  const view = quoteTable(shim.view);
  const others = grants.filter(({ grantee: role }) => role !== owner);
  const dropped = shim.routines.map(({ signature }) => `DROP ROUTINE ${signature}`);
  const made = shim.routines.flatMap(routineText);
  const isRenamed = v1.name !== v2.name;
  return {
    up: [
      ...dropped,
      alter(v1, `SET SCHEMA ${quoteIdent(v2.schema)}`),
      ...(isRenamed ? [alter(moved, `RENAME TO ${quoteIdent(v2.name)}`)] : []),
      ...renamed.map(({ from, to }) => alter(v2, `RENAME COLUMN ${quoteIdent(from)} TO ${quoteIdent(to)}`)),
      `CREATE VIEW ${view} WITH (security_invoker = true) AS\n  SELECT ${columns.join(', ')}\n  FROM ${quoteTable(v2)} t`,
      `ALTER VIEW ${view} OWNER TO ${quoteIdent(owner)}`,
      ...others.map((entry) => grantOn(view, shim.columns, entry)),
      ...made,
    ],
    down: [
      ...dropped,
      `DROP VIEW ${view}`,
      ...renamed.map(({ from, to }) => alter(v2, `RENAME COLUMN ${quoteIdent(to)} TO ${quoteIdent(from)}`)),
      ...(isRenamed ? [alter(v2, `RENAME TO ${quoteIdent(v1.name)}`)] : []),
      alter(moved, `SET SCHEMA ${quoteIdent(v1.schema)}`),
      ...made,
    ],
  };
}

function routineText({ signature, definition, owner, grantees }: PlannedRoutine): string[] {
  return [
    definition,
    `ALTER ROUTINE ${signature} OWNER TO ${quoteIdent(owner)}`,
    `REVOKE ALL ON ROUTINE ${signature} FROM PUBLIC`,
    ...grantees.map((role) => `GRANT EXECUTE ON ROUTINE ${signature} TO ${grantee(role)}`),
  ];
}

function grantOn(view: string, columns: ShimChange['shim']['columns'], entry: AclEntry): string {
  const called = columns.find(({ column, as }) => as === entry.column || column === entry.column)?.as;
  const part = entry.column === undefined ? '' : ` (${quoteIdent(called ?? entry.column)})`;
  return `GRANT ${entry.privilege.toUpperCase()}${part} ON ${view} TO ${grantee(entry.grantee)}`;
}
