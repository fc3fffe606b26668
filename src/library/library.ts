/**
 * Drover as a library: what the command line does, with values in and out. What is exported here and in shapes.ts, and nothing else, is
 * kept by semantic versioning; `docs/library-api.txt` lists it, compared by a test. It reads no environment, asks nobody, prints nothing
 * and runs no hook (`after`): that is the command line's. Every refusal is a `DroverError`, whose codes are in docs/errors.md.
 */
import { loadEnvironment } from '../config.ts';
import { refusing } from '../engine/finding.ts';
import { given } from '../engine/given.ts';
import { readPlan, sealPlan } from '../engine/planner/plan-file.ts';
import { DroverError } from '../errors.ts';
import { sha256 } from '../postgres/catalogue/digest.ts';
import { applyMove } from '../postgres/move/move.ts';
import { planMove } from '../postgres/move/plan.ts';
import type { Site as OpenedSite } from '../postgres/scope/site.ts';
import { rollbackMove } from '../postgres/undo/rollback.ts';
import { intentOn } from '../site/intent.ts';
import { inventoryAt, inventoryJson } from '../site/inventory.ts';
import { findMigration } from '../site/records.ts';
import { resolveUnit } from '../site/tenant.ts';
import { withSite } from '../site/open.ts';
import { resolveWhere, usage, type Where } from '../site/where.ts';
import { refuseWrong } from './refuse-wrong.ts';
import type * as shape from './shapes.ts';
import { inMembers } from './words.ts';

export type * from './shapes.ts';
export { DroverError } from '../errors.ts';

/** Of the environment nothing, and of the folder neither: a program says all that it means. */
const nobody = { ...loadEnvironment({}), configFile: '' };

/** What is behind a site that was handed out. A symbol, so that no program sees it. */
const opened = Symbol('site');

interface Handle extends shape.Site {
  readonly [opened]: { readonly site: OpenedSite; isClosed: boolean };
}

/**
 * Opens a database with the configuration that describes it. Writes nothing unless `write` is set, and then only what `apply` and
 * `rollback` need.
 * @throws DATABASE_UNREACHABLE, NO_DATABASE, CONFIG_NOT_FOUND, CONFIG_INVALID, EMBEDDED_IN_USE, USAGE_INVALID
 */
export function openSite(options: shape.SiteOptions): Promise<shape.Site> {
  return inMembers(
    () =>
      new Promise((resolve, reject) => {
        refuseWrong('openSite', options);
        const closing = Promise.withResolvers<void>();
        const closed = withSite(whereOf(options), { mayWrite: options.write === true }, (site) => {
          const behind = { site, isClosed: false };
          const close = (): Promise<void> => {
            behind.isClosed = true;
            closing.resolve();
            return closed;
          };
          const handle: Handle = { options, close, [opened]: behind };
          resolve(handle);
          return closing.promise;
        });
        closed.catch(reject);
      }),
  );
}

/**
 * Every place of a database that names a model of the registry, and until when each lasts. It needs no configuration, opens the database
 * itself, and only reads. With one it also says what that makes of each place, and which tenants use each model.
 * @throws DATABASE_UNREACHABLE, NO_DATABASE, MODEL_UNKNOWN, REGISTRY_INVALID, CONFIG_INVALID, CONFIG_MISMATCH, USAGE_INVALID
 */
export function inventory(options: shape.InventoryOptions): Promise<shape.Inventory> {
  return inMembers(async () => {
    refuseWrong('inventory', options);
    const { database, config, trustConfig, registry, model, samplePercent } = options ?? {};
    const where = whereOf({ database, ...given({ config, trustConfig, registry }) });
    return inventoryJson(
      await inventoryAt(where, { model, samplePercent, configured: config !== undefined }),
    );
  });
}

/**
 * What a move would change, what stays, and what to know. Reads only. A plan that would be refused is a plan, too: its findings say why.
 * @throws TENANT_REQUIRED, TENANT_NOT_FOUND, TENANT_AMBIGUOUS, MODEL_NOT_FOUND, MODEL_UNKNOWN, MODEL_AMBIGUOUS, SAME_MODEL,
 *   CONFIG_MISMATCH, KIND_UNKNOWN, ENTITY_TYPE_UNKNOWN, ANSWER_UNKNOWN, USAGE_INVALID
 */
export function plan(site: shape.Site, move: shape.Move): Promise<shape.Plan> {
  return inMembers(async () => {
    const on = openedOf(site);
    refuseWrong('plan', move);
    const { tenant, shared, answers = {}, leaveAsks = false, ...asked } = move;
    const unit = await resolveUnit(on, given({ tenant, shared }));
    return sealPlan(await planMove(on, intentOn(on, { ...asked, answers, leaveAsks }, unit)), sha256);
  });
}

/**
 * Carries out exactly this plan, in one transaction: all of it, or nothing. The site is open with `write`.
 * @throws PLAN_INVALID, PLAN_STALE, PLAN_REFUSED, CONFIRMATION_REQUIRED, FORCE_NEEDS_REASON, MIGRATION_RUNNING, COUNT_MISMATCH,
 *   REFERENCES_LEFT, ROW_REFUSED, MIGRATION_UNDER_WAY, LOCK_TIMEOUT, USAGE_INVALID: nothing was changed. OUTCOME_UNKNOWN: the connection
 *   was lost at the commit, and nobody could be asked; the next call for this tenant and model settles it
 */
export function apply(
  site: shape.Site,
  made: shape.Plan,
  options: shape.ApplyOptions,
): Promise<shape.Migrated | shape.NothingToDo> {
  return inMembers(async () => {
    const on = writable(site);
    refuseWrong('apply', options);
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
  });
}

/**
 * Takes a migration back where nobody changed the value since; the rest is left and listed. The site is open with `write`.
 * @throws MIGRATION_NOT_FOUND, ROLLBACK_IMPOSSIBLE, MIGRATION_RUNNING, LOCK_TIMEOUT, USAGE_INVALID
 */
export function rollback(
  site: shape.Site,
  migrationId: string,
  options: shape.RollbackOptions,
): Promise<shape.RolledBack> {
  return inMembers(async () => {
    const on = writable(site);
    refuseWrong('rollback', options);
    const { record, tenant } = await findMigration(on, { id: migrationId, tenant: options.tenant });
    return rollbackMove(on, { migrationId: record.id, tenant, ...acting(options) });
  });
}

/** @throws USAGE_INVALID where it is no database; the folder of the command line is nobody's default here */
function whereOf({ database, config, state, trustConfig, registry }: shape.SiteOptions): Where {
  if (typeof database !== 'string' || database === '')
    throw usage('--database takes postgres://user@host:5432/database or pglite:FOLDER.');
  const environment = { ...nobody, ...given({ registryFolder: registry }) };
  return resolveWhere({ database, ...given({ config, state, trustConfig }) }, environment);
}

function acting({ actor, reason, onProgress }: shape.Acting) {
  return { actor, ...given({ reason, onProgress }) };
}

/** @throws USAGE_INVALID where it is no site, or was closed */
function openedOf(handed: shape.Site): OpenedSite {
  if (!(opened in handed)) throw usage('That is no site: `await openSite({ database })` gives one.');
  const { site, isClosed } = (handed as Handle)[opened];
  if (isClosed) throw usage('This site was closed. `openSite` opens the database again.');
  return site;
}

/** @throws USAGE_INVALID where nobody said that something may be written */
function writable(site: shape.Site): OpenedSite {
  const on = openedOf(site);
  if (site.options.write === true) return on;
  throw usage('This site is open for reading: `openSite({ …, write: true })` opens it for writing.');
}
