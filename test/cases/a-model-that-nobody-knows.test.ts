/** A model that is named by text is somebody's, or it is refused: a slip of the finger never moves a row, and never means "nothing to do". */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE bots (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text NOT NULL);
CREATE TABLE calls (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text NOT NULL);
CREATE TABLE flows (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, body jsonb NOT NULL);
INSERT INTO firms VALUES (1, 'Alder'), (2, 'Birch');
INSERT INTO bots VALUES (1, 1, 'gpt-4o'), (2, 1, 'gpt-4o-mini'), (3, 2, 'gpt-4o'), (4, 2, 'house-blend-2');
INSERT INTO calls VALUES (1, 1, 'old-blend');
INSERT INTO flows VALUES (1, 2, '{"model": "flow-blend"}');`;

const yaml = `
version: 1
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places:
  - { at: bots.model }
  - { at: calls.model, role: history }
  - { at: flows.body, json: /model }
`;

oneEngine((engine) => {
  let small: SmallDatabase;
  const bots = (): Promise<unknown> => small.rows('SELECT model FROM bots ORDER BY id');
  before(async () => (small = await smallDatabase(engine, script, yaml)));
  after(() => small.drop());

  it('refuses a target that no registry, no configuration and no live row knows, with the nearest names', async () => {
    const had = await bots();
    for (const who of [['--all-tenants'], ['--tenant', 'Alder']])
      for (const verb of ['plan', 'apply']) {
        const yes = verb === 'apply' ? ['--yes'] : [];
        const done = await small.run(verb, ...who, '--from', 'gpt-4o', '--to', 'gpt-4l', ...yes);
        assert.equal(done.status, 1, `${verb} ${who.join(' ')}`);
        const refusals = done.stderr.match(/MODEL_UNKNOWN: target: .*"gpt-4l"/g) ?? [];
        assert.equal(refusals.length, 1);
        assert.match(done.stderr, /Did you mean gpt-4, gpt-4o, gpt-4\.1\?/);
      }
    // A part of a name that a document holds is another name, and what was used once may be gone.
    for (const target of ['flow-blen', 'old-blend'])
      assert.match(
        (await small.run('plan', '--tenant', 'Alder', '--from', 'gpt-4o', '--to', target)).stderr,
        /MODEL_UNKNOWN: target/,
      );
    assert.deepEqual(await bots(), had);
  });

  it('refuses a source that nothing knows and nothing names, once for a run', async () => {
    for (const who of [['--all-tenants'], ['--tenant', 'Birch']]) {
      const done = await small.run('apply', ...who, '--from', 'gpt-99', '--to', 'gpt-5', '--yes');
      assert.equal(done.status, 1);
      assert.equal(done.stderr.match(/MODEL_UNKNOWN: source: .*"gpt-99", and nothing names it/g)?.length, 1);
    }
    // Another firm has it, and history names it: then there is nothing to move here, which is no mistake.
    for (const source of ['house-blend-2', 'old-blend']) {
      const { status, stdout } = await small.run(
        'plan',
        '--tenant',
        'Alder',
        '--from',
        source,
        '--to',
        'gpt-5',
      );
      assert.equal(status, 0, source);
      assert.match(stdout, /NOTHING_TO_MOVE/);
    }
  });

  it('takes what a live row names, in a column or a document, and shows no name of another tenant', async () => {
    for (const target of ['house-blend-2', 'flow-blend']) {
      const plan = await small.run('plan', '--tenant', 'Alder', '--from', 'gpt-4o', '--to', target);
      assert.equal(plan.status, 2, plan.stderr);
    }
    const near = async (...who: string[]): Promise<string> =>
      (await small.run('plan', ...who, '--from', 'gpt-4o', '--to', 'house-blend-3')).stderr;
    assert.match(await near('--tenant', 'Birch'), /Did you mean house-blend-2/);
    assert.match(await near('--all-tenants'), /Did you mean house-blend-2/);
    assert.doesNotMatch(await near('--tenant', 'Alder'), /house-blend-2/);
  });

  it('passes with --allow-unknown and a reason, which is recorded', async () => {
    const move = ['--tenant', 'Alder', '--from', 'gpt-4o-mini', '--to', 'brand-new-1', '--allow-unknown'];
    assert.equal((await small.run('plan', ...move)).status, 2);
    assert.match((await small.run('apply', ...move, '--yes')).stderr, /FORCE_NEEDS_REASON: --allow-unknown/);
    const done = await small.run('apply', ...move, '--yes', '--reason', 'its first day', '--json');
    assert.equal(done.status, 0, done.stderr);
    assert.deepEqual(await small.rows(`SELECT model FROM bots WHERE id = 2`), [['brand-new-1']]);
    assert.deepEqual(
      await small.rows(`SELECT reason, plan #>> '{intent,allowUnknown}' FROM drover.migrations`),
      [['its first day', 'true']],
    );
    const many = [
      '--all-tenants',
      '--from',
      'brand-new-1',
      '--to',
      'brand-new-2',
      '--yes',
      '--allow-unknown',
    ];
    assert.match((await small.run('apply', ...many)).stderr, /FORCE_NEEDS_REASON/);
    const run = await small.run('apply', ...many, '--reason', 'its second day');
    assert.equal(run.status, 0, run.stderr);
    assert.deepEqual(await small.rows(`SELECT model FROM bots WHERE id = 2`), [['brand-new-2']]);
  });

  it('refuses a target of another kind by the registry, though only text names the models', async () => {
    for (const who of [['--all-tenants'], ['--tenant', 'Alder']]) {
      const done = await small.run(
        'apply',
        ...who,
        '--from',
        'gpt-4o',
        '--to',
        'text-embedding-3-large',
        '--yes',
      );
      assert.equal(done.status, 1);
      assert.equal(done.stderr.match(/KINDS_DIFFER: .*completion.*embedding/g)?.length, 1);
    }
    const heard = await small.run('plan', '--tenant', 'Alder', '--from', 'gpt-4o', '--to', 'whisper-1');
    assert.match(heard.stderr, /KINDS_DIFFER: .*completion.*transcription/);
  });
});
