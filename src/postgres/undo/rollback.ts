/**
 * Rollback: a new migration, forward in time, that takes the journal of an earlier one back where nobody changed the value since.
 * The steps run in reverse, so that the source is live again before a reference to it is restored. It can itself be rolled back.
 */
import { movedRows } from '../../engine/operations/operations.ts';
import { namedModel } from '../../engine/models/model.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { modelTableOf } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import type { Progress, StepResult } from '../move/execute.ts';
import { switchFences } from '../move/fence.ts';
import { getMigration, settleInterrupted } from '../records/history.ts';
import type { MigrationDetail } from '../records/history.ts';
import { identityOf, lockModels, lockPair, lockTables } from '../move/locks.ts';
import { openRecord } from '../records/records.ts';
import type { NewRecord } from '../records/records.ts';
import { prepareState, readRules, stateTable, withState, withTenant } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { findLiveReferences, readRootIntent, retiresAgain } from './retire-again.ts';
import { skipAll, undoChunk } from './chunk.ts';
import type { Chunk, Skipped, UndoContext } from './chunk.ts';
import { finishWork, journalFor, recorded } from '../move/work.ts';
import type { Finished } from '../move/work.ts';

export interface RollbackRequest {
  readonly migrationId: string;
  readonly tenant?: string | undefined;
  readonly actor: string;
  readonly reason?: string;
  /** Called in the work's transaction, after its work and before its commit. Throwing rolls it back. */
  readonly beforeCommit?: (tx: Tx, result: RollbackResult) => Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
}

export interface RollbackResult {
  readonly migrationId: string;
  readonly parentId: string;
  /** Rows restored; a document counts once however many of its values were. */
  readonly restored: number;
  readonly skippedCount: number;
  /** Up to a thousand of the rows (or values) left as they are, with the reason. */
  readonly skipped: readonly Skipped[];
  readonly complete: boolean;
  readonly durationMs: number;
}

/** How many skipped rows a result names. */
const skippedShown = 1000;

/** @throws MIGRATION_NOT_FOUND, ROLLBACK_IMPOSSIBLE, MIGRATION_RUNNING */
export async function rollbackMove(site: Site, request: RollbackRequest): Promise<RollbackResult> {
  const startedAt = performance.now();
  await prepareState(site);
  const parent = await getMigration(site, { tenant: request.tenant, id: request.migrationId });
  const tenant = tenantOf(parent);
  await settleInterrupted(site, { tenant, source: modelOf(parent, 'from') });
  refuseImpossible(await getMigration(site, { tenant, id: request.migrationId }));
  const id = await openRecord(site, recordOf(request, parent));
  const work = await recorded(site, { tenant, id }, () =>
    attempt(site, request, { parent, tenant, id, startedAt }),
  );
  return work.settle();
}

/** What the record of a rollback says from its beginning. */
export function recordOf(
  { actor, reason }: Pick<RollbackRequest, 'actor' | 'reason'>,
  parent: MigrationDetail,
): NewRecord {
  const models = { source: modelOf(parent, 'from'), target: modelOf(parent, 'to') };
  const base = {
    kind: 'rollback' as const,
    tenant: tenantOf(parent),
    parentId: parent.id,
    ...models,
    actor,
    forced: false,
  };
  return reason === undefined ? base : { ...base, reason };
}

function tenantOf({ tenant }: MigrationDetail): string | undefined {
  return tenant === '' ? undefined : tenant;
}

/** @throws ROLLBACK_IMPOSSIBLE */
export function refuseImpossible(parent: MigrationDetail): void {
  const why =
    parent.status !== 'succeeded'
      ? `it ${parent.status === 'failed' ? 'failed and changed nothing' : 'is still running'}`
      : parent.rolledBack
        ? 'it was rolled back already'
        : undefined;
  if (why !== undefined)
    throw new DroverError('ROLLBACK_IMPOSSIBLE', `Migration ${parent.id} cannot be rolled back: ${why}.`, {
      id: parent.id,
    });
}

export function modelOf(record: MigrationDetail, side: 'from' | 'to'): ModelFacts {
  const { key, name, provider } = record[side];
  const components = { ...(name === null ? {} : { name }), ...(provider === null ? {} : { provider }) };
  const kind = record.from.kind ?? 'completion';
  return namedModel({ kind, components, ...(key === null ? {} : { key }) });
}

export interface Attempt {
  readonly parent: MigrationDetail;
  readonly tenant: string | undefined;
  readonly id: string;
  readonly startedAt: number;
}

function attempt(site: Site, request: RollbackRequest, about: Attempt): Promise<Finished<RollbackResult>> {
  return withTenant(site, { tenant: about.tenant }, (tx) => takeBack({ tx, site }, request, about));
}

