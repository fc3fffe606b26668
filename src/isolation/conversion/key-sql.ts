/** Keys and indexes that have the tenant. */
import type { KeyPart, WideForeignKey } from '../../engine/tenantize/conversion.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import { alter, columnList } from './statement-text.ts';
import type { ChangeOf, StepStatements } from './statement-text.ts';

export function indexStatements(
  change: ChangeOf<'wide-index' | 'wide-constraint' | 'index'>,
): StepStatements {
  const { at } = change;
  const on = quoteTable(at);
  if (change.kind === 'index') {
    const { name, columns } = change.index;
    return made(
      at.schema,
      name,
      `CREATE INDEX CONCURRENTLY ${quoteIdent(name)} ON ${on} (${columnList(columns)})`,
    );
  }
  const { name, parts, predicate, nullsNotDistinct, included } = change.key;
  if (change.kind === 'wide-constraint')
    return {
      up: [alter(at, `ADD CONSTRAINT ${quoteIdent(name)} UNIQUE USING INDEX ${quoteIdent(name)}`)],
      down: [alter(at, `DROP CONSTRAINT ${quoteIdent(name)}`)],
      along: true,
    };
  const text =
    `CREATE UNIQUE INDEX CONCURRENTLY ${quoteIdent(name)} ON ${on} (${parts.map(partText).join(', ')})` +
    (included === undefined ? '' : ` INCLUDE (${columnList(included)})`) +
    `${nullsNotDistinct ? ' NULLS NOT DISTINCT' : ''}${predicate === undefined ? '' : ` WHERE ${predicate}`}`;
  return made(at.schema, name, text);
}

function made(schema: string, name: string, up: string): StepStatements {
  return { up: [up], down: [`DROP INDEX CONCURRENTLY IF EXISTS ${quoteTable({ schema, name })}`] };
}

/** An expression is printed by the server itself, and put in parentheses unless it is a plain column under a collation. */
function partText(part: KeyPart): string {
  if ('column' in part) return quoteIdent(part.column);
  return / COLLATE /.test(part.expression) ? part.expression : `(${part.expression})`;
}

export function keyStatements({ kind, at, key }: ChangeOf<'foreign-key' | 'valid-key'>): StepStatements {
  const dropped = alter(at, `DROP CONSTRAINT ${quoteIdent(key.name)}`);
  const added = alter(at, addedKey(key));
  if (kind === 'foreign-key') return { up: [added], down: [dropped] };
  // A key that was validated stays so: whoever goes forth again must look at the rows of then.
  return { up: [alter(at, `VALIDATE CONSTRAINT ${quoteIdent(key.name)}`)], down: [dropped, added] };
}

function addedKey(key: WideForeignKey): string {
  const set = key.setColumns.length === 0 ? '' : ` (${columnList(key.setColumns)})`;
  const actions = [
    ...(key.onDelete === 'no action' ? [] : [` ON DELETE ${key.onDelete.toUpperCase()}${set}`]),
    ...(key.onUpdate === 'no action' ? [] : [` ON UPDATE ${key.onUpdate.toUpperCase()}`]),
    ...(key.deferrable === undefined ? [] : [' DEFERRABLE']),
    ...(key.deferrable === 'always' ? [' INITIALLY DEFERRED'] : []),
  ].join('');
  return (
    `ADD CONSTRAINT ${quoteIdent(key.name)} FOREIGN KEY (${columnList(key.columns)}) ` +
    `REFERENCES ${quoteTable(key.references)} (${columnList(key.referencedColumns)})${actions} NOT VALID`
  );
}
