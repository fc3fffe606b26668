/** What a step of a conversion says in SQL, and how it is taken back. */
import type { ConversionStep, StepChange } from '../../engine/tenantize/steps.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import { contractStatements } from './contract-sql.ts';
import { indexStatements, keyStatements } from './key-sql.ts';
import {
  bindStatements,
  grantStatements,
  roleStatements,
  shadowStatements,
  usageStatements,
} from './role-sql.ts';
import { rootStatements, schemaStatements, shimStatements } from './shim-sql.ts';
import { ownerColumn, ownerGate, ownerTrigger, fillOwner, filledKeys, quarantine } from './owner-sql.ts';
import { alter, same } from './statement-text.ts';
import type { StepStatements } from './statement-text.ts';
import { quiet, restored } from './trigger-sql.ts';
import { checkStatements, fillTwin, twinGate, twinStatements } from './twin-sql.ts';

/**
 * How a session that takes steps begins: it waits for no lock longer than others can bear, names everything with its schema, and is told
 * where a policy would hide rows from it. It has no tenant in its context.
 */
export function stepSession(context: string): readonly string[] {
  const setting = context.split('.').map(quoteIdent).join('.');
  return [
    `SET lock_timeout = '50ms'`,
    'SET statement_timeout = 0',
    'SET row_security = off',
    `SET search_path = ''`,
    `SET ${setting} = ''`,
  ];
}

/** The statements of a step. Those of one that runs in a transaction are one transaction. */
export function statementsOf({ change }: Pick<ConversionStep, 'change'>): StepStatements {
  return byKind(change);
}

function byKind(change: StepChange): StepStatements {
  switch (change.kind) {
    case 'schema':
      return schemaStatements(change);
    case 'root':
      return rootStatements(change);
    case 'shim':
      return shimStatements(change);
    case 'owner-column':
      return ownerColumn(change);
    case 'owner-trigger':
      return ownerTrigger(change);
    case 'twin':
      return twinStatements(change);
    case 'foreign-key':
    case 'valid-key':
      return keyStatements(change);
    case 'quiet':
      return quiet(change);
    case 'loud':
      return restored(change);
    case 'quarantine':
      return quarantine(change);
    case 'filled-keys':
      return filledKeys(change);
    case 'fill-owner':
      return fillOwner(change);
    case 'fill-twin':
      return fillTwin(change);
    case 'owner-gate':
      return ownerGate(change);
    case 'twin-gate':
      return twinGate(change);
    case 'not-null':
    case 'value-check':
    case 'valid-check':
    case 'drop-check':
      return checkStatements(change);
    case 'wide-index':
    case 'wide-constraint':
    case 'index':
      return indexStatements(change);
    case 'roles':
      return roleStatements(change);
    case 'usage':
      return usageStatements(change);
    case 'grants':
      return grantStatements(change);
    case 'shadow':
      return shadowStatements(change);
    case 'bind':
      return bindStatements(change);
    case 'invoker':
      return {
        up: [`ALTER VIEW ${quoteTable(change.view)} SET (security_invoker = true)`],
        down: [`ALTER VIEW ${quoteTable(change.view)} RESET (security_invoker)`],
      };
    case 'own':
      return same([alter(change.at, `OWNER TO ${quoteIdent(change.role)}`)]);
    case 'drop-shim':
    case 'drop-foreign-key':
    case 'drop-narrow':
    case 'primary':
    case 'drop-twin':
    case 'context-default':
    case 'drop-type':
    case 'drop-v1':
    case 'drop-role':
    case 'drop-schema':
      return same(contractStatements(change));
  }
}
