/** An inventory of the database that is meant, and the same as a JSON document; see docs/guides/cli.md. */
import { given } from '../engine/given.ts';
import { toMark } from '../engine/inventory/mend.ts';
import type { Occurrence, SchemaOccurrence } from '../engine/inventory/occurrence.ts';
import { endOf, reportModel, reportModels } from '../engine/inventory/report.ts';
import type { KnownModel, ModelReport } from '../engine/inventory/report.ts';
import type { ModelFacts } from '../engine/models/model.ts';
import { rowsOf } from '../engine/models/retirements.ts';
import type { TenantUse } from '../engine/models/retirements.ts';
import { nearestNames } from '../engine/nearest.ts';
import { compareText } from '../engine/order.ts';
import { rolesAt } from '../engine/rules/coverage.ts';
import { tenancyOf } from '../engine/rules/tenancy.ts';
import { DroverError } from '../errors.ts';
import type { Database } from '../postgres/driver/database.ts';
import { isComplete } from '../postgres/inventory/inventory.ts';
import type { Inventory, InventoryRequest } from '../postgres/inventory/inventory.ts';
import { takeInventory } from '../postgres/inventory/take-inventory.ts';
import type { Site } from '../postgres/scope/site.ts';
import { listTenants } from '../postgres/scope/tenants.ts';
import { readTenantUses, sharedUnit } from '../postgres/usage/retirements.ts';
import { inventoryModels } from '../registry/known/inventory-models.ts';
import type { InventoryModels } from '../registry/known/inventory-models.ts';
import { loadValid } from '../registry/load/folder.ts';
import { withDatabase, withSite } from './open.ts';
import { shownUrl, type Where } from './where.ts';

export interface InventoryAsked {
  /** Only this model, by any of its names. */
  readonly model: string | undefined;
  readonly samplePercent: number | undefined;
  /** Say what the configuration makes of what was found? One that merely lies there is not asked. */
  readonly configured?: boolean;
  /** Reads; for who shows how far it is, and may stop it. */
  readonly take?: (database: Database, request: InventoryRequest) => Promise<Inventory>;
}

export interface TakenInventory {
  readonly found: Inventory;
  readonly reports: readonly ModelReport[];
  /** The folder, or the URL without its password. */
  readonly database: string;
  /** The day of today, as the registry writes days. */
  readonly today: string;
  /** The only model that was asked for. */
  readonly asked: KnownModel | undefined;
  readonly samplePercent: number | undefined;
  readonly durationMs: number;
  /** Undefined where none was given: the inventory itself is blind to it. */
  readonly configuration: ConfiguredInventory | undefined;
}

/** A tenant that uses a model, or the shared rows, or the only tenant that there is. */
export interface ModelUser {
  /** Null where the database has one tenant. */
  readonly key: string | null;
  readonly name: string;
  /** Rows of configuration, the soft-deleted ones among them: those that a migration would look at. */
  readonly rows: number;
  /** Rows that only record what happened. */
  readonly history: number;
}

/** What a configuration says of the places that were found, and who uses the models there. */
export interface ConfiguredInventory {
  /** Of each place the roles that it has; none where the configuration says nothing. Without an entry where nobody could tell. */
  readonly roles: ReadonlyMap<Occurrence, readonly string[]>;
  /** By the id of the model; the most rows first. */
  readonly uses: ReadonlyMap<string, readonly ModelUser[]>;
  /** How many tenants were looked at; undefined where the database has one. */
  readonly tenants: number | undefined;
  /** Tenants that were not looked at, and why. */
  readonly unread: readonly string[];
}

/** Opens the database, looks for all models of the registry, or for one, and closes it. @throws MODEL_UNKNOWN, REGISTRY_INVALID */
export async function inventoryAt(
  where: Where,
  { model, samplePercent, configured = false, take = takeInventory }: InventoryAsked,
): Promise<TakenInventory> {
  const known = inventoryModels(loadValid(where.registry));
  const asked = model === undefined ? undefined : chooseModel(model, known);
  const begin = performance.now();
  const request = requestOf(known, asked, samplePercent);
  const { all, configuration } = configured
    ? await withSite(where, { mayWrite: false }, async (site) => {
        const taken = await take(site.database, request);
        return { all: taken, configuration: taken.stopped ? undefined : await saidOf(site, taken, known) };
      })
    : { all: await withDatabase(where, (database) => take(database, request)), configuration: undefined };
  const isAsked = ({ model: named }: Occurrence): boolean => asked === undefined || named === asked.id;
  const found = { ...all, keys: all.keys.filter(isAsked) };
  return {
    found,
    reports:
      asked === undefined ? reportModels(found, known.models) : [reportModel(found, asked, known.models)],
    database: where.kind === 'own' ? where.dataDir : shownUrl(where.text),
    today: new Date().toISOString().slice(0, 10),
    asked,
    samplePercent,
    durationMs: performance.now() - begin,
    configuration,
  };
}

