/**
 * Which models that end are in use, over many tenants: the models and their uses of a few hundred tenants are read together, as the
 * role that sees just these; where a database binds each transaction to one tenant, tenant by tenant. What is known to end counts
 * without a row, too: a workspace names its model by text. Reading only.
 */
import { isEnding } from '../../engine/models/lifecycle.ts';
import { modelOfKnowledge } from '../../engine/models/knowledge.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { groupRetirements } from '../../engine/models/retirements.ts';
import type { Retirement, RetiringUse } from '../../engine/models/retirements.ts';
import { successorOf } from '../../engine/models/successor.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { readRules } from '../catalogue/rules.ts';
import { listModelsOfKind } from '../facts/model-rows.ts';
import { withTenant, withTenants } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import type { TenantName } from '../scope/tenants.ts';
import { countUsageByTenant } from './usage.ts';
import type { UsageByType } from './usage.ts';

/** How many tenants are read in one transaction. */
const batchSize = 200;

type Named = Pick<TenantName, 'key' | 'name'>;

/** What keeps one tenant from being read; the others are. */
export type TellUnread = (tenant: Named, error: DroverError) => void;

/**
 * The retirements that affect these tenants; `single` for a database with one.
 * @param tellUnread where each tenant has a schema of its own, one that does not fit the configuration is told and left out
 */
export async function readRetirements(
  site: Site,
  tenants: readonly Named[] | 'single',
  tellUnread?: TellUnread,
): Promise<Retirement[]> {
  if (tenants === 'single') return groupRetirements(await readAlone(site, null));
  const uses: RetiringUse[] = [];
  for (let from = 0; from < tenants.length; from += batchSize)
    uses.push(...(await readBatch(site, tenants.slice(from, from + batchSize), tellUnread)));
  return groupRetirements(uses);
}

async function readBatch(
  site: Site,
  tenants: readonly Named[],
  tellUnread: TellUnread | undefined,
): Promise<RetiringUse[]> {
  const [only] = tenants;
  if (tenants.length === 1 && only !== undefined) return readAlone(site, only);
  const together = await readTogether(site, tenants).catch(unlessOneByOne);
  if (together !== undefined) return together;
  const uses: RetiringUse[] = [];
  for (const tenant of tenants)
    uses.push(...(await readAlone(site, tenant).catch((error: unknown) => told(tellUnread, tenant, error))));
  return uses;
}

function told(tellUnread: TellUnread | undefined, tenant: Named, error: unknown): [] {
  if (tellUnread === undefined || !(error instanceof DroverError) || error.code !== 'CONFIG_MISMATCH')
    throw error;
  tellUnread(tenant, error);
  return [];
}

function unlessOneByOne(error: unknown): undefined {
  if (error instanceof DroverError && error.code === 'FLEET_UNAVAILABLE') return undefined;
  throw error;
}

function readTogether(site: Site, tenants: readonly Named[]): Promise<RetiringUse[]> {
  const names = new Map(tenants.map((tenant) => [tenant.key, tenant]));
  const fleet = [...names.keys()];
  return withTenants(site, { tenants: fleet, readOnly: true }, async (tx) => {
    const rules = await readRules(tx, site, undefined);
    const isWanted = ({ tenant }: ModelFacts): boolean => tenant === null || names.has(tenant ?? '');
    return readUses(tx, rules, { isWanted, fleet, whose: (tenant) => names.get(tenant) ?? null });
  });
}

function readAlone(site: Site, tenant: Named | null): Promise<RetiringUse[]> {
  const key = tenant?.key;
  return withTenant(site, { tenant: key, readOnly: true }, async (tx) =>
    readUses(tx, await readRules(tx, site, key), {
      tenant: key,
      isWanted: () => true,
      whose: () => tenant,
    }),
  );
}

interface UseQuery {
  readonly tenant?: string | undefined;
  readonly fleet?: readonly string[];
  readonly isWanted: (model: ModelFacts) => boolean;
  readonly whose: (tenant: string) => Named | null;
}

async function readUses(tx: Tx, rules: Rules, query: UseQuery): Promise<RetiringUse[]> {
  const uses: RetiringUse[] = [];
  for (const kind of rules.kinds) uses.push(...(await readKind(tx, { rules, kind }, query)));
  return uses;
}

async function readKind(
  tx: Tx,
  { rules, kind }: { readonly rules: Rules; readonly kind: string },
  { tenant, fleet, isWanted, whose }: UseQuery,
): Promise<RetiringUse[]> {
  const rows = (await listModelsOfKind(tx, { rules, tenant }, kind)).filter(isWanted);
  const known = (rules.knowledge?.ending(kind) ?? []).map((one) => modelOfKnowledge(kind, one));
  const models = [...rows.filter(isEnding), ...known];
  if (models.length === 0) return [];
  const asked = { rules, models, tenant, ...(fleet === undefined ? {} : { fleet }) };
  const rowsOf = rowsByTenant(rows, fleet);
  return (await countUsageByTenant(tx, asked)).flatMap((used) => {
    const model = models[used.model];
    const own = rowsOf(used.tenant);
    if (model === undefined || (model.key === undefined && own.some((row) => isSame(row, model)))) return [];
    const successor = successorOf(own, model, rules.knowledge);
    return [{ tenant: whose(used.tenant), model, successor, rows: configured(used.counts) }];
  });
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

/** A row of the model, which counts by itself. */
function isSame(row: ModelFacts, known: ModelFacts): boolean {
  return known.spellings?.some(({ text }) => text === row.components['name']) === true;
}

/** Rows that a migration would move, the soft-deleted ones among them: a restore must not bring a model back that is gone. */
function configured(counts: UsageByType): Record<string, number> {
  const rows = Object.entries(counts).map(([type, { live, dead }]) => [type, live + dead] as const);
  return Object.fromEntries(rows.filter(([, count]) => count > 0));
}
