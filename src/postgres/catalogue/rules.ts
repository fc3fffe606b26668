/**
 * The rules of a site. They follow from the configuration, which is fixed, and from the catalogue, which takes some twenty
 * milliseconds to read; so the site keeps them, and each transaction asks whether the catalogue is what it was.
 *
 * Why one question is enough: what changes the meaning of a catalogue row writes a new version of it, with the id of the
 * transaction that did, and what is dropped is gone. So the versions of all rows that the rules are read from mark the
 * catalogue, and a mark that was seen before means the same rules. In place PostgreSQL changes only figures, such as the estimated
 * number of rows, on which nothing here relies.
 *
 * The mark takes a millisecond, more than a page of rows. So what a transaction sees is asked first (`catalogueSight`): two snapshots that
 * are equal see the same rows of every table, the catalogue among them.
 */
import { given } from '../../engine/given.ts';
import type { ConfigProblem, Config } from '../../engine/rules/config.ts';
import { canonicalText } from '../../engine/canonical.ts';
import type { TableId } from '../../engine/catalogue/catalog.ts';
import { catalogFingerprint } from '../../engine/catalogue/catalog-text.ts';
import { scannableOf, type Scannable } from '../../engine/inventory/scannable.ts';
import { resolveRules, type Rules } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import type { Question } from '../driver/question.ts';
import { isSharedRows, type TenantKey } from '../../engine/tenant.ts';
import { isTenantSchema, sharedSchemas, tenancyOf, tenantPatterns } from '../../engine/rules/tenancy.ts';
import { digestDefinitions } from '../../engine/planner/facts.ts';
import type { Hidden, NotLookedAt } from '../../engine/plan/snapshot.ts';
import { readCatalog, readMaterialized } from './catalog.ts';
import { sha256 } from './digest.ts';
import { readSchemaTexts, schemaOfText, type SchemaText } from './schema-texts.ts';
import { catalogueMark, catalogueMarkOf, catalogueSight, type Marked, type CatalogueSight } from './mark.ts';
import { hasTenantSchema, listTenantSchemas, ownSchema, tiesToOthers, type OwnSchema } from './own-schema.ts';
import { tryProbes } from './probe.ts';
import { untrustedSql } from './trusted-sql.ts';
import { probesOf } from './probes.ts';
import { readUnread } from './unread.ts';

/** The rules, and what follows from them alone and is needed for every tenant. */
export interface RulesGround {
  readonly rules: Rules;
  /** Digests of the configuration and of the tables that a plan looks at or that could hold a reference. */
  readonly definitions: Readonly<Record<string, string>>;
  /** Equal where all definitions are. */
  readonly digest: string;
  readonly scannable: readonly Scannable[];
  /** Defaults, checks, views and whatever else of the schema is text. */
  readonly texts: readonly SchemaText[];
  readonly unread: readonly NotLookedAt[];
  /** By table, materialised views of its rows. */
  readonly materialized: ReadonlyMap<TableId, readonly string[]>;
  /** What a session cannot see, where it was asked. */
  readonly hidden?: readonly Hidden[];
}

/** What the rules of a site follow from, beside the catalogue. */
export interface Ruled {
  readonly config: Config;
  /** What is known about models beside their rows, asked for when rules are read. */
  readonly knowledge: () => Rules['knowledge'];
  /** How problems of the configuration are shown: with file and line, in their order, where it came from a file. */
  readonly showProblems: (problems: readonly ConfigProblem[]) => string[];
  /** Its SQL may call what may do more than read, also under a superuser. */
  readonly trustsConfig?: boolean;
  readonly scope: { readonly fleet?: unknown };
  /** The schema of Drover's own records is no part of a foreign database. */
  readonly state: {
    readonly schema: string;
    readonly separate: boolean;
    readonly tenantType: 'uuid' | 'text';
  };
  /** The rules as they were read last. */
  readonly kept: KeptRules;
}

/** What a site keeps of its rules, and what they follow from. */
interface KeptGround extends Marked {
  readonly config: Config;
  readonly knowledge: Rules['knowledge'];
  readonly ground: RulesGround;
}

/** How many sets of rules are kept where each tenant has a schema of its own, and so its own rules. */
const keptSchemas = 256;

/** One for each site. */
export class KeptRules {
  /** By the schema of the tenant; empty where tenants have none. The one that was asked for last is last. */
  readonly #kept = new Map<string, KeptGround>();
  /** By the table whose rows get other keys: what those rows see, and the configuration that it was made from. */
  readonly #views = new Map<string, { readonly of: Config; readonly view: Pick<Ruled, 'config' | 'kept'> }>();

