/** What V1 needed goes; none of it comes back. */
import { triggerName } from '../../engine/tenantize/course.ts';
import { quoteIdent, quoteLiteral, quoteTable } from '../../postgres/sql/identifiers.ts';
import { tenantInContext } from '../policies.ts';
import { dropOwnerTrigger } from './owner-sql.ts';
import { dropCounters } from './role-sql.ts';
import { alter } from './statement-text.ts';
import type { ChangeOf } from './statement-text.ts';
import { dropTwinTrigger } from './twin-sql.ts';

type ContractChange = ChangeOf<
  | 'drop-shim'
  | 'drop-foreign-key'
  | 'drop-narrow'
  | 'primary'
  | 'drop-twin'
  | 'context-default'
  | 'drop-type'
  | 'drop-v1'
  | 'drop-role'
  | 'drop-schema'
>;

export function contractStatements(change: ContractChange): string[] {
  switch (change.kind) {
    case 'drop-shim':
      return [
        ...change.shim.routines.map(({ signature }) => `DROP ROUTINE ${signature}`),
        `DROP VIEW ${quoteTable(change.shim.view)}`,
      ];
    case 'drop-foreign-key':
      return [alter(change.at, `DROP CONSTRAINT ${quoteIdent(change.name)}`)];
    case 'drop-narrow':
      return change.constraint
        ? [alter(change.at, `DROP CONSTRAINT ${quoteIdent(change.name)}`)]
        : [`DROP INDEX ${quoteTable({ schema: change.at.schema, name: change.name })}`];
    case 'primary':
      return [
        alter(change.at, `DROP CONSTRAINT ${quoteIdent(change.old)}`),
        alter(
          change.at,
          `ADD CONSTRAINT ${quoteIdent(change.old)} PRIMARY KEY USING INDEX ${quoteIdent(change.key.name)}`,
        ),
      ];
    case 'drop-twin': {
      const { kept, v2, fallback } = change.twin;
      return [
        ...dropTwinTrigger(change.at, change.twin),
        alter(change.at, `DROP COLUMN ${quoteIdent(kept)}`),
        ...(fallback === undefined
          ? []
          : [alter(change.at, `ALTER COLUMN ${quoteIdent(v2)} SET DEFAULT ${quoteLiteral(fallback)}`)]),
      ];
    }
    case 'context-default': {
      const { at, column, type, context } = change;
      return [
        ...(change.trigger ? dropOwnerTrigger(at, triggerName({ v2: at })) : []),
        alter(at, `ALTER COLUMN ${quoteIdent(column)} SET DEFAULT ${tenantInContext(context, type)}`),
      ];
    }
    case 'drop-type':
      return [`DROP TYPE ${change.type}`];
    case 'drop-v1':
      return [
        `DROP POLICY ${quoteIdent(change.role)} ON ${quoteTable(change.at)}`,
        ...dropCounters(change.at.name, change.at),
      ];
    case 'drop-schema':
      return [`DROP SCHEMA ${quoteIdent(change.schema)}`];
    case 'drop-role':
      return [`DROP OWNED BY ${quoteIdent(change.role)}`, `DROP ROLE ${quoteIdent(change.role)}`];
  }
}
