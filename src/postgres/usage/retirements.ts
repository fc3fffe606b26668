/**
 * Which models that end are in use, over many tenants: the models and their uses of a few hundred tenants are read together, as the
 * role that sees just these; where a database binds each transaction to one tenant, tenant by tenant. What is known to end counts
 * without a row, too: a workspace names its model by text. Reading only.
 */
import { isEnding } from '../../engine/models/lifecycle.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { isRowOf, knownModels, ofItsKind, withKnownNames } from '../../engine/rules/named-models.ts';
import { modelTablesOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { groupRetirements } from '../../engine/models/retirements.ts';
import type { Retirement, TenantUse } from '../../engine/models/retirements.ts';
import { successorOf } from '../../engine/models/successor.ts';
import { isSharedRows, sharedRows, type TenantRef } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { readRules } from '../catalogue/rules.ts';
import { canBeEverybodys } from '../facts/model-owner.ts';
import { listModelsOfKind } from '../facts/model-rows.ts';
import { withTenant, withTenants } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { listTextModels } from './text-models.ts';
import { countUsageByTenant } from './usage.ts';
import type { UsageByType } from './usage.ts';

/** How many tenants are read in one transaction. */
const batchSize = 200;

/** The rows that are nobody's alone, beside the tenants. */
export const sharedUnit: TenantRef = { key: sharedRows, name: 'shared rows' };

/** What keeps one tenant from being read; the others are. */
export type TellUnread = (tenant: TenantRef, error: DroverError) => void;

/**
 * The retirements that affect these tenants; `single` for a database with one.
 * @param tellUnread where each tenant has a schema of its own, one that does not fit the configuration is told and left out
 */
export async function readRetirements(
  site: Site,
  tenants: readonly TenantRef[] | 'single',
  tellUnread?: TellUnread,
): Promise<Retirement[]> {
  return groupRetirements(await readTenantUses(site, tenants, { isAsked: isEnding, tellUnread }));
}

interface UseRequest {
  readonly isAsked: (model: ModelFacts) => boolean;
  readonly tellUnread?: TellUnread | undefined;
  /** Is given the rules of each transaction: one configuration has others for each schema. */
  readonly tellRules?: (rules: Rules) => void;
}

/** Who uses the models that are asked for; `single` for a database with one tenant. */
export async function readTenantUses(
  site: Site,
  tenants: readonly TenantRef[] | 'single',
  request: UseRequest,
): Promise<TenantUse[]> {
  const found: ModelFacts[] = [];
  if (tenants === 'single') return readAlone(site, null, { ...request, found });
  const uses: TenantUse[] = [];
  const [units, named] = [tenants.filter(isShared), tenants.filter((tenant) => !isShared(tenant))];
  for (let from = 0; from < named.length; from += batchSize)
    uses.push(...(await readBatch(site, named.slice(from, from + batchSize), { ...request, found })));
  for (const unit of units)
    uses.push(...(await readAlone(site, unit, { ...request, found: withoutKeys(found) })));
  return uses;
}

interface UseReading extends UseRequest {
  /** The rows of tenants are added; for the shared rows, the models that they may name beside those of everybody. */
  readonly found: ModelFacts[];
}

/** Each model once, by its name: rows of everybody can name a tenant's model in no other way. */
function withoutKeys(models: readonly ModelFacts[]): ModelFacts[] {
  const named = new Map(models.map((model) => [JSON.stringify([model.kind, model.components]), model]));
  return [...named.values()].map(({ key: _key, ...model }) => ({ ...model, tenant: null }));
}

function isShared({ key }: TenantRef): boolean {
  return isSharedRows(key);
}

async function readBatch(
  site: Site,
  tenants: readonly TenantRef[],
  reading: UseReading,
): Promise<TenantUse[]> {
  const [only] = tenants;
  if (tenants.length === 1 && only !== undefined) return readAlone(site, only, reading);
  const together = await readTogether(site, tenants, reading).catch(unlessOneByOne);
  if (together !== undefined) return together;
  const uses: TenantUse[] = [];
  for (const tenant of tenants)
    uses.push(
      ...(await readAlone(site, tenant, reading).catch((error: unknown) =>
        told(reading.tellUnread, tenant, error),
      )),
    );
  return uses;
}

function told(tellUnread: TellUnread | undefined, tenant: TenantRef, error: unknown): [] {
  if (tellUnread === undefined || !(error instanceof DroverError) || error.code !== 'CONFIG_MISMATCH')
    throw error;
  tellUnread(tenant, error);
  return [];
}

function unlessOneByOne(error: unknown): undefined {
  if (error instanceof DroverError && error.code === 'FLEET_UNAVAILABLE') return undefined;
  throw error;
}

function readTogether(site: Site, tenants: readonly TenantRef[], reading: UseReading): Promise<TenantUse[]> {
  const names = new Map(tenants.map((tenant) => [tenant.key, tenant]));
  const fleet = [...names.keys()];
  return withTenants(site, { tenants: fleet, readOnly: true }, async (tx) => {
    const rules = await readRules(tx, site, undefined);
    const isWanted = ({ tenant }: ModelFacts): boolean =>
      tenant === null || (tenant !== undefined && names.has(tenant));
    return readUses(tx, rules, { ...reading, isWanted, fleet, whose: (tenant) => names.get(tenant) ?? null });
  });
}

function readAlone(site: Site, tenant: TenantRef | null, reading: UseReading): Promise<TenantUse[]> {
  const key = tenant?.key;
  return withTenant(site, { tenant: key, readOnly: true }, async (tx) =>
    readUses(tx, await readRules(tx, site, key), {
      ...reading,
      tenant: key,
      isWanted: () => true,
      whose: () => tenant,
    }),
  );
}

interface UnitReading extends UseReading {
  readonly tenant?: string | undefined;
  readonly fleet?: readonly string[];
  readonly isWanted: (model: ModelFacts) => boolean;
  readonly whose: (tenant: string) => TenantRef | null;
}

async function readUses(tx: Tx, rules: Rules, query: UnitReading): Promise<TenantUse[]> {
  query.tellRules?.(rules);
  const uses: TenantUse[] = [];
  for (const kind of rules.kinds) uses.push(...(await readKind(tx, { rules, kind }, query)));
  return uses;
}

async function readKind(
  tx: Tx,
  { rules, kind }: { readonly rules: Rules; readonly kind: string },
  { tenant, fleet, isWanted, isAsked, whose, found }: UnitReading,
): Promise<TenantUse[]> {
  const rows = (await listModelsOfKind(tx, { rules, tenant }, kind)).filter(isWanted);
  const isText = rules.modelTables.length === 0;
  const named = isText ? await listTextModels(tx, rules, { tenant, kind, rows }) : knownModels(rules, kind);
  // What has no row is everybody's.
  const known = named.filter(isAsked).map((model) => ({ ...model, tenant: null }));
  const own = rows.filter(isAsked);
  const models = isSharedRows(tenant) ? nameable(rules, kind, { own, known, found }) : [...own, ...known];
  if (!isSharedRows(tenant)) found.push(...own.filter((row) => typeof row.tenant === 'string'));
  if (models.length === 0) return [];
  const asked = { rules: withKnownNames(rules), models, tenant, ...(fleet === undefined ? {} : { fleet }) };
  const rowsOf = rowsByTenant(rows, fleet);
  return (await countUsageByTenant(tx, asked)).flatMap((used) => {
    const model = models.at(used.model);
    const theirs = rowsOf(used.tenant);
    if (model === undefined || (model.key === undefined && theirs.some((row) => isRowOf(row, model))))
      return [];
    const successor = successorOf(theirs, model, rules.knowledge);
    return [
      {
        tenant: whose(used.tenant),
        model: ofItsKind(model),
        successor,
        rows: configured(used.counts),
        history: Object.values(used.counts).reduce((sum, { history }) => sum + history, 0),
      },
    ];
  });
}

interface Nameable {
  readonly own: readonly ModelFacts[];
  readonly known: readonly ModelFacts[];
  readonly found: readonly ModelFacts[];
}

/** The models that shared rows may name: those of everybody; where all are tenants', those by what tenants call them. */
function nameable(rules: Rules, kind: string, { own, known, found }: Nameable): readonly ModelFacts[] {
  const tables = modelTablesOf(rules, kind);
  return tables.length === 0 || tables.some((model) => canBeEverybodys(rules, model))
    ? [...own, ...known]
    : found.filter((one) => one.kind === kind);
}

/** The models that a tenant may mean: its own and those of everybody. */
function rowsByTenant(
  rows: readonly ModelFacts[],
  fleet: readonly string[] | undefined,
): (tenant: string) => readonly ModelFacts[] {
  if (fleet === undefined) return () => rows;
  const shared = rows.filter(({ tenant }) => tenant === null);
  const own = Map.groupBy(rows, ({ tenant }) => tenant);
  return (tenant) => [...(own.get(tenant) ?? []), ...shared];
}

/** Rows that a migration would move, the soft-deleted ones among them: a restore must not bring a model back that is gone. */
function configured(counts: UsageByType): Record<string, number> {
  const rows = Object.entries(counts).map(([type, { live, dead }]) => [type, live + dead] as const);
  return Object.fromEntries(rows.filter(([, count]) => count > 0));
}
