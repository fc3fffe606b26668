/**
 * What is promised of `--online`: documents are committed in parts under one record, which says so until the end; it goes on where it
 * stopped, ends as one transaction would have, and what was committed can be taken back at any time.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { applyOnline } from '../../src/postgres/move/online.ts';
import { listChanges } from '../../src/postgres/records/history.ts';
import type { MoveResult } from '../../src/postgres/records/move-result.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { applyOne, planOne, rollbackOne } from '../support/batches.ts';
import { freshDatabase, oneEngine } from '../support/databases.ts';
import { actor, history, intentFor, readRows, refusedWith, type Rows, within } from '../support/guarantee.ts';
import { newEngine, north, oldEngine, studioConfig, studioDatabase } from '../support/studio.ts';

const intent = intentFor({ tenant: north, from: 'old', to: 'new', parameters: 'keep' });
const request = { intent, confirm: true, actor } as const;
/** A second column of documents, which SQL can move where they are. */
const config = {
  ...studioConfig,
  places: [...(studioConfig.places ?? []), { at: 'flows.meta', json: '/engine', as: 'key' as const }],
};
/** Enough for several parts. */
const documents = { server: 2500, embedded: 1200 } as const;

oneEngine((engine) => {
  let database: Database;
  let site: Site;
  let drop: () => Promise<void>;
  let rows: Rows;
  const flows = documents[engine];

  before(async () => {
    const studio = await studioDatabase(engine);
    drop = studio.drop;
    database = await openDatabase(studio.target);
    await run(`ALTER TABLE flows ADD COLUMN meta jsonb; INSERT INTO flows SELECT ('71a00000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, '${north}',
      jsonb_build_object('steps', jsonb_build_array(jsonb_build_object('engine', '${oldEngine}', 'say', repeat('word ', 20)))), '{"engine": "${oldEngine}"}' FROM generate_series(1, ${flows}) n`);
    site = await openSite({ database, config });
    rows = await readRows(database);
  });

  after(async () => {
    await database.close();
    await drop();
  });

  function run(sql: string): Promise<unknown> {
    return database.transaction({}, (tx) => tx.script(sql));
  }

  /** What a search for the text finds, whatever Drover says. */
  async function naming(model: string): Promise<number> {
    const found = await database.transaction({}, (tx) =>
      tx.one<{ rows: number }>(`SELECT count(*)::int AS rows FROM flows WHERE graph::text LIKE $1`, [
        `%${model}%`,
      ]),
    );
    return found.rows;
  }

  /** Stops when a part begins, after some documents are committed. Moves and rollbacks before it have left holes: without them a part is full. */
  async function stopInTheMiddle(): Promise<void> {
    await run('CLUSTER flows USING flows_pkey');
    let before = 0;
    const stopped = applyOnline(site, {
      ...request,
      onProgress: ({ table, rows: done }) => {
        if (table === 'public.flows' && done > 0 && done === before) throw new Error('stopped');
        before = done;
      },
    });
    await assert.rejects(stopped, /stopped/);
  }

  /** Two of those that are moved. */
  async function movedFlows(): Promise<string[]> {
    const found = await database.transaction({}, (tx) =>
      tx.many<{ id: string }>(`SELECT id FROM flows WHERE graph::text LIKE $1 ORDER BY id LIMIT 2`, [
        `%${newEngine}%`,
      ]),
    );
    return found.map(({ id }) => id);
  }

  async function takeBack({ migrationId }: Pick<MoveResult, 'migrationId'>): Promise<void> {
    const { skipped } = await rollbackOne(site, { migrationId, tenant: north, actor });
    assert.deepEqual(skipped, []);
    assert.deepEqual(await readRows(database), rows);
  }

  it('ends as one transaction does: the same rows, counts and accounts, and taken back whole', async () => {
    const whole = await applyOne(site, request);
    const moved = await readRows(database);
    await takeBack(whole);
    const plan = await planOne(site, intent);
    const seen = new Set<string>();
    const online = await applyOnline(site, {
      ...request,
      plan,
      onProgress: ({ step, steps, operation }) => void seen.add(`${step}/${steps} ${operation}`),
    });
    const announced = plan.steps.map(({ id, operation }) => `${id}/${plan.steps.length} ${operation}`);
    assert.deepEqual([...seen].toSorted(), announced.toSorted(), 'each step is counted as it was announced');
    assert.deepEqual(await readRows(database), moved);
    assert.deepEqual(
      [online.counts, online.accounts, online.completion],
      [whole.counts, whole.accounts, whole.completion],
    );
    assert.equal(online.inParts, flows + 3 + flows);
    const steps = online.steps.reduce((sum, { actual }) => sum + actual, 0);
    const changes = await listChanges(site, { tenant: north, id: online.migrationId, limit: 100_000 });
    assert.equal(changes.length, steps);
    const again = await applyOnline(site, { ...request, plan });
    assert.deepEqual([again.replayed, again.migrationId], [true, online.migrationId]);
    await takeBack(online);
  });

  it('is one migration, however many ask for it at once', async () => {
    const asked = [1, 2, 3].map(() => applyOnline(site, request));
    const [done, refused] = [[], []] as [MoveResult[], string[]];
    for (const one of await Promise.allSettled(asked))
      if (one.status === 'fulfilled') done.push(one.value);
      else refused.push((one.reason as { code: string }).code);
    const [first] = done;
    assert.ok(first);
    assert.deepEqual([...new Set(done.map(({ migrationId }) => migrationId))], [first.migrationId]);
    for (const code of refused)
      assert.match(code, /^(MIGRATION_UNDER_WAY|MIGRATION_RUNNING|PLAN_STALE|RETRYABLE)$/);
    const standing = (await history(site, north)).filter(
      ({ kind, status, rolledBack }) => kind === 'model' && status !== 'failed' && !rolledBack,
    );
    assert.deepEqual(
      standing.map(({ id, status }) => [id, status]),
      [[first.migrationId, 'succeeded']],
    );
    await takeBack(first);
  });

  it('says that it is under way when it was stopped, lets nobody else move the source, and is taken back', async () => {
    await stopInTheMiddle();
    const [record] = await history(site, north);
    assert.equal(record?.status, 'under_way');
    const entries = await database.transaction({}, (tx) =>
      tx.many<{ actor: string; action: string }>(
        'SELECT actor, action FROM drover.audit_log WHERE object = $1',
        [record.id],
      ),
    );
    assert.deepEqual(entries, [{ actor, action: 'migration.begun' }], 'who began is in the audit log');
    assert.equal(await naming(oldEngine), flows + 3 - record.migratedCount);
    assert.ok(record.migratedCount > 0 && record.migratedCount < flows);
    const other = await refusedWith(applyOne(site, request), 'MIGRATION_UNDER_WAY');
    assert.match(other.message, new RegExp(`drover rollback ${record.id}`));
    await refusedWith(
      applyOnline(site, { ...request, intent: { ...intent, to: 'spare' } }),
      'MIGRATION_UNDER_WAY',
    );
    await takeBack({ migrationId: record.id });
    const ended = (await history(site, north)).find(({ id }) => id === record.id);
    assert.deepEqual([ended?.status, ended?.completion, ended?.rolledBack], ['succeeded', 'partial', true]);
  });

  it('taken back while it is being worked on, both end and say so: the one is refused, or the other stops', async () => {
    await run('CLUSTER flows USING flows_pkey');
    const begun = Promise.withResolvers<void>();
    const takeBackNow = async (): Promise<string> => {
      const [record] = await history(site, north);
      const { skipped } = await rollbackOne(site, { migrationId: record?.id ?? '', tenant: north, actor });
      assert.deepEqual(skipped, []);
      return 'taken back';
    };
    const codeOf = (error: unknown): string => String((error as { code?: string }).code);
    const moving = applyOnline(site, {
      ...request,
      onProgress: ({ table }) => {
        if (table === 'public.flows') begun.resolve();
      },
    }).then(() => 'moved', codeOf);
    const undoing = begun.promise.then(takeBackNow).catch(codeOf);
    const both = Promise.all([moving, undoing]);
    const ends = (await within(both, 'both end', 60_000)).join(' ');
    assert.ok(['moved MIGRATION_RUNNING', 'moved taken back', 'PLAN_STALE taken back'].includes(ends), ends);
    const [record] = (await history(site, north)).filter(({ kind }) => kind === 'model');
    if (record?.rolledBack === false) await takeBack({ migrationId: record.id });
    assert.deepEqual(await readRows(database), rows);
  });

  it('goes on under the same record, with what came to name the source meanwhile, and spares what somebody edited', async () => {
    await stopInTheMiddle();
    const [record] = await history(site, north);
    const [again = '', other = ''] = await movedFlows();
    const edit = (id: string, engineNow: string): string =>
      `UPDATE flows SET graph = jsonb_set(graph, '{steps,0,engine}', '"${engineNow}"') WHERE id = '${id}'`;
    await run(`${edit(again, oldEngine)}; ${edit(other, newEngine.replace(/.$/, '4'))}`);
    await run(
      `INSERT INTO flows VALUES ('72a00000-0000-4000-8000-000000000001', '${north}', '{"steps": [{"engine": "${oldEngine}"}]}')`,
    );
    const reason = 'it cannot wait';
    const online = await applyOnline(site, { ...request, force: true, reason });
    assert.equal(online.migrationId, record?.id);
    assert.equal(online.completion, 'complete');
    const ended = (await history(site, north)).find(({ id }) => id === record?.id);
    assert.deepEqual([ended?.forced, ended?.reason], [true, reason]);
    assert.equal(await naming(oldEngine), 0);
    const { skipped, restored } = await rollbackOne(site, {
      migrationId: online.migrationId,
      tenant: north,
      actor,
    });
    assert.ok(restored > flows);
    assert.deepEqual(
      skipped.map(({ key }) => key).toSorted(),
      [again, other].map((id) => `${id} /steps/0/engine`),
    );
    assert.equal(await naming(oldEngine), flows + 3);
  });

  it('is refused with the records elsewhere, and is an ordinary move where no document moves', async () => {
    const elsewhere = await openSite({ database, config, state: database });
    await refusedWith(applyOnline(elsewhere, request), 'ONLINE_IMPOSSIBLE');
    const other = await applyOnline(site, { ...request, intent: { ...intent, from: 'new', to: 'spare' } });
    assert.equal(other.inParts, undefined);
    assert.ok(other.steps.length > 0);
  });
});

