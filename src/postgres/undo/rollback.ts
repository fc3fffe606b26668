/**
 * Rollback: a new migration, forward in time, that takes the journal of an earlier one back where nobody changed the value since.
 * The steps run in reverse, so that the source is live again before a reference to it is restored. It can itself be rolled back.
 * Several tenants are taken back together as they are moved together (../move/batch.ts).
 */
import { everyMember } from '../driver/members.ts';
import { movedRows } from '../../engine/operations/operations.ts';
import { holdGrants, nothingUngranted } from '../move/grant-uses.ts';
import type { UngrantedUses } from '../move/grant-uses.ts';
import { tenantOfRecord } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { given } from '../../engine/given.ts';
import { DroverError } from '../../errors.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { rootsUngranted } from '../records/later-moves.ts';
import { inState } from './read-chunks.ts';
import { readRules } from '../catalogue/rules.ts';
import type { Tx } from '../driver/database.ts';
import { resultOf, runBatch } from '../move/batch.ts';
import type { Job, MemberAtWork, Outcome, PreparedMember } from '../move/job.ts';
import { switchFences } from '../move/fence.ts';
import { moveLocks } from '../move/locks.ts';
import { commitRecords, journalFor } from '../records/commit.ts';
import type { Settle } from '../records/commit.ts';
import { readMigrations } from '../records/history.ts';
import type { MigrationDetail } from '../records/history.ts';
import type { DoneMigration, NewRecord } from '../records/records.ts';
import { endParts, lockForWork } from '../records/under-way.ts';
import { withStates } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { keysOfRecord, modelOfRecord, modelsOf } from './models.ts';
import { rekeyBack } from './rekey.ts';
import { skippedShown } from './result.ts';
import type { RollbackOptions, RollbackResult } from './result.ts';
import { siteFor } from '../scope/rows-site.ts';
import type { Undoing } from './models.ts';
import { atWork, behindLater, goneOn, impossible } from './refusal.ts';
import { undoSteps } from './steps.ts';
import type { StepsUndone } from './steps.ts';

/** Which migration of which tenant is taken back. */
export interface RollbackRequest {
  readonly migrationId: string;
  readonly tenant?: TenantKey;
}

/** Takes one migration back. @throws MIGRATION_NOT_FOUND, ROLLBACK_IMPOSSIBLE, MIGRATION_RUNNING */
export async function rollbackMove(
  site: Site,
  { migrationId, tenant, ...options }: RollbackRequest & RollbackOptions,
): Promise<RollbackResult> {
  return resultOf(await rollbackMoves(site, [{ migrationId, tenant }], options));
}

/**
 * Takes the migrations of several tenants back, each tenant once; outcomes in their order.
 * @throws what concerns no single tenant: the database is gone
 */
export async function rollbackMoves(
  site: Site,
  requests: readonly RollbackRequest[],
  options: RollbackOptions,
): Promise<Outcome<RollbackResult>[]> {
  const parents = await readParents(site, requests);
  if (!parents.some(isOfRows)) return runBatch(site, jobOf(site, options), requests, parents.map(preparedOf));
  const outcomes: Outcome<RollbackResult>[] = [];
  for (const [at, request] of requests.entries())
    outcomes.push(await rollbackAlone(site, options, { request, parent: parents[at] }));
  return outcomes;
}

type Parent = MigrationDetail | DroverError;

function isOfRows(parent: Parent | undefined): parent is MigrationDetail {
  return parent !== undefined && !(parent instanceof DroverError) && parent.intent?.rows !== undefined;
}

/** A re-key goes back as a re-key. One that only repaired what named a key goes back by its journal, like any move. */
async function rollbackAlone(
  site: Site,
  options: RollbackOptions,
  { request, parent }: { readonly request: RollbackRequest; readonly parent: Parent | undefined },
): Promise<Outcome<RollbackResult>> {
  if (isOfRows(parent) && parent.steps.some(({ operation }) => operation === 'rekey'))
    return rekeyBack(site, options, parent);
  const seen = isOfRows(parent) ? siteFor(site, parent.intent ?? {}) : site;
  const prepared = parent === undefined ? undefined : [preparedOf(parent)];
  const [outcome] = await runBatch(seen, jobOf(seen, options), [request], prepared);
  if (outcome === undefined) throw new Error('a rollback came to nothing');
  return outcome;
}

function jobOf(site: Site, options: RollbackOptions): Job<RollbackRequest, Undoing, RollbackResult> {
  return {
    tenantOf: ({ tenant }) => tenant,
    prepare: async (requests) => (await readParents(site, requests)).map(preparedOf),
    askedBy: ({ parent, tenant }) => ({ migrationId: parent.id, tenant }),
    recordOf: (undoing) => recordOf(options, undoing),
    shapeOf: ({ source }) => JSON.stringify([source.kind, source.key === undefined]),
    work: (tx, members) => takeBack(tx, site, { options, members }),
  };
}

function readParents(site: Site, requests: readonly RollbackRequest[]): Promise<Parent[]> {
  if (requests.length === 0) return Promise.resolve([]);
  return withStates(
    site,
    requests.map(({ tenant }) => tenant),
    (tx) =>
      readMigrations(
        tx,
        site,
        requests.map(({ migrationId: id, tenant }) => ({ id, tenant })),
      ),
  );
}

