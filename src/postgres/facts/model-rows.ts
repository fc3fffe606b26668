/** The model rows that a tenant may mean, read by what the configuration says their columns are. */
import { askEach } from '../driver/members.ts';
import { modelTablesOf } from '../../engine/rules/references.ts';
import { withKnowledge } from '../../engine/models/knowledge.ts';
import { namedModel } from '../../engine/models/model.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import type { ModelTable } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { isSharedRows, recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { columnOf, equalsAny, equalsEach } from '../sql/cast.ts';
import type { Each } from '../sql/match.ts';
import { factSql, sameTenantSql } from '../sql/fact.ts';
import { mineSql } from '../sql/row.ts';
import { canBeEverybodys, globalSql, isGlobalTable, ownColumn, tenantSql } from './model-owner.ts';
import {
  allOf,
  anyOf,
  bind,
  column as columnSql,
  each,
  list,
  literal,
  raw,
  rowsOf,
  sql,
} from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { inOrder, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { modelFacts } from './model-facts.ts';
import type { ModelRow } from './model-facts.ts';

/** This tenant's models of one kind and the global ones; never another tenant's. */
export async function listModels(
  tx: Tx,
  rules: Rules,
  about: { model: ModelTable; tenant: TenantKey },
): Promise<ModelFacts[]> {
  const tenants = about.tenant === undefined ? undefined : [about.tenant];
  const [models = []] = await tx.ask(modelsOf(rules, { model: about.model, tenants }));
  return models;
}

/** For each of several tenants its models of one kind, and the global ones. */
function modelsOf(
  rules: Rules,
  { model, tenants }: { model: ModelTable; tenants: Each | undefined },
): Question<ModelFacts[][]> {
  const size = tenants?.length ?? 1;
  if (isSharedRows(tenants?.[0]) && !canBeEverybodys(rules, model))
    return { statements: [], read: () => [[]] };
  const mine = mineSql({ rules, table: model.table, size, tenants });
  const where = anyOf([sql`(${mine})`, globalSql(rules, model)]);
  return readAs(askEach<ModelRow>(size, modelsSql(rules, model, where)), (rows) =>
    rows.map((own) => withoutOthersNames(factsOf(rules, model, own))),
  );
}

/** The models of one kind, for each of several tenants; none where no table holds any. */
export function modelsOfKind(
  rules: Rules,
  { kind, tenants }: { readonly kind: string; readonly tenants: Each | undefined },
): Question<ModelFacts[][]> {
  const tables = modelTablesOf(rules, kind).map((model) => modelsOf(rules, { model, tenants }));
  return readAs(inOrder(tables), (found) =>
    Array.from({ length: tenants?.length ?? 1 }, (_, at) => found.flatMap((each) => each[at] ?? [])),
  );
}

/** What models in use that have one of the names are called, whosesoever they are; of each once. As far as the session sees them. */
export function modelsNamed(
  rules: Rules,
  models: readonly ModelTable[],
  names: readonly string[],
): Question<ModelFacts[]> {
  const tables = models.map((model) => {
    const { config, table, kind } = model;
    const named = sql`${columnSql('t', config.columns.name)}::text = ANY (${bind(names, 'text[]')})`;
    const used = sql`${flag(config.enabled, true)} AND NOT ${flag(config.retired, false)} AND NOT ${markedSql(model)}`;
    const select = sql`SELECT DISTINCT ${componentsSql(rules, model)} AS components FROM ${rowsOf(table)} t WHERE ${named} AND ${used}`;
    return readAs(askEach<Pick<ModelFacts, 'components'>>(1, select), ([rows = []]) =>
      rows.map(({ components }) => namedModel({ kind, components })),
    );
  });
  return readAs(inOrder(tables), (found) => found.flat());
}

/** The models of one kind of one tenant. */
export async function listModelsOfKind(
  tx: Tx,
  { rules, tenant }: { readonly rules: Rules; readonly tenant: TenantKey },
  kind: string,
): Promise<ModelFacts[]> {
  if (modelTablesOf(rules, kind).length === 0) return [];
  const tenants = tenant === undefined ? undefined : [tenant];
  const [models = []] = await tx.ask(modelsOfKind(rules, { kind, tenants }));
  return models;
}

/** A text that is the very name of another row of that tenant means that one, although both are the same model. */
function withoutOthersNames(models: ModelFacts[]): ModelFacts[] {
  const named = ({ tenant }: ModelFacts, name = ''): string => `${recordedTenant(tenant)} ${name}`;
  const taken = new Set(models.map((model) => named(model, model.components['name'])));
  return models.map((model) => {
    const { spellings = [], components } = model;
    const own = spellings.filter(({ text }) => text === components['name'] || !taken.has(named(model, text)));
    return own.length === spellings.length ? model : { ...model, spellings: own };
  });
}

/**
 * The models of several tenants, and those of everybody, that have one of the names (whatever its case; left out: any) or keys; by
 * tenant the index on the tenant column serves. Only where `canReadTogether`.
 */
export async function listModelsOfTenants(
  tx: Tx,
  rules: Rules,
  about: {
    model: ModelTable;
    tenants: readonly string[];
    names?: readonly string[];
    keys: readonly string[];
  },
): Promise<ModelFacts[]> {
  const { config, table, key } = about.model;
  const own = isGlobalTable(rules, about.model) ? undefined : ownColumn(rules, about.model);
  const owned =
    own === undefined
      ? raw('true')
      : equalsAny(columnOf(table, own), columnSql('t', own), (type) => bind(about.tenants, type));
  const names = about.names?.map((name) => name.toLowerCase());
  const named =
    names === undefined
      ? raw('true')
      : sql`lower(${columnSql('t', config.columns.name)}::text) = ANY (${bind(names, 'text[]')})`;
  const keyed = sql`${columnSql('t', key)}::text = ANY (${bind(about.keys, 'text[]')})`;
  const where = sql`((${owned}) OR ${globalSql(rules, about.model)}) AND (${named} OR ${keyed})`;
  return factsOf(rules, about.model, await tx.many<ModelRow>(modelsSql(rules, about.model, where)));
}

function modelsSql(rules: Rules, model: ModelTable, where: Sql): Sql {
  const { config, table } = model;
  const { updated } = config.columns;
  const columns = [
    sql`${columnSql('t', model.key)}::text AS key`,
    sql`${tenantSql(rules, model)} AS tenant`,
    sql`${componentsSql(rules, model)} AS components`,
    sql`${flag(config.enabled, true)} AS enabled`,
    sql`${flag(config.deprecated, false)} AS deprecated`,
    sql`${flag(config.retired, false)} AS retired`,
    sql`${usableSql(rules, model)} AS usable`,
    sql`${markedSql(model)} AS marked`,
    sql`${updated === undefined ? raw('NULL') : columnSql('t', updated)}::text AS updated`,
    sql`${successorSql(config)} AS successor`,
    sql`${factsSql(rules, model)} AS facts`,
  ];
  return sql`SELECT ${list(columns)} FROM ${rowsOf(table)} t WHERE ${where} ORDER BY 1`;
}

function factsOf(rules: Rules, { kind, config, table }: ModelTable, rows: readonly ModelRow[]): ModelFacts[] {
  const about = { knowledge: rules.knowledge, said: saidBy(config) };
  // A key means nothing without its table where another table may have the same one.
  const held = modelTablesOf(rules, kind).length > 1 ? { table: table.id } : {};
  return rows.map((row) => withKnowledge({ ...modelFacts(kind, row), ...held }, about));
}

/** A family that the table has a column for is its own affair, in its own words. */
function saidBy({ facts = {}, columns }: ModelTable['config']): ReadonlySet<string> {
  return new Set([...Object.keys(facts), ...(columns.family === undefined ? [] : ['family'])]);
}

function flag(condition: string | undefined, otherwise: boolean): Sql {
  const plain = raw(String(otherwise));
  return condition === undefined ? plain : sql`coalesce((${raw(condition)}), ${plain})`;
}

function componentsSql(rules: Rules, model: ModelTable): Sql {
  const { name, family, provider } = model.config.columns;
  const parts = [
    sql`'name', ${columnSql('t', name)}::text`,
    ...(family === undefined ? [] : [sql`'family', ${columnSql('t', family)}::text`]),
    ...(provider === undefined ? [] : [sql`'provider', ${providerSql(rules, model, provider)}`]),
  ];
  return sql`jsonb_strip_nulls(jsonb_build_object(${list(parts)}))`;
}

/** Is row `t` of the table the model itself, by its key or by all that it is called? One model for each member. */
export function isModelSql(rules: Rules, model: ModelTable, models: readonly ModelFacts[]): Sql {
  const called = each(
    models.map(({ components }) => JSON.stringify(components)),
    'text::jsonb',
  );
  const keys = each(
    models.map(({ key, table }) => (table === undefined || table === model.table.id ? (key ?? '') : '')),
    'text',
  );
  return sql`coalesce(${columnSql('t', model.key)}::text = ${keys} OR ${componentsSql(rules, model)} = ${called}, false)`;
}

/** A provider is named by its own table where there is one, otherwise by the column's text. */
function providerSql(rules: Rules, model: ModelTable, name: string): Sql {
  const { providers } = model.config;
  const rows = providerRows(rules, model, name);
  if (providers === undefined || rows === undefined) return sql`${columnSql('t', name)}::text`;
  return sql`(SELECT ${columnSql('x', providers.name)}::text FROM ${rows} LIMIT 1)`;
}

function usableSql(rules: Rules, model: ModelTable): Sql {
  const { providers, columns } = model.config;
  const rows = columns.provider === undefined ? undefined : providerRows(rules, model, columns.provider);
  if (providers?.usable === undefined || rows === undefined) return raw('NULL::boolean');
  return sql`EXISTS (SELECT 1 FROM ${rows} AND (${raw(providers.usable)}))`;
}

/** The row `x` of the provider of model `t`; of the same tenant, where a session sees no other. */
function providerRows(
  rules: Rules,
  { config: { providers }, table: models }: ModelTable,
  name: string,
): Sql | undefined {
  const table = providers === undefined ? undefined : findNamedTable(rules.scope, providers.table);
  if (providers === undefined || table === undefined) return undefined;
  const same = sameTenantSql(rules, { own: models, other: table, alias: 'x' });
  return sql`${rowsOf(table)} x WHERE ${same}${columnSql('x', providers.column)} = ${columnSql('t', name)}`;
}

/** The column in which a migration writes what it moved to. */
function successorSql({ retire = {} }: ModelTable['config']): Sql {
  const [name] = Object.entries(retire).find(([, value]) => value === '$target') ?? [];
  return name === undefined ? raw('NULL::text') : sql`${columnSql('t', name)}::text`;
}

function factsSql(rules: Rules, { table, facts }: ModelTable): Sql {
  const parts = Object.entries(facts).map(
    ([name, fact]) => sql`${literal(name)}, to_jsonb(${factSql(rules, table, fact)})`,
  );
  return sql`jsonb_build_object(${list(parts)})`;
}

/** Does the row carry the mark already? A literal must be there; of `$target` and `$now`, any value. */
function markedSql({ config, table }: ModelTable): Sql {
  const tests = Object.entries(config.retire ?? {}).map(([name, value]) => {
    const own = columnSql('t', name);
    if (value === '$target' || value === '$now') return sql`${own} IS NOT NULL`;
    return value === null ? sql`${own} IS NULL` : equalsEach(columnOf(table, name), own, [String(value)]);
  });
  return tests.length === 0 ? raw('false') : sql`coalesce(${allOf(tests)}, false)`;
}