async function saidOf(site: Site, found: Inventory, known: InventoryModels): Promise<ConfiguredInventory> {
  const roles = new Map<Occurrence, string[]>();
  const unread: string[] = [];
  const named = new Set(found.occurrences.map(({ model }) => model));
  const idOf = ({ components: { name } }: ModelFacts): string =>
    (name === undefined ? undefined : known.find(name)?.id) ?? '';
  const single = tenancyOf(site.config) === 'single';
  const tenants = single ? [] : await listTenants(site);
  const uses = await readTenantUses(site, single ? 'single' : [...tenants, sharedUnit], {
    isAsked: (model) => named.has(idOf(model)),
    tellUnread: (tenant, { message }) => unread.push(`${tenant.key}: ${message}`),
    tellRules: (rules) => {
      for (const each of found.occurrences) {
        const said = rolesAt(rules, each);
        if (said !== undefined) roles.set(each, [...new Set([...(roles.get(each) ?? []), ...said])]);
      }
    },
  });
  // A table that no rules know is left out, unless the rules of some tenant could not be read: they may know it.
  for (const each of unread.length > 0 ? [] : found.occurrences) if (!roles.has(each)) roles.set(each, []);
  const read = tenants.length - unread.length;
  return { roles, uses: byModel(uses, idOf), tenants: single ? undefined : read, unread };
}

function byModel(
  uses: readonly TenantUse[],
  idOf: (model: ModelFacts) => string,
): ReadonlyMap<string, readonly ModelUser[]> {
  const groups = Map.groupBy(uses, ({ model }) => idOf(model));
  return new Map([...groups].map(([id, those]) => [id, usersOf(those)]));
}

/** A tenant counts once, however many of its models are this one. */
function usersOf(uses: readonly TenantUse[]): ModelUser[] {
  const groups = Map.groupBy(uses, ({ tenant }) => tenant?.key ?? null);
  return [...groups]
    .map(([key, those]) => ({
      key,
      name: those[0]?.tenant?.name ?? '',
      rows: rowsOf(those),
      history: those.reduce((sum, { history }) => sum + history, 0),
    }))
    .toSorted((a, b) => b.rows - a.rows || b.history - a.history || compareText(a.name, b.name));
}

function requestOf(
  { terms }: InventoryModels,
  asked: KnownModel | undefined,
  samplePercent: number | undefined,
): InventoryRequest {
  return {
    terms,
    ...(asked === undefined ? {} : { sought: terms.filter(({ model }) => model === asked.id) }),
    ...(samplePercent === undefined ? {} : { samplePercent }),
  };
}

/** @throws MODEL_UNKNOWN with the nearest names */
function chooseModel(text: string, { find, models }: InventoryModels): KnownModel {
  const model = find(text);
  if (model !== undefined) return model;
  const near = nearestNames(
    text,
    models.flatMap(({ names }) => names),
  );
  const hint =
    near.length === 0 ? '`drover registry show` lists what it has.' : `Did you mean ${near.join(', ')}?`;
  throw new DroverError('MODEL_UNKNOWN', `The registry has no model "${text}". ${hint}`, {
    model: text,
    near,
  });
}

export function inventoryJson(taken: TakenInventory) {
  const { found, reports, database, samplePercent, durationMs, configuration } = taken;
  return {
    database,
    complete: isComplete(found) && samplePercent === undefined,
    stopped: found.stopped,
    samplePercent: samplePercent ?? null,
    way: found.way,
    models: reports.map((report) => modelJson(report, configuration)),
    keys: found.keys,
    read: found.read,
    unread: found.unread,
    ...(configuration === undefined
      ? {}
      : { tenants: configuration.tenants ?? null, tenantsNotRead: configuration.unread }),
    durationMs: Math.round(durationMs),
  };
}

function modelJson(
  { model, count, occurrences, schema, related, relatedSchema }: ModelReport,
  configuration: ConfiguredInventory | undefined,
) {
  const {
    id,
    vendor,
    kind,
    status,
    announced = null,
    shutdown = null,
    notBefore = null,
    distributors,
    successor = null,
  } = model;
  return {
    model: id,
    vendor,
    kind,
    lifecycle: { status, announced, shutdown, notBefore, distributors, ends: endOf(model) ?? null },
    successor,
    count,
    ...(configuration === undefined ? {} : { usedBy: configuration.uses.get(id) ?? [] }),
    occurrences: occurrences.map((each) => ({
      ...each,
      ...given({ roles: configuration?.roles.get(each) }),
    })),
    schema: schema.map((each) => schemaJson(each, successor)),
    related,
    relatedSchema: relatedSchema.map((each) => schemaJson(each, null)),
  };
}

function schemaJson(occurrence: SchemaOccurrence, successor: string | null) {
  return { ...occurrence, mend: occurrence.mend.replaceAll(toMark, () => successor ?? 'OTHER-MODEL') };
}
