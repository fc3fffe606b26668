/** Names of the configuration that no table or column answers to, beside those of models and places. */
import { findColumn } from '../catalogue/catalog.ts';
import { findNamedColumn, findNamedTable } from '../catalogue/names.ts';
import type { NameScope } from '../catalogue/names.ts';
import type { Config, ConfigProblem } from './config.ts';

export interface NamedOnce {
  readonly path: ConfigProblem['path'];
  readonly name: string;
}

/** Columns of one table. */
interface NamedColumns {
  readonly path: ConfigProblem['path'];
  readonly table: string;
  readonly columns: readonly string[];
}

export function nameProblems(scope: NameScope, config: Config): ConfigProblem[] {
  const { unrelated = [] } = config.tenant;
  const columns = unrelated.map((name, at) => ({ path: ['tenant', 'unrelated', at], name }));
  return [
    ...tablesNamed(config)
      .filter(({ name }) => findNamedTable(scope, name) === undefined)
      .map(({ path, name }) => ({ path, message: `no table ${name}` })),
    ...columns
      .filter(({ name }) => findNamedColumn(scope, name) === undefined)
      .map(({ path, name }) => ({ path, message: `no column ${name}` })),
    ...columnsNamed(config).flatMap((one) => columnProblems(scope, one)),
    ...tenantProblems(scope, config),
  ];
}

function tablesNamed({ tenant: { root, global = [] }, database, tenantize, ...config }: Config): NamedOnce[] {
  const isMade = tenantize?.root === 'make';
  const sections = (['dead', 'display', 'types', 'unique'] as const).flatMap((section) =>
    Object.keys(config[section] ?? {}).map((name) => ({ path: [section, name], name })),
  );
  return [
    ...(root === undefined || root === 'none' || isMade ? [] : [{ path: ['tenant', 'root'], name: root }]),
    ...global.map((name, at) => ({ path: ['tenant', 'global', at], name })),
    ...Object.keys(database?.keys ?? {}).map((name) => ({ path: ['database', 'keys', name], name })),
    ...sections,
  ];
}

function columnsNamed({
  tenant: { root = '', key, display: shown },
  database,
  display = {},
  unique = {},
}: Config): NamedColumns[] {
  return [
    ...(key === undefined ? [] : [{ path: ['tenant', 'key'], table: root, columns: [key] }]),
    ...(shown === undefined ? [] : [{ path: ['tenant', 'display'], table: root, columns: [shown] }]),
    ...Object.entries(display).map(([table, name]) => ({ path: ['display', table], table, columns: [name] })),
    ...Object.entries(unique).flatMap(([table, keys]) =>
      keys.map((columns, at) => ({ path: ['unique', table, at], table, columns })),
    ),
    ...Object.entries(database?.keys ?? {}).map(([table, columns]) => ({
      path: ['database', 'keys', table],
      table,
      columns,
    })),
  ];
}

/** A table that is not there is a problem of its own. */
function columnProblems(scope: NameScope, { path, table: called, columns }: NamedColumns): ConfigProblem[] {
  const table = findNamedTable(scope, called);
  if (table === undefined) return [];
  return columns
    .filter((name) => findColumn(table, name) === undefined)
    .map((name) => ({ path, message: `${called} has no column ${name}` }));
}

function tenantProblems(
  scope: NameScope,
  { tenant: { root = '', key, column }, tenantize }: Config,
): ConfigProblem[] {
  const table = findNamedTable(scope, root);
  const keyless =
    table === undefined || key !== undefined || table.primaryKey.length > 0
      ? []
      : [{ path: ['tenant', 'root'], message: `${root} has no primary key: say which column is the "key"` }];
  const unused =
    column === undefined ||
    tenantize !== undefined ||
    root === 'none' ||
    root === '' ||
    scope.catalog.tables.some((each) => findColumn(each, column))
      ? []
      : [
          {
            path: ['tenant', 'column'],
            message: `no table has a column ${column}: leave it out where foreign keys say whose a row is`,
          },
        ];
  return [...keyless, ...unused];
}
