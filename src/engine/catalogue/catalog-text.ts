/**
 * The definition of each table as canonical text, one fact per line. Two readings of one table can be compared. Row estimates are
 * left out, because they change by themselves. Facts are sorted; only the order of the columns within a key counts.
 */
import { displayName } from './catalog.ts';
import type { Catalog, Column, ForeignKey, Policy, Table, TableId, Trigger, UniqueIndex } from './catalog.ts';

/** By table, the lines of its definition. */
export type CatalogText = Readonly<Record<TableId, string>>;

/** What a plan rests on, table by table. Equal text means an equal definition. */
export function catalogFingerprint(catalog: Catalog): CatalogText {
  const entries = catalog.tables.map((table): [TableId, string] => [table.id, tableText(table)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function tableText(table: Table): string {
  const lines = [
    ...table.columns.map(columnLine),
    ...table.uniqueIndexes.map(indexLine),
    ...table.foreignKeys.map(foreignKeyLine),
    ...table.triggers.map(triggerLine),
    ...table.policies.map(policyLine),
    `partitions: ${table.partitioned ? 'yes' : 'no'}`,
    `row security: ${table.rowSecurity.enabled ? 'enabled' : 'disabled'}${table.rowSecurity.forced ? ', forced' : ''}`,
  ];
  return lines.sort().join('\n');
}

/** A fact on one line, however its text was written. */
function line(kind: string, name: string, facts: readonly (string | false | undefined)[]): string {
  const said = facts.filter((fact) => fact !== false && fact !== undefined && fact !== '');
  return `${kind} ${displayName(name)}: ${said.join(', ')}`.replaceAll(/\s*\n\s*/g, ' ');
}

function list(columns: readonly (string | null)[], expressions: UniqueIndex['expressions'] = []): string {
  const parts = columns.map((column, at) => expressions[at] ?? displayName(column ?? '<expression>'));
  return `(${parts.join(', ')})`;
}

function columnLine(column: Column): string {
  return line('column', column.name, [
    column.type,
    column.kind,
    column.comparison?.loose === true && 'written in several ways',
    column.labels !== undefined && `labels ${column.labels.map(displayName).join(' ')}`,
    column.notNull && 'not null',
    column.hasDefault && 'default',
    column.generated && 'generated',
    column.computed && 'computed',
  ]);
}

function indexLine(index: UniqueIndex): string {
  return line(index.primary ? 'primary key' : 'unique index', index.name, [
    list(index.columns, index.expressions),
    index.predicate !== undefined && `where ${index.predicate}`,
    index.nullsNotDistinct && 'nulls not distinct',
  ]);
}

function foreignKeyLine(key: ForeignKey): string {
  return line('foreign key', key.name, [
    `${list(key.columns)} to ${key.references} ${list(key.referencedColumns)}`,
    `on delete ${key.onDelete}`,
    `on update ${key.onUpdate}`,
    key.deferrable && 'deferrable',
    !key.validated && 'not validated',
  ]);
}

function triggerLine(trigger: Trigger): string {
  return line('trigger', trigger.name, [trigger.definition, !trigger.enabled && 'disabled']);
}

function policyLine(policy: Policy): string {
  return line('policy', policy.name, [
    `${policy.permissive ? 'permissive' : 'restrictive'} for ${policy.command} to ${policy.roles.join(' ')}`,
    policy.using !== undefined && `using ${policy.using}`,
    policy.withCheck !== undefined && `with check ${policy.withCheck}`,
  ]);
}
