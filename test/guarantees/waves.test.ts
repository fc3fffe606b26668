/**
 * A wave does to each tenant exactly what its own migration would have done: the same rows, the same journal, the same result. What
 * concerns one tenant is that tenant's outcome, and harms no other.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { DroverError } from '../../src/errors.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { compareDatabases } from '../attached/database-text.ts';
import { applyBatch, rollbackBatch } from '../support/batches.ts';
import type { BatchRequest, MoveResult, Outcome, RollbackResult } from '../support/batches.ts';
import { oneEngine } from '../support/databases.ts';
import { demoForEach, studioForEach } from '../support/ground.ts';
import type { Ground } from '../support/ground.ts';
import {
  actor,
  apply,
  assertUnchanged,
  history,
  intentFor,
  readRows,
  rollback,
} from '../support/guarantee.ts';
import type { Rows } from '../support/guarantee.ts';
import { north, south } from '../support/studio.ts';

const tenants = [1, 2, 3, 4].map((number) => demoId(number, 'tenants', 0));
const [, birch = '', cedar = ''] = tenants;
const retiredAt = ['migration.completion_models.retired_at'];

function movesOf(change: Partial<Intent> = {}): Intent[] {
  return tenants.map((tenant) => intentFor({ tenant, ...change }));
}

function wave(
  at: Ground,
  change: Partial<Intent> = {},
  more: Partial<BatchRequest> = {},
): Promise<Outcome<MoveResult>[]> {
  return applyBatch(at.site, { moves: movesOf(change), confirm: true, actor, ...more });
}

function resultOf<R>(outcome: Outcome<R> | undefined): R {
  assert.equal(outcome?.status, 'succeeded', outcome?.status === 'failed' ? outcome.error.message : '');
  assert.ok(outcome.status === 'succeeded');
  return outcome.result;
}

/** Takes a batch back as a batch. */
function takeBack(
  at: Ground,
  outcomes: readonly Outcome<{ readonly migrationId: string }>[],
): Promise<Outcome<RollbackResult>[]> {
  const rollbacks = outcomes.map((outcome) => ({
    tenant: outcome.tenant,
    migrationId: resultOf(outcome).migrationId,
  }));
  return rollbackBatch(at.site, { rollbacks, actor });
}

/** What differs from one run to the next, or illustrates only. */
function lasting(result: MoveResult): unknown {
  const leftBehind = result.leftBehind.map((entry) => ({ ...entry, rows: [] }));
  return { ...result, leftBehind, migrationId: '', durationMs: 0 };
}

function codeOf(error: unknown): string {
  assert.ok(error instanceof DroverError, String(error));
  return error.code;
}

/** The journal by tenant and step: what a rollback would restore. */
function journalOf(at: Ground): Promise<unknown> {
  return at.value(
    `SELECT jsonb_agg(to_jsonb(j) ORDER BY j.tenant_id, j.step, j.key)::text AS value FROM (
       SELECT j.tenant_id, j.step, j.action, j.table_name, j.key_columns, u.key, j.before, j.after - 'retired_at' AS after, u.b, u.a - 'retired_at' AS a FROM migration.journal j
       CROSS JOIN LATERAL unnest(coalesce(j.uuid_keys::text[], j.int_keys::text[], j.text_keys), j.befores, j.afters) u (key, b, a)) j`,
  );
}

/** Lets the database refuse the change of one assistant of the tenant. */
function plantRefusal(at: Ground, tenant: string): Promise<void> {
  return at.script(
    `ALTER TABLE migration.assistants ADD CONSTRAINT planted CHECK (tenant_id <> '${tenant}' OR completion_model_id IS DISTINCT FROM '${completionId(Number(tenant.slice(0, 8)), 'claude-sonnet-4-6')}') NOT VALID`,
  );
}

/** Lets the database refuse that an assistant of the tenant names the source. */
function refuseSource(at: Ground, tenant: string): Promise<void> {
  return at.script(
    `ALTER TABLE migration.assistants ADD CONSTRAINT planted CHECK (tenant_id <> '${tenant}' OR completion_model_id IS DISTINCT FROM '${completionId(Number(tenant.slice(0, 8)), 'claude-3-7-sonnet')}') NOT VALID`,
  );
}

/** Lets the database refuse each change of the tenant's assistants when constraints are checked, at the end of the transaction. */
function refuseAtTheEnd(at: Ground, tenant: string): Promise<void> {
  return at.script(
    `CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation USING MESSAGE = 'planted'; END $$;
     CREATE CONSTRAINT TRIGGER planted AFTER UPDATE ON migration.assistants DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.tenant_id = '${tenant}') EXECUTE FUNCTION public.refuse()`,
  );
}

