/**
 * The old application writes by the names that it knows, on connections that stay open with statements that stay prepared, while the
 * conversion goes up to bind and back to V1: no statement fails, and every write that was acknowledged is there, once, with its owner.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import type { DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import { inWorkshop, v1Login, zero } from './workshop.ts';
import type { Workshop } from './workshop.ts';

interface Writer {
  readonly written: number;
  readonly stop: () => Promise<void>;
}

/** Numbers of its own, from `first` on. */
async function startWriter(target: DatabaseTarget, first: number): Promise<Writer> {
  const client = new pg.Client({ connectionString: 'url' in target ? target.url : '' });
  await client.connect();
  await client.query(`SET ROLE ${v1Login}`);
  const state = { written: 0, isOver: false };
  const work = async (): Promise<void> => {
    while (!state.isOver) {
      const id = first + state.written;
      const task = [id, 1 + (id % 30), `t${id}`];
      await client.query({
        name: 'note',
        text: 'INSERT INTO public.notes VALUES ($1, $2) RETURNING *',
        values: [id, `n${id}`],
      });
      await client.query({
        name: 'task',
        text: `INSERT INTO public.tasks VALUES ($1, $2, $3, 'busy') RETURNING *`,
        values: task,
      });
      await client.query({
        name: 'calm',
        text: `UPDATE public.tasks SET mood = 'calm' WHERE id = $1`,
        values: [1 + (id % 900)],
      });
      const { rows } = await client.query({
        name: 'read',
        text: 'SELECT * FROM public.tasks WHERE id = $1',
        values: [id],
      });
      assert.deepEqual(rows, [{ id, project_id: task[1], title: task[2], mood: 'busy' }]);
      state.written += 1;
    }
  };
  const working = work();
  // Whoever stops it hears of what failed.
  working.catch(() => undefined);
  return {
    get written() {
      return state.written;
    },
    stop: async () => {
      state.isOver = true;
      try {
        await working;
      } finally {
        await client.end();
      }
    },
  };
}

const first = [10_000, 20_000] as const;

async function tryWritten(shop: Workshop, writers: readonly Writer[], names: 'public' | 'v2'): Promise<void> {
  for (const [at, { written }] of writers.entries()) {
    assert.ok(written > 20, String(written));
    const since = `id >= ${first[at] ?? 0} AND id < ${(first[at] ?? 0) + 10_000}`;
    for (const table of ['notes', 'tasks'])
      assert.deepEqual(
        await shop.rows(`SELECT count(*)::integer AS n FROM ${names}.${table} WHERE ${since}`),
        [{ n: written }],
      );
  }
}

test('V1 writes while all phases come and go', () =>
  inWorkshop('server', { name: 'writers' }, async (shop) => {
    const up = await Promise.all(first.map((from) => startWriter(shop.target, from)));
    await shop.apply('bind');
    for (const writer of up) await writer.stop();
    await tryWritten(shop, up, 'v2');
    const wrong = `SELECT (SELECT count(*) FROM v2.notes WHERE tenant_id <> '${zero}')::integer AS notes,
      (SELECT count(*) FROM v2.tasks t JOIN v2.projects p ON p.id = t.project_id WHERE t.tenant_id IS DISTINCT FROM p.tenant_id)::integer AS tasks,
      (SELECT count(*) FROM v2.tasks WHERE mood IS DISTINCT FROM CASE mood_v1 WHEN 'calm' THEN 'quiet' ELSE 'loud' END)::integer AS moods`;
    assert.deepEqual(await shop.rows(wrong), [{ notes: 0, tasks: 0, moods: 0 }]);
    await shop.run('DELETE FROM v2.notes WHERE id >= 10000', 'DELETE FROM v2.tasks WHERE id >= 10000');
    const down = await Promise.all(first.map((from) => startWriter(shop.target, from)));
    await shop.revert();
    for (const writer of down) await writer.stop();
    await tryWritten(shop, down, 'public');
  }));
