/** The model rows that a tenant may mean, read by what the configuration says their columns are. */
import { withKnowledge } from '../../engine/models/knowledge.ts';
import type { ModelFacts, ParameterSupport } from '../../engine/models/model.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import type { ModelTable } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { modelTableOf } from '../../engine/rules/references.ts';
import { Binder, castFor } from '../sql/binder.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteRows } from '../sql/identifiers.ts';
import { columnOf } from '../sql/match.ts';
import { mineSql } from '../sql/row.ts';

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
  const binder = new Binder();
  const { config, table } = about.model;
  const context = { binder, rules, table, tenant: about.tenant };
  const mine = mineSql(context);
  const where = `(${mine}) OR ${globalSql(config)} OR ${isGlobalTable(rules, about.model) ? 'true' : 'false'}`;
  return withoutOthersNames(await selectModels(tx, rules, { model: about.model, binder, where }));
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

/** Can the models of several tenants be read at once, because one column says whose each is (or nobody owns any)? */
export function canReadTogether(rules: Rules, model: ModelTable): boolean {
  return isGlobalTable(rules, model) || ownColumn(rules, model) !== undefined;
}

/** Do all models belong to everybody? */
export function isGlobalTable(rules: Rules, { table }: ModelTable): boolean {
  const kind = rules.ownership.get(table.id)?.kind;
  return kind === 'global' || kind === 'unknown';
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
  const binder = new Binder();
  const { config, table, key } = about.model;
  const column = isGlobalTable(rules, about.model) ? undefined : ownColumn(rules, about.model);
  const owned =
    column === undefined
      ? 'true'
      : `t.${quoteIdent(column)} = ANY (${binder.bind(about.tenants, `text[]::${arrayCast(castFor(columnOf(table, column)))}`)})`;
  const names = binder.bind(
    about.names.map((name) => name.toLowerCase()),
    'text[]',
  );
  const keys = binder.bind(about.keys, 'text[]');
  const wanted = `(lower(t.${quoteIdent(config.columns.name)}::text) = ANY (${names}) OR t.${quoteIdent(key)}::text = ANY (${keys}))`;
  return selectModels(tx, rules, {
    model: about.model,
    binder,
    where: `((${owned}) OR ${globalSql(config)}) AND ${wanted}`,
  });
}

/** `text::uuid` becomes `uuid[]`. */
function arrayCast(cast: string): string {
  return `${cast.replace(/^text::/, '')}[]`;
}

function ownColumn(rules: Rules, { table }: Pick<ModelTable, 'table'>): string | undefined {
  const ownership = rules.ownership.get(table.id);
  if (ownership?.kind !== 'tenant' || ownership.paths.length !== 1) return undefined;
  return ownership.paths.find((path) => path.hops.length === 0)?.column;
}

function globalSql(config: ModelTable['config']): string {
  return config.global === undefined ? 'false' : `coalesce((${config.global}), false)`;
}

async function selectModels(
  tx: Tx,
  rules: Rules,
  { model, binder, where }: { model: ModelTable; binder: Binder; where: string },
): Promise<ModelFacts[]> {
  const { config, table, kind } = model;
  const sql = `SELECT t.${quoteIdent(model.key)}::text AS key, ${tenantSql(rules, model, globalSql(config))} AS tenant, ${componentsSql(rules, model)} AS components,
      ${flag(config.enabled, 'true')} AS enabled, ${flag(config.deprecated, 'false')} AS deprecated, ${flag(config.retired, 'false')} AS retired,
      ${usableSql(rules, model)} AS usable, ${markedSql(binder, model)} AS marked, ${config.columns.updated === undefined ? 'NULL' : `t.${quoteIdent(config.columns.updated)}`}::text AS updated, ${successorSql(config)} AS successor,
      ${factsSql(config.facts ?? {})} AS facts
    FROM ${quoteRows(table)} t WHERE ${where} ORDER BY 1`;
  const rows = await tx.many<ModelRow>(sql, binder.values);
  const about = { knowledge: rules.knowledge, said: saidBy(config) };
  return rows.map((row) => withKnowledge(modelFacts(kind, row), about));
}

