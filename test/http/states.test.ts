/** Whatever migrations, edits and rollbacks did: the API would take every state that results, and what was kept is listed. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { demoId } from '../../src/platform/demo/ids.ts';
import { demoTenants } from '../../src/platform/demo/tenants.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { meanwhile } from './meanwhile.ts';
import { migrated, source } from './moving.ts';
import { statesRefused, throwDice } from './states.ts';

const [here, there, third] = [0, 1, 2].map((n) => demoId(1, 'spaces', n)) as [string, string, string];
/** No space lists it. */
const target = completionId(1, 'gpt-5-mini');
const links = 'migration.space_completion_models';

oneEngine((engine) => {
  // Found with many seeds, when undo did not yet ask for use; soak/states.test.ts goes on looking.
  for (const [seed, steps] of [
    [10, 12],
    [19, 32],
  ] as const)
    it(`no dice make a state that the API refuses (seed ${seed})`, async () => {
      const http = await httpPlatform(engine);
      try {
        await throwDice(http, { seed, steps });
      } finally {
        await http.close();
      }
    });

  describe('a rollback', () => {
    let http: HttpPlatform;
    before(async () => {
      http = await httpPlatform(engine);
    });
    after(() => http.close());
    type Skipped = { table: string; id: string; reason: string };

    const send = async (
      method: 'POST' | 'PATCH' | 'GET' | 'PUT',
      path: string,
      body?: unknown,
    ): Promise<Answer> => {
      const { admin: key } = http.keys;
      const answer = await http.call(method, `/api/v1${path}`, body === undefined ? { key } : { key, body });
      assert.ok(answer.status < 300, answer.text);
      return answer;
    };
    const move = (body: object): Promise<Answer['json']> =>
      migrated(http, { to_model_id: target, force_override: true, reason: 'a test', ...body });
    const back = async (id: string): Promise<Answer['json']> => {
      const { json } = await send('POST', `/migrations/${id}/rollback`);
      assert.deepEqual(await statesRefused(http), []);
      const { json: record } = await send('GET', `/migrations/${json.migration_id}`);
      assert.deepEqual(record.skipped, json.skipped, 'the record lists the same');
      return json;
    };
    const reasons = (skipped: readonly Skipped[], table = links): string[] =>
      skipped.filter((one) => one.table === table).map(({ reason }) => reason);
    const listed = async (space: string): Promise<string[]> => {
      const { json } = await send('GET', `/spaces/${space}/completion-models`);
      return json.items.map(({ model_id: id }: { model_id: string }) => id);
    };

    it('begins with what the API would take, in every demo tenant', async () => {
      for (const { id, name } of demoTenants) assert.deepEqual(await statesRefused(http, id), [], name);
    });

    it('of a move finds a link that somebody took away at that moment moved, and not relied on', async () => {
      await send('PUT', `/spaces/${here}/completion-models/${target}`);
      const moved = await meanwhile(http, {
        change: `DELETE FROM ${links} WHERE space_id = $1 AND model_id = $2`,
        params: [here, target],
        request: () =>
          send('POST', `/completion-models/${source}/migrate`, {
            to_model_id: target,
            confirm_migration: true,
            force_override: true,
            reason: 'a test',
          }),
      });
      assert.deepEqual(await statesRefused(http), []);
      await back(moved.json.migration_id as string);
    });

    it('of a narrowed migration keeps the link that a row made since relies on, and the default', async () => {
      const part = await move({ entity_types: ['assistants'] });
      const made = await send('POST', '/assistants', {
        name: 'Since',
        space_id: here,
        completion_model_id: target,
      });
      await send('PATCH', `/spaces/${there}`, { default_completion_model_id: target });
      const undone = await back(part.migration_id);
      assert.equal(undone.complete, false);
      const kept = reasons(undone.skipped).toSorted().join('\n');
      assert.match(kept, /still used: .*assistants\.completion_model_id \(\d+\)/);
      assert.match(kept, /still used: .*spaces\.default_completion_model_id \(1\)/);
      assert.ok((await listed(here)).includes(target) && (await listed(there)).includes(target));
      await http.call('DELETE', `/api/v1/assistants/${made.json.id}`, { key: http.keys.admin });
    });

    it('lists both models where a spared row needs the one and restored rows need the other, and back again', async () => {
      const before = await listed(third);
      const whole = await move({});
      await send('PATCH', `/assistants/${demoId(1, 'assistants', 16)}`, { parameters: { top_p: 0.5 } });
      const undone = await back(whole.migration_id);
      assert.match(reasons(undone.skipped).join(), /kept: still used: /);
      assert.deepEqual(new Set(await listed(third)), new Set([...before, source, target]));
      const again = await back(undone.migration_id);
      assert.ok(!(await listed(third)).includes(source), 'moved again, the former link goes');
      await back(again.migration_id);
    });

    it('spares a row that was moved since to a space without its former model, and says why', async () => {
      const { json: space } = await send('POST', '/spaces', { name: 'Without the source' });
      for (const id of [target, completionId(1, 'claude-sonnet-4-6')])
        await send('PUT', `/spaces/${space.id}/completion-models/${id}`);
      const part = await move({ entity_types: ['assistants', 'apps'] });
      const [assistant, app] = [demoId(1, 'assistants', 0), demoId(1, 'apps', 0)];
      for (const path of [`/assistants/${assistant}`, `/apps/${app}`])
        await send('PATCH', path, { space_id: space.id });
      const undone = await back(part.migration_id);
      for (const table of ['assistants', 'apps'])
        assert.match(
          reasons(undone.skipped, `migration.${table}`).join(),
          /not available there any more \(space_completion_models\.model_id, by space_id\)/,
        );
    });
  });
});