it('goes on with no other target, though it has the same name', async () => {
  const schema = `CREATE TABLE tenants (id int PRIMARY KEY); INSERT INTO tenants VALUES (1), (2);
    CREATE TABLE docs (id int PRIMARY KEY, tenant_id int, settings jsonb); INSERT INTO docs SELECT n, 1,
      jsonb_build_object('model', 'openai/gpt-4o', 'pad', repeat('x', 100)) FROM generate_series(1, 2500) n`;
  const unplaced = {
    version: 1 as const,
    model: { identity: ['name', 'provider'] },
    tenant: { root: 'tenants', key: 'id', column: 'tenant_id' },
    places: [{ at: 'docs.settings', json: '/model', as: '{provider}/{name}' }],
  };
  const { target, drop } = await freshDatabase('server');
  const database = await openDatabase(target);
  try {
    await database.transaction({}, (tx) => tx.script(schema));
    const site = await openSite({ database, config: unplaced });
    const to = (model: string): Parameters<typeof applyOnline>[1] => ({
      intent: {
        ...intentFor({ tenant: '1', from: 'openai/gpt-4o', to: model, parameters: 'keep' }),
        allowUnknown: true,
      },
      confirm: true,
      actor,
      reason: 'a test',
    });
    const stop = ({ rows }: { readonly rows: number }): void => {
      if (rows > 0) throw new Error('stopped');
    };
    await assert.rejects(applyOnline(site, { ...to('azure/gpt-5'), onProgress: stop }), /stopped/);
    await refusedWith(applyOnline(site, to('openai/gpt-5')), 'MIGRATION_UNDER_WAY');
    await applyOnline(site, to('azure/gpt-5'));
    const { models } = await database.transaction({}, (tx) =>
      tx.one<{ models: string[] }>(`SELECT array_agg(DISTINCT settings ->> 'model') AS models FROM docs`),
    );
    assert.deepEqual(models, ['azure/gpt-5']);
  } finally {
    await database.close();
    await drop();
  }
});
