/** Everything that a configuration says in SQL or by types, as statements for the database to read (see `tryProbes`). */
import { findTable } from '../../engine/catalogue/catalog.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import { columnPath, findNamedTable } from '../../engine/catalogue/names.ts';
import type { ListedPlace } from '../../engine/rules/check-places.ts';
import type { RowCondition } from '../../engine/rules/conditions.ts';
import type { ConfigProblem } from '../../engine/rules/config.ts';
import { tenantLinks } from '../../engine/rules/links.ts';
import type { AllowedTable } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Resolved, Rules } from '../../engine/rules/references.ts';
import { allowedTest, allowedWhere } from '../sql/allowance.ts';
import { columnOf } from '../sql/cast.ts';
import { conditionSql } from '../sql/condition.ts';
import { linkSql } from '../sql/row.ts';
import { column, literal, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { modelProbes } from './model-probes.ts';
import { writtenProbe } from './probe.ts';
import type { Probe, ProbePath } from './probe.ts';

/** All statements of the parts of which nothing else is wrong. */
export function probesOf({ rules, listed, problems }: Resolved): Probe[] {
  const tables = rules.config.model?.tables ?? [];
  const models = rules.modelTables.map((model) => ({ model, at: tables.indexOf(model.config) }));
  return [
    ...models
      .filter(({ at }) => isSound(problems, ['model', 'tables', at]))
      .flatMap(({ model, at }) => modelProbes(rules, model, at)),
    ...tenantProbes(rules),
    ...listed.filter(({ at }) => isSound(problems, ['places', at])).flatMap((one) => placeProbes(rules, one)),
    ...deadProbes(rules),
  ];
}

function isSound(problems: readonly ConfigProblem[], part: ProbePath): boolean {
  return !problems.some(({ path }) => part.every((step, at) => path[at] === step));
}

function tenantProbes(rules: Rules): Probe[] {
  const { suspended, root = '' } = rules.config.tenant;
  const table = findNamedTable(rules.scope, root);
  const ofRoot =
    suspended === undefined || table === undefined
      ? []
      : [writtenProbe(rules, { path: ['tenant', 'suspended'], table, text: suspended })];
  return [...ofRoot, ...linkProbes(rules)];
}

function linkProbes(rules: Rules): Probe[] {
  return tenantLinks(rules.scope, rules.config).links.flatMap(({ table: id, hop, path, text }) => {
    const table = tableOf(rules, id);
    const other = tableOf(rules, hop.table);
    const { where: sqlOverOther, ...bare } = hop;
    const where =
      sqlOverOther === undefined ? [] : [writtenProbe(rules, { path, table: other, text: sqlOverOther })];
    const select = linkSql({ rules, table, size: 1, tenants: undefined }, bare);
    const says = (reason: string): string =>
      `the database cannot follow the link "${text}": ${reason}; both columns must be of one type`;
    return [{ path, select, says }, ...where];
  });
}

function deadProbes(rules: Rules): Probe[] {
  return Object.entries(rules.config.dead ?? {}).flatMap(([name, text]) => {
    const table = findNamedTable(rules.scope, name);
    return table === undefined ? [] : [writtenProbe(rules, { path: ['dead', name], table, text })];
  });
}

function placeProbes(rules: Rules, listed: ListedPlace): Probe[] {
  const conditions = (['live', 'ask', 'guard'] as const).flatMap((name) => {
    const condition = listed.place.conditions[name];
    return condition === undefined ? [] : [conditionProbe(rules, listed, { name, condition })];
  });
  return [
    ...conditions,
    ...mapProbes(rules, listed),
    ...demandProbes(rules, listed),
    ...allowedProbes(rules, listed),
  ];
}

function conditionProbe(
  rules: Rules,
  { at, place }: ListedPlace,
  { name, condition }: { readonly name: string; readonly condition: RowCondition },
): Probe {
  const table = tableOf(rules, place.table);
  const path = ['places', at, name];
  if (condition.kind === 'sql') return writtenProbe(rules, { path, table, text: condition.sql });
  const test = conditionSql({ rules }, condition);
  const select = sql`SELECT 1 FROM ${rowsOf(table)} t WHERE ${test}`;
  const other = tableOf(rules, condition.table);
  if (condition.kind === 'ancestor')
    return writtenProbe(rules, { path: [...path, 'where'], table: other, text: condition.sql, select });
  if (condition.kind === 'newest') {
    const order = columnPath(rules.scope, table, condition.order);
    return { path, select, says: (reason) => `the rows cannot be put in order by ${order}: ${reason}` };
  }
  const [theirs, own] = [condition.column, condition.own];
  const says = (reason: string): string =>
    `${columnPath(rules.scope, other, theirs)} cannot point at ${columnPath(rules.scope, table, own)}: ${reason}; ` +
    'both columns must be of one type';
  return { path, select, says };
}

/** The values that companions are given. */
function mapProbes(rules: Rules, { at, place }: ListedPlace): Probe[] {
  const table = tableOf(rules, place.table);
  return Object.entries(place.companions).flatMap(([name, rule]) => {
    if (typeof rule === 'string') return [];
    const { type } = columnOf(table, name);
    return Object.entries(rule.map).map(([old, value]): Probe => ({
      path: ['places', at, 'companions', name, 'map', old],
      select: sql`SELECT ${literal(value)}::${raw(type)}`,
      says: (reason) =>
        `"${value}" cannot stand in ${columnPath(rules.scope, table, name)}, which is of type ${type}: ${reason}`,
    }));
  });
}

/** Classes are compared as numbers. */
function demandProbes(rules: Rules, { at, place }: ListedPlace): Probe[] {
  const { demands } = place;
  const holder = findTable(rules.catalog, demands?.parent?.table ?? place.table);
  if (demands?.security === undefined || holder === undefined) return [];
  const path = columnPath(rules.scope, holder, demands.security);
  const { type } = columnOf(holder, demands.security);
  return [
    {
      path: ['places', at, 'demands', 'security'],
      select: sql`SELECT abs(${column('t', demands.security)}) FROM ${rowsOf(holder)} t`,
      says: () => `${path} is of type ${type}, and a security class is a number: name a column of numbers`,
    },
  ];
}

function allowedProbes(rules: Rules, { at, place }: ListedPlace): Probe[] {
  const { allowed } = place;
  if (allowed === undefined) return [];
  const path = ['places', at, 'allowed'];
  const table = tableOf(rules, place.table);
  if ('where' in allowed) {
    const select = sql`SELECT 1 FROM ${rowsOf(table)} t WHERE (${allowedWhere(allowed.where, raw('NULL::text'))})`;
    return [writtenProbe(rules, { path: [...path, 'where'], table, text: allowed.where, select })];
  }
  const tables: [ProbePath, AllowedTable][] = [
    [path, allowed],
    ...(allowed.sameIn === undefined
      ? []
      : [[[...path, 'sameIn'], allowed.sameIn] as [ProbePath, AllowedTable]]),
  ];
  return tables.flatMap(([own, one]) =>
    allowedTableProbes(rules, { path: own, table, column: place.column }, one),
  );
}

function allowedTableProbes(
  rules: Rules,
  { path, table, column: own }: { readonly path: ProbePath; readonly table: Table; readonly column: string },
  one: AllowedTable,
): Probe[] {
  const other = tableOf(rules, one.table);
  const compared = (what: ProbePath, theirs: string, mine: string, test: Sql): Probe => ({
    path: [...path, ...what],
    select: sql`SELECT 1 FROM ${rowsOf(table)} t, ${rowsOf(other)} x WHERE ${test}`,
    says: (reason) =>
      `${columnPath(rules.scope, other, theirs)} cannot be compared with ${columnPath(rules.scope, table, mine)}: ${reason}; ` +
      'name columns of one type, or a list of it',
  });
  const matches = Object.entries(one.match).map(([theirs, mine]) =>
    compared(['match', theirs], theirs, mine, sql`${column('x', theirs)} = ${column('t', mine)}`),
  );
  const value = allowedTest(columnOf(other, one.value), column('t', own));
  return [compared(['value'], one.value, own, value), ...matches];
}
