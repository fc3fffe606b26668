/**
 * Promise 6: everything can be taken back, except what somebody changed since: those rows are left, listed, with the reason.
 * A rollback is a migration too, and can be taken back itself.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import type { MoveResult } from '../../src/postgres/records/move-result.ts';
import type { RollbackResult } from '../support/batches.ts';
import { oneEngine } from '../support/databases.ts';
import { demoForEach, studioForAll, studioForEach } from '../support/ground.ts';
import {
  alder,
  apply,
  asApplication,
  assertUnchanged,
  history,
  readRows,
  refusedWith,
  rollback,
  sourceId,
  targetId,
} from '../support/guarantee.ts';
import {
  badgeId,
  botId,
  engineId,
  flowId,
  newEngine,
  north,
  oldEngine,
  personId,
  presetId,
  roomId,
} from '../support/studio.ts';

const intent = { tenant: north, from: 'old', to: 'new' };

function reasonOf(result: RollbackResult, key: string): string | undefined {
  return result.skipped.find((skipped) => skipped.key.startsWith(key))?.reason;
}

oneEngine((engine) => {
  describe('where nobody changed anything since', () => {
    const at = studioForAll(engine);

    for (const change of [
      {},
      { parameters: 'keep' },
      { entityTypes: ['bots'] },
      { entityTypes: ['flows', 'badges'] },
      { to: 'spare' },
    ] as const) {
      it(`brings every byte back: ${JSON.stringify(change)}`, async () => {
        const { migrationId } = await apply(at.site, { ...intent, ...change });
        assert.notDeepEqual(await readRows(at.database), at.start);
        const undone = await rollback(at.site, migrationId, north);
        assert.deepEqual([undone.complete, undone.skipped], [true, []]);
        await assertUnchanged(at.database, at.start, 'rolled back to the byte');
      });
    }
  });

  describe('in a foreign database', () => {
    const at = studioForEach(engine);
    const move = (change: Partial<Intent> = {}): Promise<MoveResult> =>
      apply(at.site, { ...intent, ...change });
    const back = (migrationId: string): Promise<RollbackResult> => rollback(at.site, migrationId, north);
    const engineOf = (table: string, id: string): Promise<string> =>
      at.value(`SELECT engine_id::text AS value FROM ${table} WHERE id = '${id}'`);

    it('spares rows that were given another model since, and rows that are gone, and restores the others', async () => {
      const { migrationId, counts } = await move();
      await at.script(
        `UPDATE bots SET engine_id = '${engineId('a', 3)}' WHERE id = '${botId('a', 1)}'; DELETE FROM bots WHERE id = '${botId('a', 3)}'`,
      );
      const undone = await back(migrationId);
      assert.equal(reasonOf(undone, botId('a', 1)), 'changed since: engine_id');
      assert.equal(reasonOf(undone, botId('a', 3)), 'deleted since');
      assert.deepEqual([undone.complete, undone.skippedCount, undone.skipped.length], [false, 2, 2]);
      assert.equal(await engineOf('bots', botId('a', 1)), engineId('a', 3));
      const restored = await at.value(`SELECT count(*) AS value FROM bots WHERE engine_id = '${oldEngine}'`);
      assert.equal(restored, (counts['bots'] ?? 0) - 2);
    });

    it('spares a row whose parameters were set anew since they were reset', async () => {
      const { migrationId } = await move();
      await at.script(
        `UPDATE bots SET settings = '{"heat": 7}' WHERE id IN ('${botId('a', 2)}', '${botId('a', 1)}')`,
      );
      const undone = await back(migrationId);
      assert.equal(reasonOf(undone, botId('a', 2)), 'changed since: settings');
      const settings = (id: string): Promise<string> =>
        at.value(`SELECT engine_id::text || ' ' || settings AS value FROM bots WHERE id = '${id}'`);
      assert.equal(await settings(botId('a', 2)), `${newEngine} {"heat": 7}`);
      // It had no parameters to take back: the model returns, the new setting stays.
      assert.equal(await settings(botId('a', 1)), `${oldEngine} {"heat": 7}`);
    });

    it('restores a value in a document that was edited elsewhere, and keeps the other edit', async () => {
      const { migrationId } = await move();
      await at.script(
        `UPDATE flows SET graph = jsonb_set(jsonb_set(graph, '{steps,0,say}', '"b"'), '{title}', '"mine"') WHERE id = '${flowId('a', 1)}'`,
      );
      const undone = await back(migrationId);
      assert.deepEqual(undone.skipped, []);
      const graph = await at.value(`SELECT graph::text AS value FROM flows WHERE id = '${flowId('a', 1)}'`);
      assert.deepEqual(JSON.parse(String(graph)), {
        steps: [{ engine: oldEngine, say: 'b' }, { engine: engineId('a', 3) }],
        title: 'mine',
      });
    });

    it('spares a value in a document that was changed since', async () => {
      const { migrationId } = await move();
      await at.script(`UPDATE flows SET graph = jsonb_set(graph, '{steps,0,engine}', '"${engineId('a', 4)}"') WHERE id = '${flowId('a', 1)}';
        UPDATE flows SET graph = '{"steps": []}' WHERE id = '${flowId('a', 2)}'; UPDATE flows SET graph = '7' WHERE id = '${flowId('a', 3)}'`);
      const rows = await readRows(at.database);
      const undone = await back(migrationId);
      for (const number of [1, 2, 3])
        assert.ok(reasonOf(undone, flowId('a', number)), `flow ${number} is listed`);
      assert.deepEqual((await readRows(at.database)).get('flows'), rows.get('flows'));
    });

    it('spares a grant that was made again since, whether it had been merged away or moved', async () => {
      const { migrationId } = await move();
      await at.script(
        `INSERT INTO room_engines VALUES ('${roomId('a', 1)}', '${oldEngine}', 'again'), ('${roomId('a', 2)}', '${oldEngine}', 'again')`,
      );
      const undone = await back(migrationId);
      const skipped = undone.skipped.filter(({ table }) => table === 'public.room_engines');
      assert.equal(skipped.length, 2, JSON.stringify(undone.skipped));
      const notes = await at.value(
        `SELECT string_agg(note, ', ' ORDER BY note, room_id) AS value FROM room_engines WHERE room_id IN ('${roomId('a', 1)}', '${roomId('a', 2)}')`,
      );
      assert.equal(notes, 'again, again, both already, first');
    });

    it('spares the row whose unique key was taken since, and restores all others of its table', async () => {
      const { migrationId } = await move();
      await at.script(`INSERT INTO badges VALUES ('${badgeId('a', 9)}', '${north}', '${oldEngine}', 2)`);
      const undone = await back(migrationId);
      assert.match(reasonOf(undone, badgeId('a', 2)) ?? '', /the database refuses the old value/);
      assert.equal(undone.skippedCount, 1);
      const engines = await Promise.all([1, 2, 3].map((number) => engineOf('badges', badgeId('a', number))));
      assert.deepEqual(engines, [oldEngine, newEngine, oldEngine]);
    });

    for (const state of ['P0001', '42501', 'APP01'])
      it(`spares the row that a trigger refuses with ${state}, and restores all others`, async () => {
        const { migrationId, counts } = await move();
        await at.script(`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'it stays' USING ERRCODE = '${state}'; END $$;
          CREATE TRIGGER keep BEFORE UPDATE ON bots FOR EACH ROW WHEN (OLD.id = '${botId('a', 2)}') EXECUTE FUNCTION keep()`);
        const undone = await back(migrationId);
        assert.match(reasonOf(undone, botId('a', 2)) ?? '', /the database refuses the old value.*it stays/);
        assert.equal(undone.skippedCount, 1);
        const left = await at.value(`SELECT count(*) AS value FROM bots WHERE engine_id = '${oldEngine}'`);
        assert.equal(left, (counts['bots'] ?? 0) - 1);
      });

    it('never takes back a row that was on the target before, or was put there since', async () => {
      const onTarget = `SELECT array_agg(id::text ORDER BY id) AS value FROM bots WHERE engine_id = '${newEngine}'`;
      const before = await at.value<string[]>(onTarget);
      const { migrationId } = await move();
      const late = botId('a', 999);
      await at.script(`INSERT INTO bots VALUES ('${late}', '${personId('a')}', NULL, '${newEngine}')`);
      await back(migrationId);
      assert.deepEqual(await at.value<string[]>(onTarget), [...before, late]);
    });

    it('lists what it cannot find again: a table or a column that is gone', async () => {
      const { migrationId } = await move();
      await at.script(`ALTER TABLE flows RENAME COLUMN graph TO drawing; DROP TABLE presets`);
      const config = {
        ...at.site.config,
        places: (at.site.config.places ?? []).filter(({ at: where }) => !/^(presets|flows)/.test(where)),
      };
      const undone = await rollback({ ...at.site, config }, migrationId, north);
      assert.equal(reasonOf(undone, presetId('a', 1)), 'the table is gone');
      assert.equal(reasonOf(undone, flowId('a', 1)), 'the column is gone');
      assert.equal(await engineOf('bots', botId('a', 1)), oldEngine);
    });

    it('is refused the second time, and for what failed, is missing or is a rollback that was rolled back', async () => {
      const { migrationId } = await move();
      const undone = await back(migrationId);
      const rows = await readRows(at.database);
      const twice = await refusedWith(back(migrationId), 'ROLLBACK_IMPOSSIBLE');
      assert.match(twice.message, /rolled back already/);
      await assertUnchanged(at.database, rows, 'a refused rollback changes nothing');
      await back(undone.migrationId);
      await refusedWith(back(undone.migrationId), 'ROLLBACK_IMPOSSIBLE');
      await refusedWith(move({ to: engineId('a', 1) }), 'SAME_MODEL');
      await refusedWith(back('00000000-0000-4000-8000-000000000000'), 'MIGRATION_NOT_FOUND');
      await refusedWith(back('nonsense'), 'MIGRATION_NOT_FOUND');
    });

    it('can be taken back itself, again and again, to the byte', async () => {
      const { migrationId } = await move();
      const moved = await readRows(at.database);
      const first = await back(migrationId);
      const second = await back(first.migrationId);
      await assertUnchanged(
        at.database,
        moved,
        'a rollback rolled back is the migration, retirement included',
      );
      const third = await back(second.migrationId);
      await assertUnchanged(at.database, at.start, 'and back again');
      assert.deepEqual(
        [first, second, third].map(({ complete }) => complete),
        [true, true, true],
      );
      const records = (await history(at.site, north)).filter(({ status }) => status === 'succeeded');
      assert.deepEqual(records.map(({ kind, rolledBack }) => `${kind} ${rolledBack}`).toReversed(), [
        'model true',
        'rollback false',
        'rollback true',
        'rollback false',
      ]);
    });

    it('restores only what it may when a later migration moved on, and that one can still be taken back', async () => {
      const first = await move();
      const second = await move({ from: 'new', to: 'other' });
      const undone = await back(first.migrationId);
      assert.equal(undone.complete, false);
      assert.equal(await at.value(`SELECT count(*) AS value FROM bots WHERE engine_id = '${oldEngine}'`), 0);
      await back(second.migrationId);
      assert.ok(
        Number(await at.value(`SELECT count(*) AS value FROM bots WHERE engine_id = '${newEngine}'`)) > 0,
      );
    });

    it('of a narrowed migration removes the grants that were added for it, but not one that somebody made their own', async () => {
      const { migrationId, completion } = await move({ entityTypes: ['bots'] });
      const granted = `SELECT count(*) AS value FROM room_engines WHERE room_id = '${roomId('a', 1)}' AND engine_id = '${newEngine}'`;
      assert.deepEqual([completion, await at.value(granted)], ['partial', 1]);
      assert.equal(await at.value(`SELECT enabled AS value FROM engines WHERE id = '${oldEngine}'`), true);
      const undone = await back(migrationId);
      assert.deepEqual([undone.skipped, await at.value(granted)], [[], 0]);

      const again = await move({ entityTypes: ['bots'] });
      await at.script(
        `UPDATE room_engines SET note = 'ours' WHERE room_id = '${roomId('a', 1)}' AND engine_id = '${newEngine}'`,
      );
      const spared = await back(again.migrationId);
      assert.equal(spared.skipped[0]?.reason, 'changed or removed since');
      assert.equal(await at.value(granted), 1);
    });

    it('of a part leaves the other part: narrowed, finished later, each taken back by itself', async () => {
      const part = await move({ entityTypes: ['badges'] });
      const rest = await move();
      assert.deepEqual([part.completion, rest.completion], ['partial', 'complete']);
      assert.equal(rest.counts['badges'], undefined);
      const rows = await readRows(at.database);
      const early = await refusedWith(back(part.migrationId), 'ROLLBACK_IMPOSSIBLE');
      assert.equal(early.data['later'], rest.migrationId);
      assert.match(early.message, new RegExp(`drover rollback ${rest.migrationId}$`));
      await assertUnchanged(at.database, rows, 'nothing returns to a model that the rest has left');
      const first = await back(rest.migrationId);
      // Done again, the rest stands again; and the part can go no sooner.
      const again = await back(first.migrationId);
      await refusedWith(back(part.migrationId), 'ROLLBACK_IMPOSSIBLE');
      await back(again.migrationId);
      assert.equal(await engineOf('badges', badgeId('a', 1)), newEngine);
      await back(part.migrationId);
      await assertUnchanged(at.database, at.start, 'both taken back');
    });

    it('is refused where a later move left what it would restore, for rollbacks of rollbacks, too', async () => {
      const part = await move({ entityTypes: ['badges'] });
      const other = await move({ entityTypes: ['presets'], to: 'other' });
      const refused = await refusedWith(back(part.migrationId), 'ROLLBACK_IMPOSSIBLE');
      assert.equal(refused.data['later'], other.migrationId);
      await back(other.migrationId);
      const undone = await back(part.migrationId);
      const onward = await move({ from: 'new', to: 'spare' });
      const redo = await refusedWith(back(undone.migrationId), 'ROLLBACK_IMPOSSIBLE');
      assert.equal(redo.data['later'], onward.migrationId);
      await back(onward.migrationId);
      await back(undone.migrationId);
      assert.equal(await engineOf('badges', badgeId('a', 1)), newEngine);
    });

    it('does not retire the source again over a live reference that was made meanwhile, and says so', async () => {
      const { migrationId } = await move();
      const undone = await back(migrationId);
      await at.script(
        `INSERT INTO bots VALUES ('${botId('a', 999)}', '${personId('a')}', NULL, '${oldEngine}')`,
      );
      const redone = await back(undone.migrationId);
      assert.equal(redone.complete, false);
      assert.ok(reasonOf(redone, oldEngine), JSON.stringify(redone.skipped));
      assert.equal(await at.value(`SELECT enabled AS value FROM engines WHERE id = '${oldEngine}'`), true);
      assert.equal(await engineOf('bots', botId('a', 1)), newEngine);
    });
  });

  describe("in Drover's own schema", () => {
    const at = demoForEach(engine);
    const lifecycle = `SELECT lifecycle || ' ' || is_live AS value FROM migration.completion_models WHERE tenant_id = '${alder}' AND id = '${sourceId}'`;

    it('makes the source live again, and retired again when the rollback is taken back', async () => {
      const { migrationId } = await apply(at.site);
      const moved = await readRows(at.database);
      assert.equal(await at.value(lifecycle), 'retired false');
      const undone = await rollback(at.site, migrationId);
      assert.equal(await at.value(lifecycle), 'deprecated true');
      await rollback(at.site, undone.migrationId);
      assert.equal(await at.value(lifecycle), 'retired false');
      await assertUnchanged(at.database, moved, 'the migration again, retirement and its time included');
    });

    it('does not retire the source over a live reference that was made meanwhile: it is left and listed', async () => {
      const { migrationId } = await apply(at.site);
      const undone = await rollback(at.site, migrationId);
      await asApplication(at.database, (tx) =>
        tx.run(`INSERT INTO migration.assistants (tenant_id, id, space_id, user_id, name, completion_model_id)
          VALUES ('${alder}', gen_random_uuid(), '${demoId(1, 'spaces', 0)}', '${demoId(1, 'users', 0)}', 'meanwhile', '${sourceId}')`),
      );
      const redone = await rollback(at.site, undone.migrationId);
      const models = redone.skipped.filter(({ table }) => table.endsWith('.completion_models'));
      assert.deepEqual([redone.complete, models.length], [false, 1]);
      assert.equal(await at.value(lifecycle), 'deprecated true');
      const left = `SELECT count(*) AS value FROM migration.assistants WHERE tenant_id = '${alder}' AND completion_model_id = '${sourceId}'`;
      assert.equal(await at.value(left), 1);
      assert.equal(
        (await apply(at.site)).completion,
        'complete for the tenant',
        'a new migration finishes the work',
      );
    });

    it('is recorded with actor and parent, and the journal says what each value was', async () => {
      const assistant = demoId(1, 'assistants', 1);
      const before = await at.value(
        `SELECT parameters::text AS value FROM migration.assistants WHERE id = '${assistant}'`,
      );
      const { migrationId } = await apply(at.site);
      const journal = await at.value<string>(
        `SELECT (j.before || coalesce(u.b, '{}'))::text AS value FROM migration.journal j CROSS JOIN LATERAL unnest(j.uuid_keys, j.befores) u (key, b)
         WHERE j.migration_id = '${migrationId}' AND u.key = '${assistant}'`,
      );
      assert.deepEqual(JSON.parse(journal), { completion_model_id: sourceId, parameters: before });
      const undone = await rollback(at.site, migrationId);
      const [record] = await history(at.site);
      assert.deepEqual(
        [record?.id, record?.parentId, record?.actor],
        [undone.migrationId, migrationId, 'guarantees'],
      );
      assert.equal(
        await at.value(
          `SELECT completion_model_id <> '${targetId}' AS value FROM migration.assistants WHERE id = '${assistant}'`,
        ),
        true,
      );
    });
  });
});
