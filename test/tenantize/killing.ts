/** Kills conversions at one of their statements, and lets somebody else finish them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { counted } from '../support/convert-process.ts';
import type { ConvertTask } from '../support/convert-process.ts';
import { converting } from './converting.ts';
import { inWorkshop } from './workshop.ts';
import type { Workshop } from './workshop.ts';

const program = join(import.meta.dirname, '../support/convert-process.ts');

/** How many statements a conversion sends up to contract, and back again from bind. */
export async function statementsOfAll(): Promise<{ up: number; down: number }> {
  let sent = 0;
  const counts = { up: 0, down: 0 };
  await inWorkshop('server', { name: 'counted' }, async ({ database, config }) => {
    const { apply, revert } = converting(
      counted(database, () => (sent += 1)),
      config,
    );
    await apply('bind');
    counts.up = sent;
    await revert();
    counts.down = sent - counts.up;
  });
  return counts;
}

export interface Kill {
  readonly name: string;
  readonly way: ConvertTask['way'];
  readonly killAt: number;
  readonly finish: ConvertTask['way'];
}

/** What the old application sees of its rows, whatever phase the conversion is in. */
const rowsOfV1 = `SELECT (SELECT json_agg(p ORDER BY p.id) FROM public.projects p) AS projects,
  (SELECT json_agg(t ORDER BY t.id) FROM public.tasks t) AS tasks, (SELECT json_agg(n ORDER BY n.id) FROM public.notes n) AS notes`;

const invalid = `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid`;

/** A process is killed, and this one goes on where it was, or takes back what it did. */
export async function killAndFinish({ name, way, killAt, finish }: Kill): Promise<void> {
  await inWorkshop('server', { name }, async (shop) => {
    const { apply, revert, rows, target, config, drifts } = shop;
    const before = await rows(rowsOfV1);
    if (way === 'revert') await apply('bind');
    await dieAt({ target, config, way, to: way === 'apply' ? 'bind' : 'expand', killAt });
    const owners = finish === 'apply' ? await apply('bind') : await revert();
    assert.ok(owners.record === undefined || owners.record.steps.every(({ state }) => state !== 'under_way'));
    assert.deepEqual(await rows(invalid), [], 'no index is left that is not valid');
    assert.deepEqual(await drifts(), []);
    if (finish === 'apply') return tryOwners(shop);
    assert.deepEqual(await rows(rowsOfV1), before);
    assert.deepEqual(
      await rows(`SELECT nspname::text AS n FROM pg_namespace WHERE nspname ~ '^(v2|drover_.*)$'`),
      [],
    );
  });
}

/** Every row has the owner that it leads to, and the values of V2. */
async function tryOwners({ rows }: Workshop): Promise<void> {
  const wrong = await rows(`SELECT t.id FROM v2.tasks t JOIN v2.projects p ON p.id = t.project_id
    WHERE t.tenant_id IS DISTINCT FROM p.tenant_id OR t.mood IS DISTINCT FROM CASE t.mood_v1 WHEN 'calm' THEN 'quiet' ELSE 'loud' END`);
  assert.deepEqual(wrong, []);
}

async function dieAt(task: ConvertTask): Promise<void> {
  const child = spawn(process.execPath, [program, JSON.stringify(task)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL', said);
}
