/** What the configuration says of a table of models, as statements for the database to read. */
import { columnPath, findNamedTable } from '../../engine/catalogue/names.ts';
import { findColumn } from '../../engine/catalogue/catalog.ts';
import type { ModelTable } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { columnOf } from '../sql/cast.ts';
import { factSql } from '../sql/fact.ts';
import { column, literal, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { writtenProbe } from './probe.ts';
import type { Probe } from './probe.ts';

/** The statements of the table that is number `at` in the configuration. */
export function modelProbes(rules: Rules, model: ModelTable, at: number): Probe[] {
  const { config, table } = model;
  const path = ['model', 'tables', at];
  const written = (['enabled', 'deprecated', 'retired', 'global'] as const).flatMap((name) => {
    const text = config[name];
    return text === undefined ? [] : [writtenProbe(rules, { path: [...path, name], table, text })];
  });
  const probes = [
    ...factProbes(rules, model),
    ...retireProbes(rules, model),
    ...providerProbes(rules, model),
  ];
  return [...written, ...probes.map((probe) => ({ ...probe, path: [...path, ...probe.path] }))];
}

const kinds = {
  number: {
    facts: ['context', 'output', 'price_in', 'price_out', 'security'],
    test: (value: Sql) => sql`abs(${value})`,
    word: 'a number',
  },
  truth: {
    facts: ['vision', 'tools', 'reasoning', 'audio', 'structured'],
    test: (value: Sql) => sql`NOT ${value}`,
    word: 'true or false',
  },
  day: {
    facts: ['shutdown', 'announced'],
    test: (value: Sql) => sql`(${value})::date`,
    word: 'a date',
  },
  document: {
    facts: ['parameters'],
    test: (value: Sql) => sql`to_jsonb(${value}) - 'a'`,
    word: 'a json document',
  },
} as const;

/** A fact of another type would be taken for none, or for no number. */
function factProbes(rules: Rules, { table, facts }: ModelTable): Probe[] {
  return Object.values(kinds).flatMap(({ facts: names, test, word }) =>
    names.flatMap((name): Probe[] => {
      const fact = facts[name];
      if (fact === undefined) return [];
      const holder = fact.parent === undefined ? table : fact.parent.table;
      const shown = columnPath(rules.scope, holder, fact.column);
      const { type } = columnOf(holder, fact.column);
      const behind = fact.parent === undefined ? keyWay(rules, table, fact.column) : '';
      return [
        {
          path: ['facts', name],
          select: sql`SELECT ${test(factSql(rules, table, fact))} FROM ${rowsOf(table)} t`,
          says: () =>
            `${shown} is of type ${type}, and ${name} is ${word}: name a column of that type${behind}`,
        },
      ];
    }),
  );
}

/** Where the column leads to another table, the value may be there. */
function keyWay(rules: Rules, table: ModelTable['table'], name: string): string {
  const key = table.foreignKeys.find((candidate) => candidate.columns.includes(name));
  const other = rules.catalog.tables.find(({ id }) => id === key?.references);
  const value = other?.columns.find(
    ({ name: theirs, kind }) => kind === 'integer' && !key?.referencedColumns.includes(theirs),
  );
  if (other === undefined || value === undefined) return '';
  return `, or of the row that the key leads to: ${name} -> ${columnPath(rules.scope, other, value.name)}`;
}

/** What is written to the source at the end. */
function retireProbes(rules: Rules, { table, key, config }: ModelTable): Probe[] {
  return Object.entries(config.retire ?? {}).flatMap(([name, value]): Probe[] => {
    const own = findColumn(table, name);
    if (own === undefined || value === null) return [];
    const target = own.kind === 'text' ? sql`${column('t', key)}::text` : column('t', key);
    const type = raw(own.type);
    const select =
      value === '$target'
        ? sql`SELECT ${column('t', name)} = ${target} FROM ${rowsOf(table)} t`
        : value === '$now'
          ? sql`SELECT now()::${type}`
          : sql`SELECT ${literal(String(value))}::${type}`;
    return [
      {
        path: ['retire', name],
        select,
        says: (reason) =>
          `${String(value)} cannot be written to ${columnPath(rules.scope, table, name)}, which is of type ${own.type}: ${reason}`,
      },
    ];
  });
}

function providerProbes(rules: Rules, { table, config }: ModelTable): Probe[] {
  const { providers, columns } = config;
  const other = providers === undefined ? undefined : findNamedTable(rules.scope, providers.table);
  if (providers === undefined || other === undefined || columns.provider === undefined) return [];
  const theirs = findColumn(other, providers.column);
  const own = findColumn(table, columns.provider);
  if (theirs === undefined || own === undefined) return [];
  const usable =
    providers.usable === undefined
      ? []
      : [writtenProbe(rules, { path: ['providers', 'usable'], table: other, text: providers.usable })];
  return [
    {
      path: ['providers', 'column'],
      select: sql`SELECT 1 FROM ${rowsOf(table)} t, ${rowsOf(other)} x WHERE ${column('x', theirs.name)} = ${column('t', own.name)}`,
      says: (reason) =>
        `${columnPath(rules.scope, other, theirs.name)} is of type ${theirs.type}, and ${columnPath(rules.scope, table, own.name)} ` +
        `of type ${own.type}: ${reason}; write the column of ${providers.table} that it is equal to`,
    },
    ...usable,
  ];
}
