/**
 * Kills moves in parts at random instants. What was committed is compared with the record by a search for the text of the model, and
 * each migration is in the end brought through or taken back, at random.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import { applyOnline } from '../../src/postgres/move/online.ts';
import { listChanges } from '../../src/postgres/records/history.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { rollbackOne } from './batches.ts';
import type { Engine } from './databases.ts';
import { actor, history, intentFor } from './guarantee.ts';
import { checksum, seeded, undisturbed, withSite } from './kill.ts';
import type { Ground, Kills } from './kill.ts';
import { startMigrateProcess } from './migrate-process-handle.ts';
import { north, oldEngine, studioDatabase } from './studio.ts';

/** What the records said after a kill, and how often. */
export type OnlineTally = Record<
  'nothing committed' | 'under way' | 'through' | 'gone on' | 'taken back',
  number
>;

const request = {
  intent: intentFor({ tenant: north, from: 'old', to: 'new', parameters: 'keep' }),
  confirm: true,
  actor,
} as const;

/** Kills as many applies in parts of a database with so many documents, or until the time is over; `log` is told of each. */
export async function killOnline(
  engine: Engine,
  { documents, kills, seed, withinMs = Infinity }: Kills & { readonly documents: number },
  log: (line: string) => void,
): Promise<OnlineTally> {
  const { target, drop } = await studioDatabase(engine);
  const on: Ground = { target, schema: 'studio', intent: request.intent };
  const tally: OnlineTally = {
    'nothing committed': 0,
    'under way': 0,
    through: 0,
    'gone on': 0,
    'taken back': 0,
  };
  const random = seeded(seed);
  try {
    await addFlows(on, documents);
    const { before, after, ms } = await measureOnline(on);
    const until = performance.now() + withinMs;
    for (let kill = 0; kill < kills && (kill < 5 || performance.now() < until); kill += 1) {
      // Nothing is committed before it has planned.
      const at = (0.3 + random() * 0.8) * ms;
      const child = await startMigrateProcess({ ...on, online: true });
      child.go();
      await pause(at);
      await child.kill();
      await withSite(on, async (site) => {
        const found = await lookAt(site, documents + 3);
        tally[found] += 1;
        log(`killed at ${at.toFixed(0)} ms: ${found}`);
        // Half of those that are under way are killed again as they go on.
        if (found === 'under way' && random() < 0.5) return;
        const end = random() < 0.5 ? 'gone on' : 'taken back';
        tally[end] += 1;
        await bringToEnd(site, end, { before, after });
      });
    }
    await withSite(on, (site) => bringToEnd(site, 'taken back', { before, after }));
    return tally;
  } finally {
    await drop();
  }
}

async function addFlows({ target }: Ground, documents: number): Promise<void> {
  const database = await openDatabase(target);
  await database.transaction({}, (tx) =>
    tx.script(`INSERT INTO flows SELECT ('71a00000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, '${north}',
      jsonb_build_object('steps', jsonb_build_array(jsonb_build_object('engine', '${oldEngine}', 'say', repeat('word ', 20))))
      FROM generate_series(1, ${documents}) n`),
  );
  await database.close();
}

type Sums = Readonly<Record<'before' | 'after', Record<string, string>>>;

async function measureOnline(on: Ground): Promise<Sums & { readonly ms: number }> {
  const before = await withSite(on, ({ database }) => checksum(database));
  const { ms, migrationId } = await undisturbed({ ...on, online: true });
  return withSite(on, async (site) => {
    const after = await checksum(site.database);
    await rollbackOne(site, { migrationId, tenant: north, actor });
    assert.deepEqual(await checksum(site.database), before);
    return { before, after, ms };
  });
}

/** Does the record say what a search for the model finds, and is every moved row in the journal once? */
async function lookAt(site: Site, documents: number): Promise<'nothing committed' | 'under way' | 'through'> {
  const [record] = await history(site, north);
  const { left } = await site.database.transaction({}, (tx) =>
    tx.one<{ left: number }>('SELECT count(*)::int AS left FROM flows WHERE graph::text LIKE $1', [
      `%${oldEngine}%`,
    ]),
  );
  if (record?.kind !== 'model' || record.status === 'running' || record.status === 'failed') {
    assert.equal(left, documents);
    return 'nothing committed';
  }
  const changes = await listChanges(site, { tenant: north, id: record.id, limit: 1_000_000 });
  const edited = changes.filter(({ action }) => action === 'edit');
  assert.equal(new Set(edited.map(({ key }) => key)).size, edited.length, 'no document was moved twice');
  assert.equal(edited.length, documents - left, 'the journal has what was moved');
  if (record.status === 'succeeded') assert.equal(left, record.rolledBack ? documents : 0);
  else assert.deepEqual([record.status, record.migratedCount], ['under_way', edited.length]);
  return record.status === 'succeeded' ? 'through' : 'under way';
}

async function bringToEnd(site: Site, end: 'gone on' | 'taken back', { before, after }: Sums): Promise<void> {
  const [open] = await history(site, north);
  const isMoved = open?.kind === 'model' && open.status === 'succeeded';
  if (end === 'gone on' && !isMoved) {
    const { migrationId } = await applyOnline(site, request);
    if (open?.kind === 'model' && open.status === 'under_way') assert.equal(migrationId, open.id);
    assert.deepEqual(await checksum(site.database), after, 'it ends as if nobody had killed it');
  }
  const [last] = await history(site, north);
  if (last?.kind === 'model' && ['succeeded', 'under_way'].includes(last.status)) {
    const { skipped } = await rollbackOne(site, { migrationId: last.id, tenant: north, actor });
    assert.deepEqual(skipped, []);
  }
  assert.deepEqual(await checksum(site.database), before, 'all that was committed is taken back');
}