  /** The rules as the catalogue is in this transaction, where that was seen. @throws CONFIG_MISMATCH with every problem */
  async read(tx: Tx, site: Ruled, first: CatalogueSight, own?: OwnSchema): Promise<RulesGround> {
    const { sight } = first;
    const name = own?.schema ?? '';
    const kept = this.#kept.get(name);
    const isFit = kept !== undefined && kept.config === site.config;
    if (isFit && sight !== null && kept.sight === sight) return this.#known(name, kept, site);
    const mark = own === undefined ? catalogueMark : catalogueMarkOf(own);
    const seen = isMarked(first) ? first : await tx.ask(mark);
    if (isFit && kept.mark === seen.mark) return this.#known(name, { ...kept, ...seen }, site);
    const knowledge = site.knowledge();
    const rules = withKnowledge(await resolve(tx, site, own), knowledge);
    const texts = (await readSchemaTexts(tx)).filter((text) => !isOfAnother(site.config, text, name));
    const unread = await unreadOf(tx, site, rules);
    const ground = { ...groundOf(rules, texts, unread), materialized: await readMaterialized(tx) };
    // Where every statement sees the newest, the catalogue may have changed between two of them.
    const after = await tx.ask(mark);
    if (after.mark === seen.mark) this.#keep(name, { ...after, config: site.config, knowledge, ground });
    return ground;
  }

  /** The configuration as the rows of a table see it, with the rules that follow from it: one for each configuration of the site. */
  seenFromRows(table: string, of: Config, see: () => Config): Pick<Ruled, 'config' | 'kept'> {
    const last = this.#views.get(table);
    if (last?.of === of) return last.view;
    const view = { config: see(), kept: new KeptRules() };
    this.#views.set(table, { of, view });
    return view;
  }

  #keep(name: string, kept: KeptGround): void {
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptSchemas && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** The rules that were read before, with what is known about models by now. */
  #known(name: string, kept: KeptGround, site: Ruled): RulesGround {
    const knowledge = site.knowledge();
    const ground =
      kept.knowledge === knowledge
        ? kept.ground
        : { ...kept.ground, rules: withKnowledge(kept.ground.rules, knowledge) };
    this.#keep(name, { ...kept, knowledge, ground });
    return ground;
  }
}

/** The rules with what follows from them. @throws CONFIG_MISMATCH with every problem; TENANT_NOT_FOUND where it has no schema */
export async function readGround(tx: Tx, site: Ruled, tenant: TenantKey): Promise<RulesGround> {
  return groundSeen(tx, site, { seen: await tx.ask(catalogueSight), tenant });
}

/**
 * The rules for a tenant. They are the same for all tenants, except where each has a schema of its own: then without a tenant they are
 * those of the first schema that the configuration fits, to say what is the same in all.
 * @throws CONFIG_MISMATCH with every problem; TENANT_NOT_FOUND where the tenant has no schema
 */
export async function readRules(tx: Tx, site: Ruled, tenant: TenantKey): Promise<Rules> {
  return (await readGround(tx, site, tenant)).rules;
}

interface SeenFor {
  readonly seen: CatalogueSight;
  readonly tenant: TenantKey;
}

/** The rules for a tenant, where the catalogue was looked at in this transaction, together with something else. */
export async function rulesSeen(tx: Tx, site: Ruled, about: SeenFor): Promise<Rules> {
  return (await groundSeen(tx, site, about)).rules;
}

export async function groundSeen(tx: Tx, site: Ruled, { seen, tenant }: SeenFor): Promise<RulesGround> {
  const { config, kept } = site;
  if (tenancyOf(config) !== 'schemas') return kept.read(tx, site, seen);
  if (tenant === undefined) return firstGround(tx, site, seen);
  if (isSharedRows(tenant)) return sharedGround(tx, site, seen);
  return kept.read(tx, site, seen, ownSchema(config, tenant));
}

/** The mark of the catalogue as far as the tenant's rules follow from it. */
export function markFor({ config }: Pick<Ruled, 'config'>, tenant: TenantKey): Question<Marked> {
  return tenancyOf(config) === 'schemas' && tenant !== undefined && !isSharedRows(tenant)
    ? catalogueMarkOf(ownSchema(config, tenant))
    : catalogueMark;
}

/** The rules of the first schema that the configuration fits. */
async function firstGround(tx: Tx, site: Ruled, { sight }: CatalogueSight): Promise<RulesGround> {
  const { config, state, kept } = site;
  let refused: DroverError | undefined;
  for (const schema of await listTenantSchemas(tx, config, state.schema))
    try {
      return await kept.read(tx, site, { sight }, ownSchema(config, schema));
    } catch (error) {
      if (!(error instanceof DroverError) || error.code !== 'CONFIG_MISMATCH') throw error;
      refused ??= error;
    }
  throw refused ?? noSchema(config);
}

