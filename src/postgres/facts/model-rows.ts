/** The model rows that a tenant may mean, read by what the configuration says their columns are. */
import { askEach } from '../driver/members.ts';
import { modelTableOf } from '../../engine/rules/references.ts';
import { withKnowledge } from '../../engine/models/knowledge.ts';
import type { ModelFacts, ParameterSupport } from '../../engine/models/model.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import type { ModelTable } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { castFor, columnOf } from '../sql/cast.ts';
import type { Each } from '../sql/match.ts';
import { mineSql } from '../sql/row.ts';
import { canBeEverybodys, globalSql, isGlobalTable, ownColumn, tenantSql } from './model-owner.ts';
import { allOf, anyOf, bind, column as columnSql, list, literal, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';

interface ModelRow {
  readonly key: string;
  readonly tenant: string | null;
  readonly components: Record<string, string>;
  readonly enabled: boolean;
  readonly deprecated: boolean;
  readonly retired: boolean;
  readonly usable: boolean | null;
  readonly marked: boolean;
  readonly updated: string | null;
  readonly successor: string | null;
  readonly facts: Record<string, unknown>;
}

/** This tenant's models of one kind and the global ones; never another tenant's. */
export async function listModels(
  tx: Tx,
  rules: Rules,
  about: { model: ModelTable; tenant: string | undefined },
): Promise<ModelFacts[]> {
  const tenants = about.tenant === undefined ? undefined : [about.tenant];
  const [models = []] = await tx.ask(modelsOf(rules, { model: about.model, tenants }));
  return models;
}

/** The same for each of several tenants. */
export function modelsOf(
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

/** The same by the name of the kind; none where no table holds it. */
export function listModelsOfKind(
  tx: Tx,
  { rules, tenant }: { readonly rules: Rules; readonly tenant: string | undefined },
  kind: string,
): Promise<ModelFacts[]> {
  const model = modelTableOf(rules, kind);
  return model === undefined ? Promise.resolve([]) : listModels(tx, rules, { model, tenant });
}

/** A text that is the very name of another row of that tenant means that one, although both are the same model. */
function withoutOthersNames(models: ModelFacts[]): ModelFacts[] {
  const owners = Map.groupBy(
    models,
    ({ tenant, components }) => `${tenant ?? ''} ${components['name'] ?? ''}`,
  );
  return models.map((model) => {
    const { spellings = [], tenant = '', components } = model;
    const own = spellings.filter(
      ({ text }) => text === components['name'] || !owners.has(`${tenant ?? ''} ${text}`),
    );
    return own.length === spellings.length ? model : { ...model, spellings: own };
  });
}

/**
 * The models of several tenants, and those of everybody, that have one of the names (whatever its case) or keys; by tenant the
 * index on the tenant column serves. Only where `canReadTogether`.
 */
export async function listModelsOfTenants(
  tx: Tx,
  rules: Rules,
  about: {
    model: ModelTable;
    tenants: readonly string[];
    names: readonly string[];
    keys: readonly string[];
  },
): Promise<ModelFacts[]> {
  const { config, table, key } = about.model;
  const own = isGlobalTable(rules, about.model) ? undefined : ownColumn(rules, about.model);
  const owned =
    own === undefined
      ? raw('true')
      : sql`${columnSql('t', own)} = ANY (${bind(about.tenants, `text[]::${arrayCast(castFor(columnOf(table, own)))}`)})`;
  const names = bind(
    about.names.map((name) => name.toLowerCase()),
    'text[]',
  );
  const named = sql`lower(${columnSql('t', config.columns.name)}::text) = ANY (${names})`;
  const keyed = sql`${columnSql('t', key)}::text = ANY (${bind(about.keys, 'text[]')})`;
  const where = sql`((${owned}) OR ${globalSql(rules, about.model)}) AND (${named} OR ${keyed})`;
  return factsOf(rules, about.model, await tx.many<ModelRow>(modelsSql(rules, about.model, where)));
}

/** `text::uuid` becomes `uuid[]`. */
function arrayCast(cast: string): string {
  return `${cast.replace(/^text::/, '')}[]`;
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
    sql`${factsSql(config.facts ?? {})} AS facts`,
  ];
  return sql`SELECT ${list(columns)} FROM ${rowsOf(table)} t WHERE ${where} ORDER BY 1`;
}

function factsOf(rules: Rules, { kind, config }: ModelTable, rows: readonly ModelRow[]): ModelFacts[] {
  const about = { knowledge: rules.knowledge, said: saidBy(config) };
  return rows.map((row) => withKnowledge(modelFacts(kind, row), about));
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
  const [mine, its] = [ownColumn(rules, { table: models }), ownColumn(rules, { table })];
  const same =
    rules.exclusive === true && mine !== undefined && its !== undefined
      ? sql`${columnSql('x', its)} = ${columnSql('t', mine)} AND `
      : raw('');
  return sql`${rowsOf(table)} x WHERE ${same}${columnSql('x', providers.column)} = ${columnSql('t', name)}`;
}

/** The column in which a migration writes what it moved to. */
function successorSql({ retire = {} }: ModelTable['config']): Sql {
  const [name] = Object.entries(retire).find(([, value]) => value === '$target') ?? [];
  return name === undefined ? raw('NULL::text') : sql`${columnSql('t', name)}::text`;
}

function factsSql(facts: Readonly<Record<string, string>>): Sql {
  const parts = Object.entries(facts).map(
    ([fact, name]) => sql`${literal(fact)}, to_jsonb(${columnSql('t', name)})`,
  );
  return sql`jsonb_build_object(${list(parts)})`;
}

/** Does the row carry the mark already? A literal must be there; of `$target` and `$now`, any value. */
function markedSql({ config, table }: ModelTable): Sql {
  const tests = Object.entries(config.retire ?? {}).map(([name, value]) => {
    const own = columnSql('t', name);
    if (value === '$target' || value === '$now') return sql`${own} IS NOT NULL`;
    return value === null
      ? sql`${own} IS NULL`
      : sql`${own} = ${bind(String(value), castFor(columnOf(table, name)))}`;
  });
  return tests.length === 0 ? raw('false') : sql`coalesce(${allOf(tests)}, false)`;
}

const numbers = {
  context: 'context',
  output: 'output',
  price_in: 'priceIn',
  price_out: 'priceOut',
  security: 'security',
} as const;
const capabilities = ['vision', 'tools', 'reasoning', 'audio', 'structured'] as const;

function modelFacts(kind: string, row: ModelRow): ModelFacts {
  const { facts } = row;
  const given = Object.entries(numbers).flatMap(([fact, name]) =>
    (facts[fact] ?? null) === null ? [] : [[name, Number(facts[fact])]],
  );
  const able = capabilities.flatMap((name) =>
    typeof facts[name] === 'boolean' ? [[name, facts[name]]] : [],
  );
  return {
    kind,
    key: row.key,
    components: row.components,
    tenant: row.tenant,
    enabled: row.enabled,
    deprecated: row.deprecated,
    retired: row.retired,
    marked: row.marked,
    capabilities: Object.fromEntries(able) as Record<string, boolean>,
    ...(Object.fromEntries(given) as Partial<
      Pick<ModelFacts, 'context' | 'output' | 'priceIn' | 'priceOut' | 'security'>
    >),
    ...(row.usable === null ? {} : { providerUsable: row.usable }),
    ...(row.updated === null ? {} : { updated: row.updated }),
    ...(typeof facts['region'] === 'string' ? { region: facts['region'] } : {}),
    ...(row.successor === null ? {} : { successor: row.successor }),
    ...dayOf('shutdown', facts['shutdown']),
    ...dayOf('announced', facts['announced']),
    ...(isSupport(facts['parameters']) ? { parameters: facts['parameters'] } : {}),
  };
}

/** A date, or a moment as the session writes it, as the day in UTC; none where it is no day, such as `infinity`. */
function dayOf<Name extends string>(name: Name, value: unknown): Partial<Record<Name, string>> {
  const text = typeof value === 'string' ? value : '';
  const moment = /[T ].*(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(text) ? Date.parse(text) : NaN;
  const day = Number.isNaN(moment) ? text.slice(0, 10) : new Date(moment).toISOString().slice(0, 10);
  return /^\d{4}-\d\d-\d\d$/.test(day) ? ({ [name]: day } as Record<Name, string>) : {};
}

/** An empty object is what a column holds of which nobody has said anything. */
function isSupport(value: unknown): value is Record<string, ParameterSupport> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  return Object.keys(value).length > 0;
}