/** The rows of all tenants but one are as they were at the start. */
async function assertRestored(at: Ground, but: string): Promise<void> {
  const others = (rows: Rows): Rows =>
    new Map([...rows].map(([table, lines]) => [table, lines.filter((line) => !line.includes(but))]));
  const now = await readRows(at.database);
  assert.deepEqual(compareDatabases(others(at.start), others(now)), {}, 'all others are restored');
}

oneEngine((engine) => {
  describe('a wave and the migrations of its tenants one by one', () => {
    const together = demoForEach(engine);
    const apart = demoForEach(engine);

    for (const change of [
      {},
      { parameters: 'keep' },
      { parameters: 'translate' },
      { entityTypes: ['assistants'] },
      { entityTypes: ['apps', 'app_templates'] },
      { to: 'claude-haiku-4-5' },
    ] as const) {
      it(`are the same: ${JSON.stringify(change)}`, async () => {
        const outcomes = await wave(together, change);
        for (const [n, tenant] of tenants.entries()) {
          const alone = await apply(apart.site, { tenant, ...change });
          assert.deepEqual(lasting(resultOf(outcomes[n])), lasting(alone));
        }
        const differences = compareDatabases(
          await readRows(together.database, retiredAt),
          await readRows(apart.database, retiredAt),
        );
        assert.deepEqual(differences, {});
        assert.deepEqual(await journalOf(together), await journalOf(apart));
      });
    }
  });

  describe('a wave in a database of somebody else, and its tenants one by one', () => {
    const together = studioForEach(engine);
    const apart = studioForEach(engine);

    for (const change of [{}, { parameters: 'keep' }, { entityTypes: ['bots'] }, { to: 'spare' }] as const) {
      it(`are the same: ${JSON.stringify(change)}`, async () => {
        const moves = [north, south].map((tenant) =>
          intentFor({ tenant, from: 'old', to: 'new', ...change }),
        );
        const outcomes = await applyBatch(together.site, { moves, confirm: true, actor });
        for (const [n, intent] of moves.entries()) {
          const alone = await apply(apart.site, intent).then(lasting, codeOf);
          const outcome = outcomes[n];
          assert.deepEqual(
            outcome?.status === 'failed' ? outcome.error.code : lasting(resultOf(outcome)),
            alone,
          );
        }
        const differences = compareDatabases(
          await readRows(together.database),
          await readRows(apart.database),
        );
        assert.deepEqual(differences, {});
      });
    }
  });

  describe('a wave', () => {
    const at = demoForEach(engine);

    it('can be taken back tenant by tenant, to the byte', async () => {
      for (const outcome of await wave(at)) {
        const { migrationId, tenant } = resultOf(outcome);
        assert.equal((await rollback(at.site, migrationId, tenant ?? '')).skippedCount, 0);
      }
      await assertUnchanged(at.database, at.start, 'rolled back');
    });

    it('leaves out a tenant that is refused, with its reason', async () => {
      await at.script(
        `UPDATE migration.completion_models SET is_enabled = false WHERE tenant_id = '${birch}' AND name = 'claude-sonnet-4-6'`,
      );
      const outcomes = await wave(at);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['succeeded', 'failed', 'succeeded', 'succeeded'],
      );
      const [record] = await history(at.site, birch);
      assert.deepEqual([record?.status, record?.errorCode], ['failed', 'PLAN_REFUSED']);
    });

    it('leaves out a tenant that cannot be planned, without a record', async () => {
      const moves = movesOf().map((move) => (move.tenant === cedar ? { ...move, from: 'nothing' } : move));
      const outcomes = await applyBatch(at.site, { moves, confirm: true, actor });
      const [, , failed] = outcomes;
      assert.ok(failed?.status === 'failed');
      assert.equal(failed.error.code, 'MODEL_NOT_FOUND');
      assert.deepEqual([failed.tenant, (await history(at.site, cedar)).length], [cedar, 0]);
      assert.equal(outcomes.filter(({ status }) => status === 'succeeded').length, 3);
    });

    it('is split where the database refuses one tenant, until that one is alone', async () => {
      await plantRefusal(at, birch);
      const outcomes = await wave(at);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['succeeded', 'failed', 'succeeded', 'succeeded'],
      );
      assert.ok(outcomes[1]?.status === 'failed');
      assert.match(outcomes[1].error.message, /planted/);
      for (const tenant of tenants) {
        const statuses = (await history(at.site, tenant)).map(({ status }) => status);
        assert.deepEqual(statuses, [tenant === birch ? 'failed' : 'succeeded'], 'one record for each tenant');
      }
    });

    it('carries the others out without a tenant whose rows are not as many as planned', async () => {
      await at.script(
        `CREATE FUNCTION public.pass_over() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER planted BEFORE UPDATE ON migration.assistants FOR EACH ROW WHEN (OLD.tenant_id = '${birch}') EXECUTE FUNCTION public.pass_over()`,
      );
      const outcomes = await wave(at);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['succeeded', 'failed', 'succeeded', 'succeeded'],
      );
      const records = await history(at.site, birch);
      assert.deepEqual(
        records.map(({ status, errorCode }) => [status, errorCode]),
        [['failed', 'COUNT_MISMATCH']],
      );
      const moved = `SELECT count(*) AS value FROM migration.assistants WHERE tenant_id = '${birch}' AND completion_model_id = '${completionId(2, 'claude-3-7-sonnet')}'`;
      assert.ok((await at.value<number>(moved)) > 0, 'nothing of it was changed');
    });

    it('can be taken back as one batch, to the byte, and that once more', async () => {
      const undone = await takeBack(at, await wave(at));
      await assertUnchanged(at.database, at.start, 'rolled back');
      await takeBack(at, await takeBack(at, undone));
      await assertUnchanged(at.database, at.start, 'rolled back again');
    });

    it('restores the others where the database refuses rows of one, which lists what is left', async () => {
      const outcomes = await wave(at);
      const { counts } = resultOf(outcomes[1]);
      await refuseSource(at, birch);
      const undone = (await takeBack(at, outcomes)).map(resultOf);
      assert.deepEqual(
        undone.map(({ complete }) => complete),
        [true, false, true, true],
      );
      const [first, partial] = undone;
      assert.ok(partial !== undefined);
      assert.equal(partial.skippedCount, counts['assistants'], 'each assistant of it, and nothing else');
      assert.match(partial.skipped[0]?.reason ?? '', /^the database refuses the old value: .*planted/);
      assert.ok(first !== undefined && first.restored > 0);
      const left = `SELECT count(*) AS value FROM migration.assistants WHERE tenant_id = ANY ($1::uuid[]) AND completion_model_id = ANY ($2::uuid[])`;
      const targets = tenants.map((_, n) => completionId(n + 1, 'claude-sonnet-4-6'));
      assert.ok((await at.value<number>(left, [[birch], targets])) >= Number(counts['assistants']));
      await assertRestored(at, birch);
    });

    it('restores the others where one cannot be taken back at all, which fails with the reason', async () => {
      const outcomes = await wave(at);
      await refuseAtTheEnd(at, birch);
      const undone = await takeBack(at, outcomes);
      assert.deepEqual(
        undone.map(({ status }) => status),
        ['succeeded', 'failed', 'succeeded', 'succeeded'],
      );
      assert.ok(undone[1]?.status === 'failed');
      assert.equal(undone[1].error.code, 'ROW_REFUSED');
      for (const tenant of tenants) {
        const statuses = (await history(at.site, tenant)).map(({ status }) => status);
        const last = tenant === birch ? 'failed' : 'succeeded';
        assert.deepEqual(statuses, [last, 'succeeded'], 'one record for each rollback');
      }
      await assertRestored(at, birch);
    });

    it('leaves out a rollback that is refused before it wrote', async () => {
      const outcomes = await wave(at);
      await rollback(at.site, resultOf(outcomes[1]).migrationId, birch);
      const undone = await takeBack(at, outcomes);
      assert.deepEqual(
        undone.map((one) => (one.status === 'failed' ? one.error.code : one.status)),
        ['succeeded', 'ROLLBACK_IMPOSSIBLE', 'succeeded', 'succeeded'],
      );
      await assertUnchanged(at.database, at.start, 'all are back');
    });

    it('calls back once for what it commits, in the same transaction', async () => {
      const seen: (string | null)[] = [];
      await assert.rejects(
        applyBatch(at.site, {
          moves: movesOf().slice(0, 1),
          confirm: true,
          actor,
          beforeCommit: (_tx, done) => {
            seen.push(...done.map(({ tenant }) => tenant));
            return Promise.reject(new Error('not to be saved'));
          },
        }),
      );
      assert.deepEqual(seen, [tenants[0]]);
      await assertUnchanged(at.database, at.start, 'nothing was saved');
      seen.length = 0;
      const note = (done: readonly MoveResult[]): void => void seen.push(...done.map(({ tenant }) => tenant));
      await wave(at, {}, { beforeCommit: (_tx, done) => Promise.resolve(note(done)) });
      assert.deepEqual(seen, tenants);
    });
  });
});