/** The rules for what is in no tenant's schema. The tables of the first schema are known, so that a configuration may name them. */
async function sharedGround(tx: Tx, site: Ruled, seen: CatalogueSight): Promise<RulesGround> {
  const ground = await firstGround(tx, site, seen);
  const { schema } = ground.rules;
  return { ...ground, texts: ground.texts.filter((text) => schemaOfText(text) !== schema) };
}

function noSchema(config: Config): DroverError {
  const called = tenantPatterns(config).join(', ');
  const message = `no schema is called ${called}, so there is no tenant`;
  return new DroverError(
    'CONFIG_MISMATCH',
    `The configuration does not fit the database:\n  tenant.schemas: ${message}`,
    {
      problems: [{ path: ['tenant', 'schemas'], message }],
    },
  );
}

/** Is it in the schema of another tenant? */
function isOfAnother(config: Config, text: SchemaText, own: string): boolean {
  if (tenancyOf(config) !== 'schemas') return false;
  const schema = schemaOfText(text);
  return schema !== own && isTenantSchema(config, schema);
}

function isMarked(seen: CatalogueSight): seen is Marked {
  return 'mark' in seen;
}

/** Of Drover's own schema nobody else has references. */
function unreadOf(tx: Tx, { config, state }: Ruled, { catalog, schema }: Rules): Promise<NotLookedAt[]> {
  if (state.tenantType === 'uuid') return Promise.resolve([]);
  return readUnread(tx, {
    config,
    records: state.separate ? '' : state.schema,
    ...given({ own: schema }),
    read: new Set(catalog.tables.map(({ id }) => id)),
  });
}

function groundOf(
  rules: Rules,
  texts: readonly SchemaText[],
  unread: readonly NotLookedAt[],
): Omit<RulesGround, 'materialized'> {
  const defined = { ...catalogFingerprint(rules.catalog), configuration: canonicalText(rules.config) };
  const definitions = digestDefinitions(defined, sha256);
  return {
    rules,
    definitions,
    digest: sha256(canonicalText(definitions)),
    scannable: scannableOf(rules),
    texts,
    unread,
  };
}

function withKnowledge({ knowledge: _before, ...rules }: Rules, knowledge: Rules['knowledge']): Rules {
  return knowledge === undefined ? rules : { ...rules, knowledge };
}

async function resolve(tx: Tx, site: Ruled, own: OwnSchema | undefined): Promise<Rules> {
  const { config } = site;
  if (own !== undefined) await refuseMissing(tx, config, own);
  const schemas = [...(own === undefined ? [] : [own.schema]), ...sharedSchemas(config)];
  const { ignore = [] } = config.database ?? {};
  const catalog = await readCatalog(tx, { schemas, ignore, ...(own === undefined ? {} : { own }) });
  const records = site.state.separate ? '' : `${site.state.schema}.`;
  const foreign =
    site.state.tenantType === 'text'
      ? catalog.tables.filter((table) => records === '' || !table.id.startsWith(records))
      : catalog.tables;
  const resolved = resolveRules({ tables: foreign }, config, own?.schema);
  const { rules } = resolved;
  const probes = probesOf(resolved);
  const ties = own === undefined ? [] : await tiesToOthers(tx, own);
  const problems = [
    ...resolved.problems,
    ...ties.map((tie) => ({
      path: ['tenant', 'schemas'],
      message: `${tie}: schemas whose tables refer to each other do not keep tenants apart`,
    })),
    ...(await tryProbes(tx, probes)),
    ...(site.trustsConfig === true ? [] : await untrustedSql(tx, probes)),
  ];
  const whose = own === undefined ? '' : ` (schema ${own.schema})`;
  if (problems.length > 0)
    throw new DroverError(
      'CONFIG_MISMATCH',
      [`The configuration does not fit the database${whose}:`, ...site.showProblems(problems)].join('\n  '),
      { problems },
    );
  // Where several tenants share a transaction, each must see in it what it would see alone.
  return { ...rules, ...(site.scope.fleet === undefined ? {} : { exclusive: true }) };
}

async function refuseMissing(tx: Tx, config: Config, { schema }: OwnSchema): Promise<void> {
  if (await hasTenantSchema(tx, config, schema)) return;
  const called = tenantPatterns(config).join(', ');
  const message = `There is no tenant ${schema}: no schema of that name among those that are called ${called}.`;
  throw new DroverError('TENANT_NOT_FOUND', message, { tenant: schema });
}
