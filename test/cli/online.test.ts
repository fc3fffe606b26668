/** `apply --online` on the command line: what it says before, while and after documents are committed in parts. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { openServer } from '../../src/postgres/driver/connect.ts';
import { applyOnline } from '../../src/postgres/move/online.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import { intentFor } from '../support/guarantee.ts';
import { smallDatabase } from '../cases/small-database.ts';
import { north, oldEngine, studioConfig, studioDatabase } from '../support/studio.ts';
import { droverHere } from './drover-here.ts';
import { scratch } from './drover-process.ts';

const move = ['--tenant', north, '--from', 'old', '--to', 'new', '--parameters', 'keep'];
let where: string[] = [];
let url = '';
let drop: () => Promise<void>;

before(async () => {
  const studio = await studioDatabase('server');
  drop = studio.drop;
  url = 'url' in studio.target ? studio.target.url : '';
  const config = scratch('studio.yaml');
  writeFileSync(config, JSON.stringify(studioConfig));
  where = ['--database', url, '--config', config];
});

after(() => drop());

/** Moves documents in parts and is stopped after the first. */
async function stopInTheMiddle(): Promise<void> {
  const database = await openServer({ url });
  await database.transaction({}, (tx) =>
    tx.script(`INSERT INTO flows SELECT ('71a00000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, '${north}',
      jsonb_build_object('steps', jsonb_build_array(jsonb_build_object('engine', '${oldEngine}', 'say', repeat('word ', 20)))) FROM generate_series(1, 1500) n`),
  );
  let last = 0;
  const stopped = applyOnline(await openSite({ database, config: studioConfig }), {
    intent: intentFor({ tenant: north, from: 'old', to: 'new', parameters: 'keep' }),
    confirm: true,
    actor: 'test',
    onProgress: ({ table, rows }) => {
      if (table === 'public.flows' && rows > 0 && rows === last) throw new Error('stopped');
      last = rows;
    },
  });
  await assert.rejects(stopped, /stopped/);
  await database.close();
}

test('every command names what is under way with both ways on; apply --online ends it, rollback takes it back', async () => {
  const run = (...words: string[]): ReturnType<typeof droverHere> => droverHere([...words, ...where]);
  await stopInTheMiddle();

  const history = await run('history');
  assert.match(history.stdout, /\tunder_way\t/);
  const said = history.stderr.replaceAll(/\s+/g, ' ');
  assert.match(said, /is under way: \d+ row changes? committed so far, the others are not made/);
  assert.match(
    said,
    /`drover apply .* --online --database .*` goes on; `drover rollback [-0-9a-f]+ --database .*` takes back/,
  );
  for (const words of [['plan', ...move], ['runs'], ['retirements']]) {
    const { stdout, stderr } = await run(...words, '--json');
    assert.match(stderr.replaceAll(/\s+/g, ' '), /is under way/, words[0]);
    const { underWay } = JSON.parse(stdout) as { underWay: { id: string; goOn: string; takeBack: string }[] };
    assert.match(underWay[0]?.goOn ?? '', /^drover apply .* --online --database /, words[0]);
    assert.ok(underWay[0]?.takeBack.startsWith(`drover rollback ${underWay[0].id} --database `), words[0]);
  }

  const other = await run('apply', ...move, '--yes');
  assert.deepEqual([other.status, /MIGRATION_UNDER_WAY/.test(other.stderr)], [1, true]);
  const many = await run('apply', '--all-tenants', '--from', 'old', '--to', 'new', '--online', '--yes');
  assert.match(many.stderr, /USAGE_INVALID: --online is for one tenant/);

  const online = await run('apply', ...move, '--online', '--yes');
  assert.equal(online.status, 0, online.stderr);
  assert.match(online.stderr, /Goes on with migration/);
  assert.match(
    online.stderr.replaceAll(/\s+/g, ' '),
    /readers find some documents on the source and some on the target/,
  );
  assert.match(online.stdout, /1503 row changes of these committed in parts, before the last transaction\./);
  assert.match(online.stdout, /Complete/);

  const [, id = ''] = /Migration (\S+)/.exec(online.stdout) ?? [];
  assert.match((await run('history', id)).stdout, /\n1-\d+\trewrite-json\tflows\t1503\t1503/);
  const back = await run('rollback', id, '--yes', '--json');
  assert.deepEqual((JSON.parse(back.stdout) as { skippedCount: number }).skippedCount, 0);

  await run('apply', '--tenant', north, '--from', 'spare', '--to', 'new', '--online', '--yes').then(
    ({ stderr }) =>
      assert.match(stderr.replaceAll(/\s+/g, ' '), /No documents of this plan can be committed in parts/),
  );
});

test('the rows of everybody and those of a tenant move in parts, in every partition, and come back', async () => {
  const small = await smallDatabase(
    'server',
    `CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
     CREATE TABLE papers (id int PRIMARY KEY, firm_id int REFERENCES firms, doc jsonb) PARTITION BY RANGE (id);
     CREATE TABLE papers_a PARTITION OF papers FOR VALUES FROM (0) TO (200);
     CREATE TABLE papers_b PARTITION OF papers FOR VALUES FROM (200) TO (5000);
     INSERT INTO firms VALUES (1, 'Alder');
     INSERT INTO papers SELECT n, CASE WHEN n % 2 = 0 THEN 1 END, jsonb_build_object('model', 'gpt-4o', 'say', repeat('word ', 20))
       FROM generate_series(0, 799) n`,
    `version: 1
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places: [{ at: papers.doc, json: /model }]
`,
  );
  const named = (whose: string): Promise<(string | null)[][]> =>
    small.rows(
      `SELECT tableoid::regclass::text, count(*)::text FROM papers WHERE doc ->> 'model' = 'gpt-4.1' AND ${whose} GROUP BY 1 ORDER BY 1`,
    );
  try {
    for (const [whose, column] of [
      [['--shared'], 'firm_id IS NULL'],
      [['--tenant', 'Alder'], 'firm_id = 1'],
    ] as const) {
      const done = await small.run(
        'apply',
        ...whose,
        '--from',
        'gpt-4o',
        '--to',
        'gpt-4.1',
        '--online',
        '--yes',
        '--json',
      );
      assert.equal(done.status, 0, done.stderr);
      assert.equal((JSON.parse(done.stdout) as { inParts: number }).inParts, 400, done.stdout.slice(0, 2000));
      assert.deepEqual(
        await named(column),
        [
          ['papers_a', '100'],
          ['papers_b', '300'],
        ],
        column,
      );
      assert.deepEqual(await named(`NOT (${column}) IS TRUE`), [], 'nobody else moves');
      const [[id] = []] = await small.rows(
        `SELECT id FROM drover.migrations WHERE kind = 'model' ORDER BY started_at DESC LIMIT 1`,
      );
      const back = await small.run('rollback', id ?? '', '--yes');
      assert.equal(back.status, 0, back.stderr);
      assert.deepEqual(await named('true'), []);
    }
  } finally {
    await small.drop();
  }
});
