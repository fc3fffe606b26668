/**
 * Drover as a library: what the command line does, with values in and out. What is exported here and in shapes.ts, and nothing else, is
 * kept by semantic versioning; `docs/library-api.txt` lists it, compared by a test. It reads no environment, asks nobody, prints nothing
 * and runs no hook (`after`): that is the command line's. Every refusal is a `DroverError`, whose codes are in docs/errors.md.
 */
import { chooseModel, inventoryRequest } from '../cli/inventory/inventory.ts';
import { inventoryJson } from '../cli/inventory/json.ts';
import { findMigration } from '../cli/migrations/records.ts';
import { intentOn } from '../cli/options.ts';
import { resolveUnit } from '../cli/tenant.ts';
import { todayText } from '../cli/terminal/times.ts';
import { resolveWhere, shownUrl, withDatabase, withSite } from '../cli/where.ts';
import { loadEnvironment } from '../config.ts';
import { refusing } from '../engine/finding.ts';
import { given } from '../engine/given.ts';
import { reportModel, reportModels } from '../engine/inventory/report.ts';
import { readPlan, sealPlan } from '../engine/planner/plan-file.ts';
import { DroverError } from '../errors.ts';
import { sha256 } from '../postgres/catalogue/digest.ts';
import { takeInventory } from '../postgres/inventory/take-inventory.ts';
import { applyMove } from '../postgres/move/move.ts';
import { planMove } from '../postgres/move/plan.ts';
import type { Site as OpenedSite } from '../postgres/scope/site.ts';
import { rollbackMove } from '../postgres/undo/rollback.ts';
import { inventoryModels } from '../registry/known/inventory-models.ts';
import { loadValid } from '../registry/load/folder.ts';
import type * as shape from './shapes.ts';

export type * from './shapes.ts';
export { DroverError } from '../errors.ts';

/** Of the environment nothing, and of the folder neither: a program says all that it means. */
const nobody = { ...loadEnvironment({}), configFile: '' };

/** What is behind a site that was handed out. A symbol, so that no program sees it. */
const opened = Symbol('site');

interface Handle extends shape.Site {
  readonly [opened]: OpenedSite;
}

/**
 * Opens a database with the configuration that describes it. Writes nothing unless `write` is set, and then only what `apply` and
 * `rollback` need.
 * @throws DATABASE_UNREACHABLE, NO_DATABASE, CONFIG_NOT_FOUND, CONFIG_INVALID, EMBEDDED_IN_USE, USAGE_INVALID
 */
export function openSite(options: shape.SiteOptions): Promise<shape.Site> {
  const { write = false, registry, ...words } = options;
  const where = resolveWhere(words, { ...nobody, ...given({ registryFolder: registry }) });
  const closing = Promise.withResolvers<void>();
  return new Promise((resolve, reject) => {
    const closed = withSite(where, { mayWrite: write }, (site) => {
      const close = (): Promise<void> => {
        closing.resolve();
        return closed;
      };
      const handle: Handle = { options, close, [opened]: site };
      resolve(handle);
      return closing.promise;
    });
    closed.catch(reject);
  });
}

/**
 * Every place of a database that names a model of the registry, and until when each lasts. It needs no configuration, opens the database
 * itself, and only reads.
 * @throws DATABASE_UNREACHABLE, NO_DATABASE, MODEL_UNKNOWN, REGISTRY_INVALID
 */
export async function inventory(options: shape.InventoryOptions): Promise<shape.Inventory> {
  const { database, registry, model, samplePercent } = options;
  const where = resolveWhere({ database }, { ...nobody, ...given({ registryFolder: registry }) });
  const models = inventoryModels(loadValid(where.registry));
  const asked = model === undefined ? undefined : chooseModel(model, models);
  const begin = performance.now();
  const request = inventoryRequest(models, { asked, sample: samplePercent });
  const found = await withDatabase(where, (opening) => takeInventory(opening, request));
  return inventoryJson({
    found,
    reports:
      asked === undefined ? reportModels(found, models.models) : [reportModel(found, asked, models.models)],
    database: shownUrl(database),
    today: todayText(),
    asked,
    samplePercent,
    durationMs: performance.now() - begin,
  });
}