/** A family that the table has a column for is its own affair, in its own words. */
function saidBy({ facts = {}, columns }: ModelTable['config']): ReadonlySet<string> {
  return new Set([...Object.keys(facts), ...(columns.family === undefined ? [] : ['family'])]);
}

function tenantSql(rules: Rules, { config, table }: ModelTable, global: string): string {
  const ownership = rules.ownership.get(table.id);
  const column =
    config.columns.tenant ??
    (ownership?.kind === 'tenant'
      ? ownership.paths.find((path) => path.hops.length === 0)?.column
      : undefined);
  return column === undefined
    ? 'NULL::text'
    : `CASE WHEN ${global} THEN NULL ELSE t.${quoteIdent(column)}::text END`;
}

function flag(condition: string | undefined, otherwise: string): string {
  return condition === undefined ? otherwise : `coalesce((${condition}), ${otherwise})`;
}

function componentsSql(rules: Rules, { config, table }: Pick<ModelTable, 'config' | 'table'>): string {
  const { name, family, provider } = config.columns;
  const parts = [`'name', t.${quoteIdent(name)}::text`];
  if (family !== undefined) parts.push(`'family', t.${quoteIdent(family)}::text`);
  const providerName = provider === undefined ? undefined : providerSql(rules, { config, table }, provider);
  if (providerName !== undefined) parts.push(`'provider', ${providerName}`);
  return `jsonb_strip_nulls(jsonb_build_object(${parts.join(', ')}))`;
}

/** A provider is named by its own table where there is one, otherwise by the column's text. */
function providerSql(rules: Rules, model: Pick<ModelTable, 'config' | 'table'>, column: string): string {
  const { providers } = model.config;
  const rows = providerRows(rules, model, column);
  if (providers === undefined || rows === undefined) return `t.${quoteIdent(column)}::text`;
  return `(SELECT x.${quoteIdent(providers.name)}::text FROM ${rows} LIMIT 1)`;
}

function usableSql(rules: Rules, model: ModelTable): string {
  const { providers, columns } = model.config;
  const rows = columns.provider === undefined ? undefined : providerRows(rules, model, columns.provider);
  if (providers?.usable === undefined || rows === undefined) return 'NULL::boolean';
  return `EXISTS (SELECT 1 FROM ${rows} AND (${providers.usable}))`;
}

/** The row `x` of the provider of model `t`; of the same tenant, where a session sees no other. */
function providerRows(
  rules: Rules,
  { config: { providers }, table: models }: Pick<ModelTable, 'config' | 'table'>,
  column: string,
): string | undefined {
  const table = providers === undefined ? undefined : findNamedTable(rules.scope, providers.table);
  if (providers === undefined || table === undefined) return undefined;
  const [mine, its] = [ownColumn(rules, { table: models }), ownColumn(rules, { table })];
  const same =
    rules.exclusive === true && mine !== undefined && its !== undefined
      ? `x.${quoteIdent(its)} = t.${quoteIdent(mine)} AND `
      : '';
  return `${quoteRows(table)} x WHERE ${same}x.${quoteIdent(providers.column)} = t.${quoteIdent(column)}`;
}

/** The column in which a migration writes what it moved to. */
function successorSql({ retire = {} }: ModelTable['config']): string {
  const [column] = Object.entries(retire).find(([, value]) => value === '$target') ?? [];
  return column === undefined ? 'NULL::text' : `t.${quoteIdent(column)}::text`;
}

function factsSql(facts: Readonly<Record<string, string>>): string {
  const parts = Object.entries(facts).map(
    ([fact, column]) => `'${fact.replaceAll("'", "''")}', to_jsonb(t.${quoteIdent(column)})`,
  );
  return `jsonb_build_object(${parts.join(', ')})`;
}

/** Does the row carry the mark already? A literal must be there; of `$target` and `$now`, any value. */
function markedSql(binder: Binder, { config, table }: ModelTable): string {
  const tests = Object.entries(config.retire ?? {}).map(([name, value]) => {
    const column = `t.${quoteIdent(name)}`;
    if (value === '$target' || value === '$now') return `${column} IS NOT NULL`;
    return value === null
      ? `${column} IS NULL`
      : `${column} = ${binder.bind(String(value), castFor(columnOf(table, name)))}`;
  });
  return tests.length === 0 ? 'false' : `coalesce(${tests.join(' AND ')}, false)`;
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
