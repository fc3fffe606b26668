/** A model that cannot run cannot be chosen, whichever field names it, and also if it is retired at that very moment. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { demoId } from '../../src/platform/demo/ids.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import { meanwhile } from './meanwhile.ts';

const space = demoId(1, 'spaces', 0);
const haiku = completionId(1, 'claude-haiku-4-5');
const sonnet = completionId(1, 'claude-sonnet-4-6');
const source = completionId(1, 'claude-3-7-sonnet');
const disabled = completionId(1, 'gpt-4o');
const unused = completionId(1, 'gpt-5-mini');
const foreign = completionId(2, 'claude-haiku-4-5');
const nobodys = '0badc0de-0000-4000-8000-000000000000';

const nodeOf = (id: string, name?: string): object => ({
  data: { model: name === undefined ? { id } : { id, name } },
});

oneEngine((engine) => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform(engine);
  });
  after(() => http.close());

  const send = (
    method: 'POST' | 'PATCH' | 'PUT' | 'DELETE' | 'GET',
    path: string,
    body?: unknown,
  ): Promise<Answer> =>
    http.call(method, `/api/v1${path}`, { key: http.keys.admin, ...(body === undefined ? {} : { body }) });
  const newAssistant = (model: string | null): Promise<Answer> =>
    send('POST', '/assistants', { name: 'New', space_id: space, completion_model_id: model });
  const expect = (answer: Answer, status: number, code?: string): void => {
    assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text);
  };

  /** Another model of the tenant that nothing names. */
  const newModel = async (more: Record<string, unknown> = {}): Promise<string> => {
    const body = {
      name: `m-${Math.random()}`,
      family: 'test',
      provider_id: demoId(1, 'model_providers', 0),
      ...more,
    };
    const { json, status, text } = await send('POST', '/completion-models', body);
    assert.equal(status, 201, text);
    return json.id;
  };

  const retire = async (id: string, successor?: string): Promise<void> => {
    const query = successor === undefined ? '' : `?successor_id=${successor}`;
    expect(await send('DELETE', `/completion-models/${id}${query}`), 200);
  };

  describe('a model that is chosen', () => {
    it('is the tenant’s own: a foreign id and an unknown id get the same answer', async () => {
      const answers = [await newAssistant(foreign), await newAssistant(nobodys)];
      for (const answer of answers) expect(answer, 422, 'REFERENCE_INVALID');
      assert.equal(answers[0]?.text, answers[1]?.text);
      const spaces = [demoId(2, 'spaces', 0), nobodys].map((id) =>
        send('POST', '/assistants', { name: 'New', space_id: id }),
      );
      const [theirs, none] = await Promise.all(spaces);
      assert.equal(theirs?.status, 422);
      assert.equal(theirs?.text, none?.text);
    });

    it('is enabled; a model that was disabled later may stay', async () => {
      expect(await newAssistant(disabled), 422, 'MODEL_DISABLED');
      const model = await newModel();
      await send('PUT', `/spaces/${space}/completion-models/${model}`);
      const { json: made } = await newAssistant(model);
      expect(await send('PATCH', `/completion-models/${model}`, { is_enabled: false }), 200);
      expect(
        await send('PATCH', `/assistants/${made.id}`, { completion_model_id: model, name: 'Kept' }),
        200,
      );
      expect(await newAssistant(model), 422, 'MODEL_DISABLED');
    });

    it('is not retired: 410 with the first successor that is live', async () => {
      const [first, second] = [await newModel(), await newModel()];
      await retire(second, haiku);
      expect(
        await send('DELETE', `/completion-models/${first}?successor_id=${second}`),
        422,
        'REFERENCE_INVALID',
      );
      await retire(first);
      await http.asSuperuser((tx) =>
        tx.run('UPDATE migration.completion_models SET successor_id = $1 WHERE id = $2', [second, first]),
      );
      const gone = await newAssistant(first);
      expect(gone, 410, 'MODEL_RETIRED');
      assert.deepEqual(gone.json.data.successor, { id: haiku, name: 'claude-haiku-4-5' });
      assert.equal(gone.json.data.field, 'completion_model_id');
    });

    it('is not withdrawn, and without a successor says so', async () => {
      const model = await newModel({ lifecycle: 'withdrawn' });
      const gone = await newAssistant(model);
      expect(gone, 410, 'MODEL_RETIRED');
      assert.equal(gone.json.data.successor, null);
    });

    it('is available in the space, also in the one that the row moves to', async () => {
      expect(await newAssistant(unused), 422, 'MODEL_NOT_IN_SPACE');
      const { json: made } = await newAssistant(haiku);
      const { json: other } = await send('POST', '/spaces', { name: 'Elsewhere' });
      const elsewhere = other.id as string;
      expect(await send('PUT', `/spaces/${elsewhere}/completion-models/${sonnet}`), 204);
      const moved = await send('PATCH', `/assistants/${made.id}`, { space_id: elsewhere });
      expect(moved, 422, 'MODEL_NOT_IN_SPACE');
      const both = { space_id: elsewhere, completion_model_id: sonnet };
      expect(await send('PATCH', `/assistants/${made.id}`, both), 200);
      expect(await send('PATCH', `/assistants/${made.id}`, { completion_model_id: null }), 200);
      const archived = { space_id: demoId(1, 'spaces', 4) };
      expect(await send('PATCH', `/assistants/${made.id}`, archived), 422, 'REFERENCE_INVALID');
    });

    it('is checked in every field that names one', async () => {
      const [whisper, vectors] = [demoId(2, 'transcription_models', 0), demoId(2, 'embedding_models', 0)];
      const fields: readonly (readonly [string, Record<string, unknown>])[] = [
        ['/apps', { name: 'x', space_id: space, transcription_model_id: whisper }],
        ['/services', { name: 'x', space_id: space, transcription_model_id: whisper }],
        ['/services', { name: 'x', space_id: space, completion_model_id: foreign }],
        ['/assistant-templates', { name: 'x', completion_model_id: foreign }],
        ['/app-templates', { name: 'x', completion_model_id: foreign }],
        ['/completion-models', { name: 'x', family: 'x', provider_id: demoId(2, 'model_providers', 0) }],
        ['/user-roles', { user_id: demoId(2, 'users', 2), role: 'viewer' }],
      ];
      for (const [path, body] of fields) expect(await send('POST', path, body), 422, 'REFERENCE_INVALID');
      const defaults = {
        transcription_model_id: whisper,
        embedding_model_id: vectors,
        completion_model_id: foreign,
      };
      for (const [field, id] of Object.entries(defaults))
        expect(await send('PATCH', '/defaults', { [field]: id }), 422, 'REFERENCE_INVALID');
      const spaceDefault = { default_completion_model_id: foreign };
      expect(await send('PATCH', `/spaces/${space}`, spaceDefault), 422, 'REFERENCE_INVALID');
      expect(
        await send('PATCH', `/spaces/${space}`, { default_completion_model_id: unused }),
        422,
        'MODEL_NOT_IN_SPACE',
      );
    });
  });

  describe('a pipeline', () => {
    const newApp = (...nodes: readonly object[]): Promise<Answer> =>
      send('POST', '/apps', { name: 'New', space_id: space, pipeline: { nodes } });

    it('names models by the same rules, and a node’s name is that of its id', async () => {
      expect(await newApp({ data: {} }, nodeOf(haiku, 'claude-haiku-4-5'), nodeOf(sonnet)), 201);
      expect(await newApp(nodeOf(foreign)), 422, 'REFERENCE_INVALID');
      expect(await newApp(nodeOf(disabled)), 422, 'MODEL_DISABLED');
      expect(await newApp(nodeOf(unused)), 422, 'MODEL_NOT_IN_SPACE');
      const misnamed = await newApp(nodeOf(haiku), nodeOf(haiku, 'gpt-4o'));
      expect(misnamed, 422, 'REFERENCE_INVALID');
      assert.equal(misnamed.json.data.field, 'pipeline/nodes/1/data/model');
      expect(await newApp(nodeOf('no-id')), 400, 'REQUEST_INVALID');
    });

    it('is written with ids as a migration looks for them', async () => {
      const { json } = await newApp(nodeOf(haiku.toUpperCase()));
      assert.equal(json.pipeline.nodes[0].data.model.id, haiku);
    });

    it('keeps what it named before, and may not name it again elsewhere', async () => {
      const model = await newModel();
      await send('PUT', `/spaces/${space}/completion-models/${model}`);
      const { json: app } = await newApp(nodeOf(model));
      expect(await send('PATCH', `/completion-models/${model}`, { is_enabled: false }), 200);
      const kept = { pipeline: { nodes: [{ id: 'more' }, nodeOf(model)] } };
      expect(await send('PATCH', `/apps/${app.id}`, kept), 200);
      expect(await newApp(nodeOf(model)), 422, 'MODEL_DISABLED');
    });
  });

  describe('a model that is retired while somebody chooses it', () => {
    it('is refused with 410: the request that chooses it waits, and then sees that it is retired', async () => {
      const model = await newModel({ successor_id: haiku });
      const retire = `UPDATE migration.completion_models SET lifecycle = 'retired', is_live = false WHERE id = $1`;
      const naming = [{ completion_model_id: model }, { pipeline: { nodes: [nodeOf(model)] } }];
      const [column] = naming;
      const refused = await meanwhile(http, {
        change: retire,
        params: [model],
        request: () => send('POST', '/assistant-templates', { name: 'Late', ...column }),
      });
      expect(refused, 410, 'MODEL_RETIRED');
      assert.deepEqual(refused.json.data.successor, { id: haiku, name: 'claude-haiku-4-5' });
      for (const late of naming)
        expect(await send('POST', '/app-templates', { name: 'Late', ...late }), 410, 'MODEL_RETIRED');
    });

    it('is refused without internal details if the row that it names has been deleted', async () => {
      const { json: provider } = await send('POST', '/model-providers', { name: 'Gone soon' });
      const body = { name: 'Orphan', family: 'test', provider_id: provider.id };
      const remove = 'DELETE FROM migration.model_providers WHERE id = $1';
      const refused = await meanwhile(http, {
        change: remove,
        params: [provider.id],
        request: () => send('POST', '/completion-models', body),
      });
      expect(refused, 422, 'REFERENCE_INVALID');
      assert.equal(refused.json.data.field, 'provider_id');
    });

    it('leaves nothing live on the source after a migration, and no caller without an answer', async () => {
      const writers = Array.from({ length: 24 }, (_, n) => [
        () => newAssistant(source),
        () => send('POST', '/app-templates', { name: `T${n}`, pipeline: { nodes: [nodeOf(source)] } }),
        () =>
          send('PATCH', `/apps/${demoId(1, 'apps', n % 6)}`, {
            pipeline: { nodes: [nodeOf(sonnet), nodeOf(source)] },
          }),
        () => send('PATCH', `/assistants/${demoId(1, 'assistants', n % 8)}`, { completion_model_id: source }),
      ]).flatMap((kinds) => kinds);
      const body = { to_model_id: haiku, confirm_migration: true };
      const before = writers.slice(0, 48).map((write) => write());
      const migrating = send('POST', `/completion-models/${source}/migrate`, body);
      const after = writers.slice(48).map((write) => write());
      const answers = await Promise.all([...before, ...after]);
      expect(await migrating, 200);
      const statuses = new Set(answers.map(({ status }) => status));
      for (const status of statuses) assert.ok([200, 201, 410].includes(status), [...statuses].join(' '));
      expect(await newAssistant(source), 410, 'MODEL_RETIRED');
      const { json } = await send('GET', '/completion-models?lifecycle=any&limit=200');
      const usage = json.items.find(({ id }: { id: string }) => id === source).usage as Record<
        string,
        { live: number; dead: number }
      >;
      for (const [type, { live, dead }] of Object.entries(usage))
        assert.deepEqual([type, live + dead], [type, 0]);
    });
  });
});