/**
 * What a move would change, what stays, and what to know. Reads only. A plan that would be refused is a plan, too: its findings say why.
 * @throws TENANT_REQUIRED, TENANT_NOT_FOUND, TENANT_AMBIGUOUS, MODEL_NOT_FOUND, MODEL_UNKNOWN, MODEL_AMBIGUOUS, SAME_MODEL,
 *   CONFIG_MISMATCH, KIND_UNKNOWN, ENTITY_TYPE_UNKNOWN, ANSWER_UNKNOWN
 */
export async function plan(site: shape.Site, move: shape.Move): Promise<shape.Plan> {
  const on = openedOf(site);
  const { tenant, shared, answers = {}, leaveAsks = false, ...asked } = move;
  const unit = await resolveUnit(on, given({ tenant, shared }));
  return sealPlan(await planMove(on, intentOn(on, { ...asked, answers, leaveAsks }, unit)), sha256);
}

/**
 * Carries out exactly this plan, in one transaction: all of it, or nothing. The site is open with `write`.
 * @throws PLAN_INVALID, PLAN_STALE, PLAN_REFUSED, CONFIRMATION_REQUIRED, FORCE_NEEDS_REASON, MIGRATION_RUNNING, COUNT_MISMATCH,
 *   REFERENCES_LEFT, ROW_REFUSED, MIGRATION_UNDER_WAY, LOCK_TIMEOUT: nothing was changed. OUTCOME_UNKNOWN: the connection was lost at the
 *   commit, and nobody could be asked; the next call for this tenant and model settles it
 */
export async function apply(
  site: shape.Site,
  made: shape.Plan,
  options: shape.ApplyOptions,
): Promise<shape.Migrated | shape.NothingToDo> {
  const on = writable(site);
  const read = readPlan(JSON.stringify(made), sha256);
  if ('invalid' in read)
    throw new DroverError(
      'PLAN_INVALID',
      `The plan cannot be used: ${read.invalid}. Make a new one with \`plan\`.`,
    );
  const { confirm = false, force = false } = options;
  if (read.steps.length === 0 && refusing(read.findings, force).length === 0)
    return { status: 'nothing-to-do', planHash: read.hash };
  return applyMove(on, { intent: read.intent, plan: read, confirm, force, ...acting(options) });
}

/**
 * Takes a migration back where nobody changed the value since; the rest is left and listed. The site is open with `write`.
 * @throws MIGRATION_NOT_FOUND, ROLLBACK_IMPOSSIBLE, MIGRATION_RUNNING, LOCK_TIMEOUT
 */
export async function rollback(
  site: shape.Site,
  migrationId: string,
  options: shape.RollbackOptions,
): Promise<shape.RolledBack> {
  const on = writable(site);
  const { record, tenant } = await findMigration(on, { id: migrationId, tenant: options.tenant });
  return rollbackMove(on, { migrationId: record.id, tenant, ...acting(options) });
}

function acting({ actor, reason, onProgress }: shape.Acting) {
  return { actor, ...given({ reason, onProgress }) };
}

function openedOf(site: shape.Site): OpenedSite {
  if (opened in site) return (site as Handle)[opened];
  throw new DroverError('USAGE_INVALID', 'That is no site: `await openSite({ database })` gives one.');
}

/** @throws USAGE_INVALID where nobody said that something may be written */
function writable(site: shape.Site): OpenedSite {
  if (site.options.write === true) return openedOf(site);
  throw new DroverError(
    'USAGE_INVALID',
    'This site is open for reading: `openSite({ …, write: true })` opens it for writing.',
  );
}