function preparedOf(parent: Parent): PreparedMember<Undoing, RollbackResult> {
  if (parent instanceof DroverError) return { refused: parent };
  const source = modelOfRecord(parent, 'from');
  const tenant = tenantOfRecord(parent.tenant);
  const about = { tenant, source };
  const refused = impossible(parent);
  if (refused !== undefined) return { about, refused };
  return { about, ready: { parent, tenant, source, target: modelOfRecord(parent, 'to') } };
}

/** What the record of a rollback says from its beginning. */
function recordOf(
  { actor, reason }: RollbackOptions,
  { parent, tenant, source, target }: Undoing,
): NewRecord {
  const base = {
    kind: 'rollback' as const,
    tenant,
    parentId: parent.id,
    source,
    target,
    actor,
    forced: false,
  };
  return reason === undefined ? base : { ...base, reason };
}

interface RollbackWork {
  readonly options: RollbackOptions;
  readonly members: readonly MemberAtWork<Undoing>[];
}

/** Everything that rollbacks do in their one transaction: lock, undo the steps in reverse, close the records. */
async function takeBack(
  tx: Tx,
  site: Site,
  { options, members }: RollbackWork,
): Promise<{ worked: (RollbackResult | DroverError)[]; settle: Settle }> {
  const running = await lockForWork(
    tx,
    site,
    members.map(({ prepared: { tenant, source, parent } }) => ({ tenant, source, own: parent.id })),
  );
  const parents = members.map(({ prepared: { parent } }) => parent);
  const ahead = await goneOn(tx, site, parents);
  const rules = await lockModels(
    tx,
    site,
    members.filter((_, at) => running[at] === undefined),
  );
  const later = await behindLater(tx, site, parents);
  const refused = members.map(
    ({ prepared: { parent } }, at) => atWork(parent, running[at]) ?? ahead[at] ?? later[at],
  );
  const free = members.filter((_, at) => refused[at] === undefined);
  const done = await undoAll(tx, site, { options, members: free, rules });
  if (done.length > 0)
    await options.beforeCommit?.(
      tx,
      done.map(({ result }) => result),
    );
  for (const { prepared } of free)
    if (prepared.parent.status === 'under_way')
      await endParts(tx, site, { tenant: prepared.tenant, id: prepared.parent.id });
  const settle = free.length === 0 ? () => Promise.resolve() : await commitRecords(tx, site, done);
  const results = done.map(({ result }) => result).values();
  const worked = everyMember(members.map((_, at) => refused[at] ?? results.next().value));
  return { worked, settle };
}

/** The rules, once the models of all members are held; nothing where there is no member. */
async function lockModels(
  tx: Tx,
  site: Site,
  members: readonly MemberAtWork<Undoing>[],
): Promise<Rules | undefined> {
  const [first] = members;
  if (first === undefined) return undefined;
  const rules = await readRules(tx, site, first.prepared.tenant);
  const pairs = members.map(({ prepared: { source, target, tenant, parent } }) => ({
    pair: { source, target, ...given({ keys: keysOfRecord(parent) }) },
    tenant,
  }));
  await tx.ask(moveLocks(rules, pairs));
  return rules;
}

async function undoAll(
  tx: Tx,
  site: Site,
  { options, members, rules }: RollbackWork & { readonly rules: Rules | undefined },
): Promise<(DoneMigration & { readonly result: RollbackResult })[]> {
  if (rules === undefined || members.length === 0) return [];
  const records = members.map(({ prepared: { tenant }, id }) => ({ tenant, id }));
  const journal = await journalFor(tx, site, records);
  const parents = members.map(({ prepared }) => prepared.parent);
  for (const { prepared } of members)
    await switchFences(tx, site, { tenant: prepared.tenant, migrationId: prepared.parent.id });
  const tenants = members.map(({ prepared }) => prepared.tenant);
  const models = await modelsOf(
    tx,
    rules,
    members.map(({ prepared }) => prepared),
  );
  await holdGrants(tx, { rules, members: models });
  const undone = await undoSteps(tx, site, {
    rules,
    tenants,
    members: models,
    before: await readBefore(tx, site, parents),
    parents,
    journal,
    onProgress: options.onProgress,
  });
  await tx.run('SET CONSTRAINTS ALL IMMEDIATE');
  return members.map((member, at) => doneOf(options, member, undone[at] ?? { results: [], skipped: [] }));
}

/** What the moves at the roots found that rows relied on before them. */
async function readBefore(tx: Tx, site: Site, parents: readonly MigrationDetail[]): Promise<UngrantedUses[]> {
  const asked = parents.map((parent) => ({ parent }));
  const found = await inState(tx, site, asked, (state) => rootsUngranted(state, site, parents));
  return found.map((one) => one ?? nothingUngranted);
}

function doneOf(
  { actor, reason }: RollbackOptions,
  { prepared, id, startedAt }: MemberAtWork<Undoing>,
  { results, skipped }: StepsUndone,
): DoneMigration & { readonly result: RollbackResult } {
  const back = results.filter(({ step }) => step.undoDepth > 0);
  const restored = movedRows(back.map(({ step, actual }) => ({ operation: step.kind, actual })));
  const complete = skipped.length === 0;
  const result = {
    migrationId: id,
    parentId: prepared.parent.id,
    restored,
    skippedCount: skipped.length,
    skipped: skipped.slice(0, skippedShown),
    complete,
    durationMs: Math.round(performance.now() - startedAt),
  };
  return {
    tenant: prepared.tenant,
    id,
    kind: 'rollback',
    completion: complete ? ('complete' as const) : ('partial' as const),
    result,
    results,
    actor,
    rows: restored,
    forced: false,
    reason,
  };
}
