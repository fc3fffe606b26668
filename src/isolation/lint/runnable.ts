/** What of a migration runs in one transaction of a scratch database. */
import { nodes, opened, textOf } from '../conditions/tree.ts';
import { walked } from './sketch.ts';
import type { LintStatement } from './statements.ts';

/** The statement as it is run; nothing where it only begins or ends a transaction. */
export function runnable({ kind, text }: LintStatement): string {
  if (kind === 'TransactionStmt') return '';
  // Nobody writes there meanwhile, and in a transaction the word is refused.
  const isIndex = kind === 'IndexStmt' || kind === 'DropStmt' || kind === 'ReindexStmt';
  return isIndex ? text.replace(/\bCONCURRENTLY\b/i, '') : text;
}

/** Roles that the statements name and do not make, with those that are known to be there. */
export function rolesMissing(statements: readonly LintStatement[], known: readonly string[]): string[] {
  const made = new Set<string>();
  const named = new Set(known);
  for (const { kind, body } of statements) {
    if (kind === 'CreateRoleStmt') made.add(textOf(body['role']));
    if (kind === 'GrantRoleStmt')
      for (const role of nodes(body['granted_roles'])) named.add(textOf(opened(role).body['priv_name']));
    for (const { kind: of, body: spec } of walked(body))
      if ((of === 'RoleSpec' || of === 'role' || of === 'newowner') && spec['rolename'] !== undefined)
        named.add(textOf(spec['rolename']));
  }
  return [...named].filter(
    (name) => name !== '' && name !== 'postgres' && !name.startsWith('pg_') && !made.has(name),
  );
}