/** Everything that a rollback does in its one transaction: lock, undo the steps in reverse, close the record. */
export async function takeBack(
  { tx, site }: { tx: Tx; site: Site },
  request: Omit<RollbackRequest, 'migrationId' | 'tenant'>,
  about: Attempt,
): Promise<Finished<RollbackResult>> {
  const { parent, tenant, id } = about;
  const source = modelOf(parent, 'from');
  await lockPair(tx, tenant, identityOf(source));
  const rules = await readRules(tx, site);
  await lockTables(tx, rules, source.kind);
  if (source.key !== undefined && modelTableOf(rules, source.kind) !== undefined)
    await lockModels(tx, rules, { pair: { source, target: modelOf(parent, 'to') }, tenant });
  const journal = await journalFor(tx, site, { tenant, id });
  await switchFences(tx, site, { tenant, migrationId: parent.id });
  const { steps, skipped } = await undoSteps(tx, site, {
    ...about,
    context: { tx, rules, tenant, journal },
    onProgress: request.onProgress,
  });
  const restored = movedRows(steps.map(({ step, actual }) => ({ operation: step.operation, actual })));
  const result = {
    migrationId: id,
    parentId: parent.id,
    restored,
    skippedCount: skipped.length,
    skipped: skipped.slice(0, skippedShown),
    complete: skipped.length === 0,
    durationMs: Math.round(performance.now() - about.startedAt),
  };
  await tx.run('SET CONSTRAINTS ALL IMMEDIATE');
  await request.beforeCommit?.(tx, result);
  return finishWork(tx, site, {
    tenant,
    id,
    kind: 'rollback',
    complete: result.complete,
    result,
    results: steps,
    actor: request.actor,
    rows: restored,
    forced: false,
    reason: request.reason,
  });
}

interface UndoSteps extends Attempt {
  readonly context: Pick<UndoContext, 'tx' | 'rules' | 'tenant' | 'journal'>;
  readonly onProgress: RollbackRequest['onProgress'];
}

/** Takes the steps back in reverse order; chunk by chunk, so that memory stays flat. */
async function undoSteps(tx: Tx, site: Site, about: UndoSteps) {
  const steps: StepResult[] = [];
  const skipped: Skipped[] = [];
  for (const [at, original] of about.parent.steps.toReversed().entries()) {
    let chunk = 0;
    const context = { ...about.context, step: at + 1, nextChunk: () => (chunk += 10) };
    let restored = 0;
    const held = await whyNotRetire(tx, site, { about, operation: original.operation });
    for await (const one of readChunks(tx, site, { ...about, step: original.step })) {
      const undone = held === undefined ? await undoChunk(context, one) : skipAll(one, held);
      restored += undone.restored;
      skipped.push(...undone.skipped);
      about.onProgress?.({
        step: at + 1,
        steps: about.parent.steps.length,
        operation: `undo ${original.operation}`,
        table: original.table,
        entity: original.entity,
        rows: restored,
        expected: original.actual ?? original.expected,
      });
    }
    steps.push({
      step: {
        id: at + 1,
        operation: `undo ${original.operation}`,
        table: original.table,
        entity: original.entity,
        expected: original.actual ?? original.expected,
        rows: [],
      },
      actual: restored,
    });
  }
  return { steps, skipped };
}

/** Why the source cannot be retired again, where undoing this step would do that. */
async function whyNotRetire(
  tx: Tx,
  site: Site,
  { about, operation }: { about: UndoSteps; operation: string },
): Promise<string | undefined> {
  if (!retiresAgain(operation)) return undefined;
  const { parent, tenant, context } = about;
  const intent = await inState(tx, site, about, (state) => readRootIntent(state, site, parent));
  if (intent === undefined) return undefined;
  const [from, to] = [parent.from.key ?? intent.from, parent.to.key ?? intent.to];
  return findLiveReferences(tx, context.rules, {
    ...intent,
    ...(tenant === undefined ? {} : { tenant }),
    from,
    to,
  });
}

/** The chunks of a step, last first. */
async function* readChunks(tx: Tx, site: Site, about: Attempt & { step: number }): AsyncGenerator<Chunk> {
  const { chunks } = await inState(tx, site, about, (state) =>
    state.one<{ chunks: number[] | null }>(
      `SELECT array_agg(chunk ORDER BY chunk DESC) AS chunks FROM ${stateTable(site, 'journal')} WHERE ${chunkWhere(site)}`,
      [about.parent.tenant, about.parent.id, about.step],
    ),
  );
  for (const chunk of chunks ?? []) {
    yield await inState(tx, site, about, (state) =>
      state.one<Chunk>(
        `SELECT step, chunk, action, table_name AS "table", key_columns AS "keyColumns", coalesce(uuid_keys::text[], int_keys::text[], text_keys) AS keys, before, after, to_jsonb(befores) AS befores, to_jsonb(afters) AS afters
         FROM ${stateTable(site, 'journal')} WHERE ${chunkWhere(site)} AND chunk = $4::int`,
        [about.parent.tenant, about.parent.id, about.step, chunk],
      ),
    );
  }
}

function chunkWhere(site: Site): string {
  return `tenant_id = $1::text::${site.state.tenantType} AND migration_id = $2::text::uuid AND step = $3::int`;
}

/** Records in the same database are read in the same transaction. */
function inState<T>(tx: Tx, site: Site, about: Attempt, work: (state: Tx) => Promise<T>): Promise<T> {
  return site.state.separate ? withState(site, about.tenant, work) : work(tx);
}
