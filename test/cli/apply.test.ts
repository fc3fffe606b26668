/** `drover apply`, `rollback`, `history`: a plan is what runs, nobody is surprised, and everything is on record. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { droverHere } from './drover-here.ts';
import { demoPlace, scratch } from './drover-process.ts';
import type { Place } from './drover-process.ts';
import { digestTenants } from './tenant-rows.ts';

const move = ['--from', 'claude-3-7-sonnet', '--to', 'claude-haiku-4-5', '--tenant', 'Alder Clinic'];

interface Applied {
  readonly migrationId: string;
  readonly completion: string;
  readonly replayed: boolean;
  readonly counts: Record<string, number>;
}

oneEngine((engine) => {
  let demo: Place;
  before(async () => {
    demo = await demoPlace(engine);
  });
  after(() => demo.drop());

  const run = (...words: string[]): ReturnType<typeof droverHere> => droverHere([...words, ...demo.where]);
  const planFile = scratch(`round-${engine}.json`);

  test('without a terminal and without --yes nothing is applied', async () => {
    const start = await demo.look(digestTenants);
    const { status, stdout, stderr } = await run('apply', ...move);
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /Plan for Alder Clinic[\s\S]*CONFIRMATION_REQUIRED: .*--yes/);
    assert.deepEqual(await demo.look(digestTenants), start);
    assert.deepEqual(JSON.parse((await run('history', '--json')).stdout), { migrations: [], underWay: [] });
  });

  test('a plan file that was edited, or is contradicted by options, is refused', async () => {
    await run('plan', ...move, '--out', planFile);
    const edited = scratch(`edited-${engine}.json`);
    writeFileSync(edited, readFileSync(planFile, 'utf8').replace('"expected": 22', '"expected": 23'));
    assert.match((await run('apply', edited, '--yes')).stderr, /^PLAN_INVALID: .*hash/);
    assert.match(
      (await run('apply', scratch('missing.json'), '--yes')).stderr,
      /^FILE_UNREADABLE: .*not there/,
    );
    assert.match((await run('apply', planFile, '--yes', '--to', 'gpt-4o')).stderr, /^USAGE_INVALID: .*--to/);
  });

  test('plan, apply, apply again, history, rollback: the start', async () => {
    const start = await demo.look(digestTenants);
    const applied = await run('apply', planFile, '--yes', '--json', '--reason', 'it goes away');
    assert.equal(applied.status, 0, applied.stderr);
    const result = JSON.parse(applied.stdout) as Applied;
    assert.equal(result.completion, 'complete for the tenant');
    assert.equal(result.counts['assistants'], 22);
    assert.match(applied.stderr, /repoint assistants: 22 of 22/);

    const again = JSON.parse((await run('apply', planFile, '--yes', '--json')).stdout) as Applied;
    assert.equal(again.replayed, true);
    assert.equal(again.migrationId, result.migrationId);

    await checkHistory(result.migrationId);
    const back = await run('rollback', result.migrationId, '--yes');
    assert.equal(back.status, 0, back.stderr);
    assert.match(back.stdout, /^Took back \d+ row changes/);
    assert.deepEqual(await demo.look(digestTenants), start);
    const twice = await run('rollback', result.migrationId, '--yes');
    assert.match(twice.stderr, /ROLLBACK_IMPOSSIBLE: .*rolled back already/);
    assert.equal(twice.status, 1);
  });

  async function checkHistory(id: string): Promise<void> {
    const list = await run('history');
    assert.equal(list.status, 0, list.stderr);
    assert.match(
      list.stdout,
      new RegExp(
        `^${id}\\t[^\\n]+\\tAlder Clinic\\tmodel\\tsucceeded\\tcomplete for the tenant\\t\\t\\d+\\t[^\\n]+\\ttester\\tit goes away\\n`,
      ),
    );
    const one = JSON.parse((await run('history', id, '--json', '--changes')).stdout) as Record<
      string,
      unknown
    >;
    assert.equal(one['actor'], 'tester');
    assert.equal(one['reason'], 'it goes away');
    assert.ok(Array.isArray(one['changes']) && one['changes'].length === 50);
    const csv = await run('history', id, '--csv', '--changes');
    assert.match(csv.stdout, /^step,table,action,key,before,after\r\n1,/);
    assert.match((await run('history', id, '--csv')).stdout, /^step,what,of,planned,done\r\n1,/);
    const text = await run('history', id, '--tenant', 'Alder Clinic');
    assert.match(text.stdout, /repoint\tassistants\t22\t22/);
    assert.match((await run('history', id, '--tenant', 'Cedar School')).stderr, /^MIGRATION_NOT_FOUND/);
  }

  test('a stale plan names what changed, and nothing is written', async () => {
    await run('plan', ...move, '--out', planFile, '--parameters', 'keep');
    await demo.look((tx) =>
      tx.run(
        `UPDATE migration.assistants SET completion_model_id = NULL WHERE id = '00000001-def0-def0-def0-000900000000' OR name = 'Letters · Reception'`,
      ),
    );
    const changed = await demo.look(digestTenants);
    const { status, stderr, stdout } = await run('apply', planFile, '--yes');
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /PLAN_STALE: .*assistants/);
    assert.deepEqual(await demo.look(digestTenants), changed);
  });

  test('an error of the plan refuses, also with --force, and needs a reason in any case', async () => {
    const bad = ['--from', 'claude-3-7-sonnet', '--to', 'gpt-4o', '--tenant', 'Alder Clinic', '--yes'];
    assert.match((await run('apply', ...bad)).stderr, /PLAN_REFUSED: .*TARGET_DISABLED/);
    assert.match((await run('apply', ...bad, '--force')).stderr, /^FORCE_NEEDS_REASON/);
    assert.match(
      (await run('apply', ...bad, '--force', '--reason', 'because')).stderr,
      /PLAN_REFUSED: .*TARGET_DISABLED/,
    );
    const failed = JSON.parse((await run('apply', ...bad, '--json')).stderr.split('\n')[0] ?? '') as {
      error: { code: string };
    };
    assert.equal(failed.error.code, 'PLAN_REFUSED');
  });

  test('nothing to do is status 0', async () => {
    assert.equal((await run('apply', ...move, '--yes')).status, 0);
    const plan = await run('plan', ...move);
    assert.equal(plan.status, 0, plan.stderr);
    const applied = await run('apply', ...move);
    assert.equal(applied.status, 0, applied.stderr);
    assert.match(applied.stderr, /Nothing to do\./);
  });
});
