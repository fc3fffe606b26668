/**
 * Promise 4: late writers lose. Other connections go on naming the source before, while and after a tenant is moved off it.
 * On a server only: the embedded engine has one connection, so nobody can be late there.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { pino } from 'pino';
import type { Config } from '../../src/engine/rules/config.ts';
import { given } from '../../src/engine/given.ts';
import { listStanding } from '../../src/postgres/records/standing-moves.ts';
import { lookForLate } from '../../src/fleet/watch.ts';
import { watching } from '../../src/http/server/parts.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { MoveResult } from '../../src/postgres/records/move-result.ts';
import { planOne } from '../support/batches.ts';
import { bulkDatabase } from '../support/bulk.ts';
import { demoForEach, type Ground, studioForEach } from '../support/ground.ts';
import {
  alder,
  apply,
  history,
  intentFor,
  platformSite,
  rollback,
  source,
  sourceId,
  target,
  targetId,
  waitUntil,
  within,
} from '../support/guarantee.ts';
import { carriers, type LateCase, looseCarriers, writeLate } from '../support/late-carriers.ts';
import { startMigrateProcess } from '../support/migrate-process-handle.ts';
import {
  botId,
  engineId,
  flowId,
  newEngine,
  north,
  oldEngine,
  personId,
  studioWith,
} from '../support/studio.ts';
import {
  addTallies,
  connectWriter,
  liveReferences,
  type Tally,
  writeUntil,
  type WriterKind,
} from '../support/writers.ts';

const urlOf = ({ target }: Ground): string => ('url' in target ? target.url : '');
const studioIntent = { tenant: north, from: 'old', to: 'new' };
const appId = 'd0000000-0000-4000-8000-000000000001';

/** Does some connection wait for a lock? */
async function somebodyWaits(at: Ground): Promise<boolean> {
  const waiting = await at.value<number>(
    `SELECT count(*) AS value FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return waiting > 0;
}

/** Six writers at once, from before the migration until each was tried twenty times after it. */
async function hammer(
  at: Ground,
  kind: WriterKind,
  migrate: () => Promise<MoveResult>,
): Promise<{ result: MoveResult; tally: Tally }> {
  let over = false;
  const writers = Array.from({ length: 6 }, (_, first) => {
    let late = 0;
    return writeUntil(urlOf(at), { kind, first, stop: () => over && (late += 1) > 20 });
  });
  const before = await at.value<number>(`SELECT ${liveReferences[kind]} AS value`);
  await waitUntil(
    async () => (await at.value<number>(`SELECT ${liveReferences[kind]} AS value`)) > before + 100,
    'the writers are at work',
  );
  const result = await migrate().finally(() => {
    over = true;
  });
  const tally = addTallies(await Promise.all(writers));
  assert.ok(tally.attempts > 200, `${tally.attempts} attempts`);
  return { result, tally };
}

describe("in Drover's own schema, fenced by its keys", () => {
  const at = demoForEach('server');
  const live = (): Promise<number> => at.value(`SELECT ${liveReferences.platform} AS value`);
  const late = `INSERT INTO migration.assistants (tenant_id, id, space_id, user_id, name, completion_model_id)
    SELECT tenant_id, gen_random_uuid(), space_id, user_id, 'late', '${sourceId}' FROM migration.assistants LIMIT 1`;
  const pipeline = `INSERT INTO migration.apps (tenant_id, id, space_id, user_id, name, pipeline)
    SELECT tenant_id, '${appId}', space_id, user_id, 'late', '{"nodes": [{"data": {"model": {"id": "${sourceId}"}}}]}' FROM migration.apps LIMIT 1`;

  /** As the API does before it writes a document. */
  const hold = `SELECT FROM migration.completion_models WHERE id = '${sourceId}' AND is_live FOR KEY SHARE`;

  const withWriter = async (work: (writer: pg.Client) => Promise<void>): Promise<void> => {
    const writer = await connectWriter(urlOf(at), 'platform');
    try {
      await work(writer);
    } finally {
      await writer.end();
    }
  };

  it('waits for a writer that came before, and moves its row too', async () => {
    await withWriter(async (writer) => {
      await writer.query(`BEGIN; ${late}`);
      const migration = apply(at.site);
      await waitUntil(() => somebodyWaits(at), 'the migration waits for the writer');
      await writer.query('COMMIT');
      const { completion, counts } = await migration;
      assert.equal(completion, 'complete for the tenant');
      assert.equal(await live(), 0);
      const moved = `SELECT count(*) AS value FROM migration.assistants WHERE name = 'late' AND completion_model_id = '${targetId}'`;
      assert.equal(await at.value(moved), 1, JSON.stringify(counts));
    });
  });

  it('moves what others take off the source and put back, however often they are quicker', async () => {
    const rows = await at.site.database.transaction({ readOnly: true }, (tx) =>
      tx.many<{ id: string }>(
        `SELECT id FROM migration.assistants WHERE completion_model_id = '${sourceId}' ORDER BY id LIMIT 6`,
      ),
    );
    // Between reading rows and writing them there is time for others.
    await at.script(`CREATE FUNCTION migration.slowly() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF current_setting('application_name') <> 'writer' THEN PERFORM pg_sleep(0.2); END IF; RETURN NULL; END $$;
      CREATE TRIGGER slowly BEFORE UPDATE ON migration.assistants FOR EACH STATEMENT EXECUTE FUNCTION migration.slowly()`);
    const set = (id: string, model: string): string =>
      `UPDATE migration.assistants SET completion_model_id = '${model}' WHERE id = '${id}'`;
    const writeBack = async (writer: pg.Client, id: string): Promise<string | undefined> => {
      await writer.query(set(id, targetId));
      return writer.query(set(id, sourceId)).then(
        () => undefined,
        // Who comes from the row to the model, and who comes from the model to the row, may meet: one of them is to try again.
        ({ code }: pg.DatabaseError) => (code === '40P01' ? undefined : code),
      );
    };
    const over = new AbortController();
    const writers = rows.map(({ id }, number) =>
      withWriter(async (writer) => {
        await writer.query(`SET application_name = 'writer'`);
        let refused: string | undefined;
        while (!over.signal.aborted && refused === undefined) {
          await wait(40 + 20 * number);
          refused = await writeBack(writer, id);
        }
        refused ??= await writeBack(writer, id);
        assert.equal(refused, '23503');
      }),
    );
    const { completion } = await apply(at.site).finally(() => over.abort());
    await Promise.all(writers);
    assert.equal(completion, 'complete for the tenant');
    assert.equal(await live(), 0);
  });

  it('waits for a document that was being written by somebody who holds its models, and moves it too', async () => {
    await withWriter(async (writer) => {
      await writer.query(`BEGIN; ${hold}; ${pipeline}`);
      const migration = apply(at.site);
      await waitUntil(() => somebodyWaits(at), 'the migration waits for the writer');
      await writer.query('COMMIT');
      await migration;
      const text = await at.value(`SELECT pipeline::text AS value FROM migration.apps WHERE id = '${appId}'`);
      assert.deepEqual(JSON.parse(String(text)), { nodes: [{ data: { model: { id: targetId } } }] });
    });
  });

  it('refuses a document that names it afterwards, whoever writes it, and lets old ones be changed in all else', async () => {
    await apply(at.site);
    await withWriter(async (writer) => {
      const named = (model: object): string =>
        `UPDATE migration.apps SET pipeline = '${JSON.stringify({ nodes: [{ data: { model } }] })}'`;
      const late = [
        { id: sourceId },
        { id: sourceId.toUpperCase() },
        { name: source },
        { name: ` ${source.toUpperCase()}` },
      ];
      await assert.rejects(writer.query(pipeline), { code: 'DR001' });
      for (const model of late)
        await assert.rejects(writer.query(named(model)), { code: 'DR001' }, JSON.stringify(model));
      await writer.query(named({ id: targetId, name: 'of nobody' }));
      await writer.query(`UPDATE migration.apps SET name = name || ' 2', pipeline = pipeline`);
    });
  });

  const spelled = `anthropic/${source}`;
  const workspace = (text: string, runtime = 'hermes'): string =>
    `INSERT INTO migration.workspaces (tenant_id, id, user_id, name, runtime, model)
     SELECT tenant_id, gen_random_uuid(), user_id, gen_random_uuid()::text, '${runtime}', '${text}' FROM migration.workspaces LIMIT 1`;
  /** What a registry says of texts, and two of which nobody has said what they mean. */
  const bringIn = (): Promise<void> =>
    at.script(`INSERT INTO migration.registry_pairs (runtime, model, names) VALUES ('hermes', '${spelled}', '{x,${source.toUpperCase()}}'),
      ('hermes', 'anthropic/${target}', '{${target}}'), ('hermes', '${source}', NULL), ('hermes', 'nobody-knows', NULL)`);

  it('refuses a workspace whose text means it afterwards, whoever writes it, and lets old ones be changed in all else', async () => {
    await bringIn();
    await withWriter(async (writer) => {
      for (const text of [spelled, 'nobody-knows']) await writer.query(workspace(text));
      await writer.query(
        `UPDATE migration.workspaces SET model = 'anthropic/${target}' WHERE model = '${spelled}'`,
      );
      const { findings } = await apply(at.site);
      assert.ok(!findings.some(({ code }) => code === 'NOT_FENCED'));
      const late = (text: string): string =>
        `UPDATE migration.workspaces SET model = '${text}' WHERE model = 'anthropic/${target}'`;
      for (const text of [spelled, source, 'nobody-knows'])
        for (const attempt of [workspace(text), late(text)])
          await assert.rejects(writer.query(attempt), { code: 'DR001' }, text);
      await writer.query(`UPDATE migration.workspaces SET role = 'old', model = model`);
      await writer.query(workspace(`anthropic/${target}`));
    });
  });

  it('makes a writer of a workspace wait that knows nothing of it, and then refuses it', async () => {
    await bringIn();
    await withWriter(async (writer) => {
      let attempt: Promise<unknown> | undefined;
      const write = (): void => {
        attempt ??= writer.query(workspace(spelled)).catch((error: unknown) => error);
      };
      await apply(at.site, {}, { onProgress: write });
      assert.equal(((await attempt) as { code?: string }).code, 'DR001');
    });
  });

  it('makes a writer of a document wait that knows nothing of it, and then refuses it', async () => {
    await withWriter(async (writer) => {
      let attempt: Promise<unknown> | undefined;
      const write = (): void => {
        attempt ??= writer.query(pipeline).catch((error: unknown) => error);
      };
      await apply(at.site, {}, { onProgress: write });
      assert.equal(((await attempt) as { code?: string }).code, 'DR001');
    });
  });

  it('makes a writer of a document wait that comes while it works, and then shows it that the model is retired', async () => {
    await withWriter(async (writer) => {
      let attempt: Promise<pg.QueryResult> | undefined;
      const write = (): void => {
        attempt ??= writer.query(hold);
      };
      await apply(at.site, {}, { onProgress: write });
      assert.equal((await attempt)?.rowCount, 0);
    });
  });

  it('keeps nobody from writing other documents meanwhile', async () => {
    const other = `INSERT INTO migration.apps (tenant_id, id, space_id, user_id, name)
      SELECT tenant_id, gen_random_uuid(), space_id, user_id, 'other' FROM migration.apps LIMIT 1`;
    await withWriter(async (writer) => {
      const saved = (): Promise<pg.QueryResult> => within(writer.query(other), 'an app is saved', 10_000);
      await apply(at.site, {}, { beforeCommit: async () => void (await saved()) });
    });
  });

  it('makes a writer wait that comes while it works, and then the key refuses it', async () => {
    await withWriter(async (writer) => {
      let attempt: Promise<unknown> | undefined;
      const write = (): void => {
        attempt ??= writer.query(late).catch((error: unknown) => error);
      };
      await apply(at.site, {}, { onProgress: write });
      assert.equal(((await attempt) as { code?: string }).code, '23503');
      assert.equal(await live(), 0);
    });
  });

  it('refuses a writer that comes afterwards', async () => {
    await apply(at.site);
    await withWriter(async (writer) => {
      await assert.rejects(writer.query(late), { code: '23503' });
    });
  });

  it('leaves no live reference behind under hundreds of attempts; every one refused failed on a foreign key', async (t) => {
    const { result, tally } = await hammer(at, 'platform', () => apply(at.site));
    t.diagnostic(JSON.stringify(tally));
    assert.equal(result.completion, 'complete for the tenant');
    assert.equal(await live(), 0);
    assert.deepEqual(Object.keys(tally.refused), ['23503']);
    assert.equal(tally.committed + (tally.refused['23503'] ?? 0), tally.attempts);
  });
});

describe('in a foreign database, fenced by a trigger', () => {
  const at = studioForEach('server', studioWith('trigger'));

  it('leaves no live reference behind; every writer that came late was told to use the successor', async (t) => {
    const { result, tally } = await hammer(at, 'studio', () => apply(at.site, studioIntent));
    t.diagnostic(JSON.stringify(tally));
    assert.equal(result.completion, 'complete');
    assert.equal(await at.value(`SELECT ${liveReferences.studio} AS value`), 0);
    assert.deepEqual(Object.keys(tally.refused), ['DR001']);
  });

  it('lets writers in again when it is rolled back, and keeps them out when that is rolled back', async () => {
    const insert = `INSERT INTO bots (id, person_id, engine_id) VALUES (gen_random_uuid(), '${personId('a')}', '${oldEngine}')`;
    const { migrationId } = await apply(at.site, studioIntent);
    await assert.rejects(at.script(insert), /was migrated away by Drover.*use new/);
    let standing = migrationId;
    // What stands is what was put up, whatever the configuration asks for meanwhile.
    for (const fence of ['trigger', 'lock'] as const) {
      const site = { ...at.site, config: studioWith(fence) };
      const undone = await rollback(site, standing, north);
      assert.equal(undone.skippedCount, 0, fence);
      await at.script(`${insert}; DELETE FROM bots WHERE label IS NULL`);
      ({ migrationId: standing } = await rollback(site, undone.migrationId, north));
      await assert.rejects(at.script(insert), /was migrated away by Drover/, fence);
    }
  });

  it("leaves everybody else alone: the other firm's engine of the same name, history, and other edits of old rows", async () => {
    await apply(at.site, studioIntent);
    await at.script(`INSERT INTO answers SELECT gen_random_uuid(), '${north}', '${oldEngine}'; UPDATE answers SET firm_id = firm_id;
      INSERT INTO bots SELECT gen_random_uuid(), person_id, room_id, engine_id FROM bots WHERE engine_id NOT IN ('${oldEngine}', '${newEngine}')`);
  });
});

describe('in a foreign database, fenced by a trigger on a table that names the source twice', () => {
  const base = studioWith('trigger');
  const config: Config = {
    ...base,
    places: [...(base.places ?? []), { at: 'bots.second_id' }],
    dead: { bots: `label = 'archived'` },
    deadRows: 'leave',
  };
  const at = studioForEach('server', config);

  it('lets archived rows be, and keeps them from coming back with the source in either column', async () => {
    const [archived, other] = [botId('a', 1), botId('a', 2)];
    await at.script(`ALTER TABLE bots ADD COLUMN second_id uuid REFERENCES engines;
      UPDATE bots SET label = 'archived' WHERE id = '${archived}';
      UPDATE bots SET label = 'archived', second_id = engine_id, engine_id = '${engineId('a', 3)}' WHERE id = '${other}'`);
    assert.equal((await apply(at.site, studioIntent)).completion, 'complete');
    await at.script(`UPDATE bots SET settings = '{"heat": 0}' WHERE id IN ('${archived}', '${other}')`);
    const back = (bot: string, more = ''): Promise<void> =>
      at.script(`UPDATE bots SET label = 'back'${more} WHERE id = '${bot}'`);
    await assert.rejects(back(archived), /use new/);
    await assert.rejects(
      back(archived, `, engine_id = '${newEngine}', second_id = '${oldEngine}'`),
      /use new/,
    );
    await assert.rejects(back(other), /use new/);
    await back(archived, `, engine_id = '${newEngine}'`);
  });

  it('begins a transaction again that kept a snapshot of before', async () => {
    const writer = await connectWriter(urlOf(at), 'studio');
    try {
      await at.script(`ALTER TABLE bots ADD COLUMN second_id uuid REFERENCES engines`);
      await writer.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM firms');
      await apply(at.site, studioIntent);
      const late = `INSERT INTO bots (id, person_id, engine_id) VALUES (gen_random_uuid(), '${personId('a')}', '${oldEngine}')`;
      await assert.rejects(writer.query(late), { code: '40001' });
      await writer.query('ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ');
      await assert.rejects(writer.query(late), { code: 'DR001' });
    } finally {
      await writer.end();
    }
  });
});

describe('in a foreign database, fenced by a lock', () => {
  const at = studioForEach('server', studioWith('lock'));
  const engineOf = (bot: string): Promise<string> =>
    at.value(`SELECT engine_id::text AS value FROM bots WHERE id = '${bot}'`);

  it('waits for writers that came before, and moves their rows and documents too', async () => {
    const writer = await connectWriter(urlOf(at), 'studio');
    const graph = `{"steps": [{"engine": "${oldEngine}"}]}`;
    await writer.query(`BEGIN; INSERT INTO bots (id, person_id, engine_id) VALUES ('${botId('a', 999)}', '${personId('a')}', '${oldEngine}');
      INSERT INTO flows VALUES ('${flowId('a', 999)}', '${north}', '${graph}')`);
    const migration = apply(at.site, studioIntent);
    await waitUntil(() => somebodyWaits(at), 'the migration waits for the writer');
    await writer.query('COMMIT');
    await writer.end();
    await migration;
    assert.equal(await engineOf(botId('a', 999)), newEngine);
    const text = await at.value(`SELECT graph::text AS value FROM flows WHERE id = '${flowId('a', 999)}'`);
    assert.deepEqual(JSON.parse(String(text)), { steps: [{ engine: newEngine }] });
  });

  it('moves every row that was written before its commit; what comes afterwards is found by the next plan', async (t) => {
    const { result, tally } = await hammer(at, 'studio', () => apply(at.site, studioIntent));
    t.diagnostic(JSON.stringify(tally));
    assert.deepEqual([result.completion, tally.refused], ['complete', {}]);
    const written = await at.value<number>(
      `SELECT xmin::text::bigint AS value FROM drover.migrations WHERE id = '${result.migrationId}'`,
    );
    const early = ['bots', 'presets', 'room_engines', 'badges'].map(
      (table) =>
        `(SELECT count(*) FROM ${table} WHERE engine_id = '${oldEngine}' AND xmin::text::bigint < ${written})`,
    );
    assert.equal(
      await at.value(`SELECT ${early.join(' + ')} AS value`),
      0,
      'no row from before the migration names the source',
    );
    const left = await at.value<number>(`SELECT ${liveReferences.studio} AS value`);
    const again = await apply(at.site, studioIntent);
    const moved = again.steps
      .filter(({ operation }) => operation !== 'retire')
      .reduce((sum, step) => sum + step.actual, 0);
    assert.deepEqual([moved, await at.value(`SELECT ${liveReferences.studio} AS value`)], [left, 0]);
  });
});

describe('a server that looks after its moves', () => {
  const at = studioForEach('server', studioWith('lock'));

  it('counts what came late, until it is moved, and nothing of what was taken back', async () => {
    const { migrationId } = await apply(at.site, studioIntent);
    const part = watching(at.site, { everyMs: 20, log: pino({ enabled: false }) });
    const late = async (): Promise<unknown> => part.gauges[0]?.read();
    part.start();
    try {
      await at.script(`INSERT INTO bots (id, person_id, engine_id) VALUES (gen_random_uuid(), '${personId('a')}', '${oldEngine}');
        INSERT INTO flows VALUES ('${flowId('a', 999)}', '${north}', '{"steps": [{"engine": "${oldEngine}"}]}')`);
      await waitUntil(async () => JSON.stringify(await late()) === '[{"value":2}]', 'two are late');
      assert.deepEqual(await part.gauges[1]?.read(), [{ value: 0 }], 'and nothing is unknown');
      assert.deepEqual(await lookForLate(at.site, { isOver: () => true }), {
        moves: 1,
        looked: 0,
        stopped: true,
        late: [],
        unwatched: [],
      });
      const again = await apply(at.site, studioIntent);
      await waitUntil(async () => JSON.stringify(await late()) === '[{"value":0}]', 'none is late');
      await rollback(at.site, again.migrationId, north);
      await rollback(at.site, migrationId, north);
      assert.deepEqual(await lookForLate(at.site), {
        moves: 0,
        looked: 0,
        stopped: false,
        late: [],
        unwatched: [],
      });
    } finally {
      await part.stop();
    }
  });
});

describe('of two moves against each other', () => {
  const base = studioWith('lock');
  const tables = (base.model?.tables ?? []).map(({ table, key, columns }) => ({
    table,
    ...given({ key }),
    columns,
  }));
  const at = studioForEach('server', { ...base, model: { ...base.model, tables } });

  it('the one stands that last came to stand, whichever was made first', async () => {
    const { from, to } = studioIntent;
    const back = await apply(at.site, { ...studioIntent, from: to, to: from });
    const there = await apply(at.site, studioIntent);
    const standing = async (): Promise<string[]> =>
      (await listStanding(at.site, [north])).map(({ migrationId }) => migrationId);
    assert.deepEqual(await standing(), [there.migrationId]);
    const undone = await rollback(at.site, back.migrationId, north);
    await rollback(at.site, undone.migrationId, north);
    assert.deepEqual(await standing(), [back.migrationId]);
  });
});

describe('edits of moving rows', () => {
  it('are never lost: each is in the row, or in the journal as what was before', async (t) => {
    const { target, drop } = await bulkDatabase('server', 4000);
    const database = await openDatabase(target);
    try {
      const site = await platformSite(database);
      let over = false;
      const editors = [0, 1, 2, 3].map((editor) =>
        edit('url' in target ? target.url : '', editor, () => over),
      );
      const { migrationId } = await untilMoved(() => apply(site)).finally(() => {
        over = true;
      });
      const edits = new Map((await Promise.all(editors)).flatMap((last) => [...last]));
      assert.ok(edits.size > 20, `${edits.size} rows were edited`);
      const found = await database.transaction({}, (tx) =>
        tx.many<{ id: string; now: string; before: string | null }>(journalled(migrationId)),
      );
      const lost = found.filter(
        ({ id, now, before }) => edits.has(id) && now !== edits.get(id) && before !== edits.get(id),
      );
      const inRow = found.filter(({ id, now }) => now === edits.get(id)).length;
      t.diagnostic(`${edits.size} rows edited: ${inRow} after the move, ${edits.size - inRow} before it`);
      assert.deepEqual(lost, []);
      await rollback(site, migrationId);
    } finally {
      await database.close();
      await drop();
    }
  });

  const journalled = (migrationId: string): string => `
    SELECT a.id::text AS id, a.parameters::text AS now, j.before FROM migration.assistants a LEFT JOIN (
      SELECT u.key, u.b ->> 'parameters' AS before FROM migration.journal c CROSS JOIN LATERAL unnest(c.uuid_keys, c.befores) u (key, b)
      WHERE c.migration_id = '${migrationId}' AND c.table_name = 'migration.assistants') j ON j.key = a.id WHERE a.tenant_id = '${alder}'`;

  /** Sets the parameters of every fourth bulk row, in turn, while it is moved and afterwards; returns what each row was last told. */
  async function edit(url: string, editor: number, over: () => boolean): Promise<Map<string, string>> {
    const client = await connectWriter(url, 'platform');
    const last = new Map<string, string>();
    for (let turn = 0; turn < 600; turn += 1) {
      // Editors that never pause could keep a migration from ever finding a quiet moment.
      if (turn === 500) await waitUntil(over, 'the migration is over', 60_000);
      const id = `b0000000-0000-4000-8000-${String(((turn * 37) % 1000) * 4 + editor + 1).padStart(12, '0')}`;
      const value = `{"turn": ${turn}}`;
      await client.query('UPDATE migration.assistants SET parameters = $1 WHERE id = $2', [value, id]);
      last.set(id, value);
    }
    await client.end();
    return last;
  }

  /** Where people edit all the time a migration may give up and say so; then somebody tries again. */
  async function untilMoved(move: () => Promise<MoveResult>): Promise<MoveResult> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await move();
      } catch (error) {
        if (tries === 20 || (error as { code?: string }).code !== 'COUNT_MISMATCH') throw error;
      }
    }
  }
});

describe('the same plan applied by several processes at once', () => {
  const at = demoForEach('server');

  it('is carried out by exactly one; the others get its result, or are told that it runs or that the facts changed', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'drover-plan-'));
    try {
      for (let round = 0; round < 3; round += 1) {
        const outcomes = await race(at, join(folder, 'plan.json'), 3);
        const done = outcomes.filter((outcome) => 'replayed' in outcome && !outcome.replayed);
        const others = outcomes.map((outcome) =>
          'code' in outcome ? outcome.code : outcome.replayed ? 'replayed' : 'moved',
        );
        t.diagnostic(others.join(', '));
        assert.equal(done.length, 1, others.join(', '));
        for (const other of others) assert.match(other, /^(moved|replayed|MIGRATION_RUNNING|PLAN_STALE)$/);
        const stands = (await history(at.site)).filter(
          ({ kind, status, rolledBack }) => kind === 'model' && status === 'succeeded' && !rolledBack,
        );
        assert.equal(stands.length, 1);
        await rollback(at.site, stands[0]?.id ?? '');
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  async function race(ground: Ground, planFile: string, processes: number) {
    const intent = intentFor();
    writeFileSync(planFile, JSON.stringify(await planOne(ground.site, intent)));
    const task = { target: ground.target, schema: 'platform', intent, planFile } as const;
    const children = await Promise.all(Array.from({ length: processes }, () => startMigrateProcess(task)));
    for (const child of children) child.go();
    const outcomes = await Promise.all(children.map((child) => child.outcome()));
    await Promise.all(children.map((child) => child.kill()));
    return outcomes;
  }
});

describe('late writers, by every way to carry a name', () => {
  const [plain, string] = [carriers['plain'], carriers['string']].filter((one) => one !== undefined);
  const few = { ...(plain && { plain }), ...(string && { string }) };
  const cases: LateCase[] = [
    { fence: 'trigger', owner: 'column', carriers: { ...carriers, ...looseCarriers } },
    { fence: 'trigger', owner: 'parent', carriers: few },
    { fence: 'lock', owner: 'nobody', carriers: few },
  ];
  for (const about of cases)
    it(`fence ${about.fence}, tenant by ${about.owner}: each is refused, or the result said that nothing prevents it`, async (t) => {
      const tally = await writeLate(about);
      t.diagnostic(JSON.stringify(tally));
      assert.equal(about.fence === 'trigger' && about.owner === 'column', tally.announced === 0);
    });
});
