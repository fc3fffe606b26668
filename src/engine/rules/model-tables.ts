/** The tables that hold models, resolved against the catalogue. */
import { findColumn } from '../catalogue/catalog.ts';
import type { Table } from '../catalogue/catalog.ts';
import { findNamedColumn, findNamedTable, splitName } from '../catalogue/names.ts';
import type { NameScope } from '../catalogue/names.ts';
import type { Config, ConfigProblem, ModelTableConfig } from './config.ts';
import type { FactColumn, ModelTable } from './place.ts';

/** The tables that can be used. What is wrong with the others is added to `problems`. */
export function resolveModelTables(
  scope: NameScope,
  config: Config,
  problems: ConfigProblem[],
): ModelTable[] {
  return (config.model?.tables ?? []).flatMap((entry, at) => {
    const table = findNamedTable(scope, entry.table);
    const path = ['model', 'tables', at];
    if (table === undefined) {
      problems.push({ path: [...path, 'table'], message: `no table ${entry.table}` });
      return [];
    }
    const found = [
      ...columnProblems(table, entry),
      ...factProblems(scope, table, entry),
      ...providerProblems(scope, table, entry),
    ];
    problems.push(...found.map((problem) => ({ ...problem, path: [...path, ...problem.path] })));
    const tenant = entry.columns.tenant ?? config.tenant.column;
    const key = entry.key ?? table.primaryKey.find((column) => column !== tenant);
    if (key === undefined)
      problems.push({ path, message: `${entry.table} has no primary key: say which column is the "key"` });
    const facts = resolveFacts(scope, table, entry);
    return key === undefined ? [] : [{ table, kind: entry.kind ?? 'completion', key, facts, config: entry }];
  });
}

function columnProblems(table: Table, entry: ModelTableConfig): ConfigProblem[] {
  const { key, columns, retire = {} } = entry;
  const named: { readonly path: readonly string[]; readonly name: string }[] = [
    ...(key === undefined ? [] : [{ path: ['key'], name: key }]),
    ...Object.entries(columns).map(([what, name]) => ({ path: ['columns', what], name })),
    ...Object.keys(retire).map((name) => ({ path: ['retire', name], name })),
  ];
  return named
    .filter(({ name }) => findColumn(table, name) === undefined)
    .map(({ path, name }) => ({ path, message: `${entry.table} has no column ${name}` }));
}

/** The facts that can be read. */
function resolveFacts(scope: NameScope, table: Table, { facts = {} }: ModelTableConfig): ModelTable['facts'] {
  return Object.fromEntries(
    Object.entries(facts).flatMap(([what, text]) => {
      const fact = resolveFact(scope, table, text);
      return typeof fact === 'string' ? [] : [[what, fact]];
    }),
  );
}

function factProblems(scope: NameScope, table: Table, { facts = {} }: ModelTableConfig): ConfigProblem[] {
  return Object.entries(facts).flatMap(([what, text]) => {
    const fact = resolveFact(scope, table, text);
    return typeof fact === 'string' ? [{ path: ['facts', what], message: fact }] : [];
  });
}

/** A column of the table, or `column -> table.column` of the row that its key leads to; a text says what is wrong. */
function resolveFact(scope: NameScope, table: Table, text: string): FactColumn | string {
  const own = findColumn(table, text);
  if (own !== undefined) return { column: own.name };
  const [from = '', to, more] = text.split('->').map((part) => part.trim());
  const lead = findColumn(table, splitName(from)?.[0] ?? '');
  if (lead === undefined) return `${table.id} has no column ${from}`;
  const other = to === undefined || more !== undefined ? undefined : findNamedColumn(scope, to);
  if (other === undefined) return `no column ${to ?? text}: write "column -> table.column"`;
  const key = table.foreignKeys.find(
    (candidate) => candidate.references === other.table.id && candidate.columns.includes(lead.name),
  );
  const [only, second] = other.table.primaryKey;
  const led =
    key?.referencedColumns[key.columns.indexOf(lead.name)] ?? (second === undefined ? only : undefined);
  if (led === undefined) return `no foreign key on ${lead.name} leads to ${other.table.id}`;
  return { column: other.column.name, parent: { table: other.table, from: lead.name, to: led } };
}

/** `column` and `name` are of the table of providers: the one is what the models' column holds, the other what it is called. */
function providerProblems(scope: NameScope, models: Table, entry: ModelTableConfig): ConfigProblem[] {
  const { providers, columns } = entry;
  if (providers === undefined) return [];
  const table = findNamedTable(scope, providers.table);
  if (table === undefined) return [{ path: ['providers', 'table'], message: `no table ${providers.table}` }];
  if (columns.provider === undefined)
    return [
      {
        path: ['providers'],
        message:
          `nothing says which provider a model has: add to columns a "provider", the column of ${entry.table} ` +
          `that leads to ${providers.table}, or leave providers out`,
      },
    ];
  return (['column', 'name'] as const)
    .filter((what) => findColumn(table, providers[what]) === undefined)
    .map((what) => ({
      path: ['providers', what],
      message: `${providers.table} has no column ${providers[what]}${wayOut(models, table, { entry, what })}`,
    }));
}

function wayOut(
  models: Table,
  providers: Table,
  { entry, what }: { readonly entry: ModelTableConfig; readonly what: 'column' | 'name' },
): string {
  if (what === 'name') return ': say which of its columns holds the name of a provider';
  const own = entry.columns.provider ?? '';
  const key = models.foreignKeys.find(
    (candidate) => candidate.references === providers.id && candidate.columns.includes(own),
  );
  const leads = key?.referencedColumns[key.columns.indexOf(own)] ?? providers.primaryKey[0];
  return leads === undefined
    ? `: say which of its columns ${entry.table}.${own} is equal to`
    : `: ${entry.table}.${own} is equal to a column of ${entry.providers?.table ?? ''}, so write column: ${leads}`;
}
