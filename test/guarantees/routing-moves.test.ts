/** A migration of a model takes the workspaces along that can run on the target, leaves and lists the others, and gives all back. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { demoId } from '../../src/platform/demo/ids.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { applyBatch } from '../support/batches.ts';
import { eachEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import { makeWorkspace, storedAll, storedRow } from '../support/workspaces.ts';

const haiku = completionId(1, 'claude-haiku-4-5');
/** By the name of a model whose end nobody has announced: the demo's is shut down one day, and could not be chosen then. */
const sonnet = completionId(1, 'claude-sonnet-4-6');
const mini = completionId(1, 'gpt-5-mini');
const secrets = { ANTHROPIC_API_KEY: 'k' };

eachEngine((engine) => {
  let http: HttpPlatform;
  let plain: string;
  let slashed: string;
  let cleared: string;
  let open: string;

  before(async () => {
    http = await httpPlatform(engine);
    const lasting = `UPDATE migration.completion_models SET name = 'claude-sonnet-5-5' WHERE name = 'claude-sonnet-4-6'`;
    await http.asSuperuser((tx) => tx.run(lasting));
    plain = await makeWorkspace(http, { runtime: 'hermes', model: 'claude-haiku-4-5', secrets });
    slashed = await makeWorkspace(http, {
      runtime: 'openclaw',
      model: 'anthropic/claude-haiku-4-5',
      secrets,
    });
    cleared = await makeWorkspace(http, { runtime: 'mock' });
    open = await makeWorkspace(http, { runtime: 'mock', model: 'claude-haiku-4-5' });
  });
  after(() => http.close());

  const migrate = (from: string, to: string, more: object = {}): Promise<Answer> =>
    http.call('POST', `/api/v1/completion-models/${from}/migrate`, {
      key: http.keys.admin,
      body: { to_model_id: to, confirm_migration: true, ...more },
    });
  const choose = (id: string, model: string): Promise<Answer> =>
    http.call('PUT', `/api/v1/workspaces/${id}/model`, { key: http.keys.member, body: { model } });
  const remove = (id: string): Promise<Answer> =>
    http.call('DELETE', `/api/v1/workspaces/${id}`, { key: http.keys.member });
  const makeModel = async (name: string, key = http.keys.admin): Promise<string> => {
    const provider = demoId(key === http.keys.admin ? 1 : 2, 'model_providers', 0);
    const { status, json, text } = await http.call('POST', '/api/v1/completion-models', {
      key,
      body: { name, family: 'claude-opus', provider_id: provider },
    });
    assert.equal(status, 201, text);
    return String(json.id);
  };
  const modelOf = async (id: string): Promise<unknown> => (await storedRow(http, id))['model'];

  it('warns where a workspace could not run on the target, and where it is', async () => {
    const { status, json, text } = await migrate(haiku, mini, { confirm_migration: false });
    assert.equal(status, 409, text);
    const finding = json.data.findings.find(({ code }: { code: string }) => code === 'TARGET_NOT_ALLOWED');
    assert.deepEqual([finding.severity, finding.place], ['warning', 'workspaces.model'], text);
    assert.equal(await modelOf(plain), 'claude-haiku-4-5');
  });

  it('moves each in its own spelling, leaves and lists the rest, and takes all back', async () => {
    const version = (await storedRow(http, plain))['version'];
    const { status, json, text } = await migrate(haiku, sonnet);
    assert.equal(status, 200, text);
    assert.equal(await modelOf(plain), 'claude-sonnet-5-5');
    assert.equal(await modelOf(slashed), 'anthropic/claude-sonnet-5-5');
    assert.equal(await modelOf(cleared), null);
    assert.equal(await modelOf(open), 'claude-haiku-4-5');
    const left = json.left_behind.find(({ reason }: { reason: string }) => reason === 'not-allowed');
    assert.equal(left.count, 1, text);
    assert.equal(left.rows[0].id, open, text);
    const back = await http.call('POST', `/api/v1/migrations/${json.migration_id}/rollback`, {
      key: http.keys.admin,
      body: {},
    });
    assert.equal(back.status, 200, back.text);
    assert.equal(await modelOf(slashed), 'anthropic/claude-haiku-4-5');
    const row = await storedRow(http, plain);
    assert.deepEqual([row['model'], row['route'], row['version']], ['claude-haiku-4-5', 'registry', version]);
  });

  it('does the same for several tenants at once', async () => {
    const { mine, other } = http.tenants;
    const moves = [mine, other].map((tenant) => ({
      tenant,
      from: 'claude-haiku-4-5',
      to: 'claude-sonnet-5-5',
      parameters: 'reset' as const,
      answers: {},
      leaveAsks: false,
    }));
    const inboxes = ['00000001', '00000002'].map((tenant) => `${tenant}-def0-def0-def0-001300000001`);
    const outcomes = await applyBatch(http.platform.site, { moves, confirm: true, actor: 'test' });
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['succeeded', 'succeeded'],
      JSON.stringify(outcomes),
    );
    for (const inbox of inboxes) assert.equal(await modelOf(inbox), 'claude-sonnet-5-5');
    assert.equal(await modelOf(slashed), 'anthropic/claude-sonnet-5-5');
    assert.equal(await modelOf(open), 'claude-haiku-4-5');
  });

  it('brings a pair that rested on a verdict to the registry, and back', async () => {
    const kept = '00000001-def0-def0-def0-001300000002';
    const pin = `INSERT INTO migration.workspace_verdicts (tenant_id, workspace_id, runtime, model, reason, registry_version)
      SELECT tenant_id, id, runtime, 'claude-3-7-sonnet', 'kept', 'test' FROM migration.workspaces WHERE id = $1`;
    await http.asSuperuser(async (tx) => {
      await tx.run(pin, [kept]);
      await tx.run(`UPDATE migration.workspaces SET model = 'claude-3-7-sonnet' WHERE id = $1`, [kept]);
    });
    const { status, json, text } = await migrate(completionId(1, 'claude-3-7-sonnet'), sonnet);
    assert.equal(status, 200, text);
    const row = await storedRow(http, kept);
    assert.deepEqual([row['model'], row['route']], ['claude-sonnet-5-5', 'registry']);
    const body = { key: http.keys.admin, body: {} };
    assert.equal(
      (await http.call('POST', `/api/v1/migrations/${json.migration_id}/rollback`, body)).status,
      200,
    );
    const again = await storedRow(http, kept);
    assert.deepEqual([again['model'], again['route']], ['claude-3-7-sonnet', 'verdict']);
  });

  it('moves none to what somebody else would pay', async () => {
    const [source = '', target = ''] = await Promise.all(
      ['claude-opus-5-5', 'claude-opus-4-8'].map((name) => makeModel(name)),
    );
    // The platform serves the one on claude-code, and both go by the organisation's key on hermes.
    const platform = await makeWorkspace(http, { runtime: 'claude-code', model: 'claude-opus-5-5' });
    const own = await makeWorkspace(http, { runtime: 'hermes', model: 'claude-opus-5-5', secrets });
    const { status, json, text } = await migrate(source, target);
    assert.equal(status, 200, text);
    assert.deepEqual(
      [await modelOf(platform), await modelOf(own)],
      ['claude-opus-5-5', 'claude-opus-4-8'],
      text,
    );
    const left = json.left_behind.find(({ reason }: { reason: string }) => reason === 'not-allowed');
    assert.deepEqual([left.count, left.rows[0].id], [1, platform], text);
  });

  it('moves none that rests on a verdict to what somebody else would pay', async () => {
    const [source = '', target = ''] = await Promise.all(
      ['of-the-house', 'claude-opus-5'].map((name) => makeModel(name)),
    );
    const rest = async (payers: string | null): Promise<string> => {
      const id = await makeWorkspace(http, { runtime: 'hermes', model: 'claude-opus-4-6', secrets });
      const pin = `INSERT INTO migration.workspace_verdicts (tenant_id, workspace_id, runtime, model, payers, reason, registry_version)
        SELECT tenant_id, id, runtime, 'of-the-house', $2, 'kept', 'test' FROM migration.workspaces WHERE id = $1`;
      const choosePinned = `UPDATE migration.workspaces SET model = 'of-the-house', route = 'verdict' WHERE id = $1`;
      await http.asSuperuser(async (tx) => {
        await tx.run(pin, [id, payers]);
        await tx.run(choosePinned, [id]);
      });
      return id;
    };
    const [own, house, unknown] = [await rest('tenant'), await rest('platform'), await rest(null)];
    const { status, text } = await migrate(source, target);
    assert.equal(status, 200, text);
    const models = await Promise.all([own, house, unknown].map(modelOf));
    assert.deepEqual(models, ['claude-opus-5', 'of-the-house', 'claude-opus-5'], text);
  });

  it('moves none while nobody has said who pays for the target: pairs from before that was asked', async () => {
    const [source = '', target = ''] = await Promise.all(
      ['claude-opus-4-5', 'claude-fable-5'].map((name) => makeModel(name)),
    );
    const id = await makeWorkspace(http, { runtime: 'hermes', model: 'claude-opus-4-5', secrets });
    const know = (payers: string | null): Promise<number> =>
      http.asSuperuser((tx) =>
        tx.run(
          `UPDATE migration.registry_pairs SET payers = $1 WHERE model IN ('claude-opus-4-5', 'claude-fable-5') AND runtime = 'hermes'`,
          [payers],
        ),
      );
    await know(null);
    const { status, text } = await migrate(source, target);
    assert.equal(status, 200, text);
    assert.equal(await modelOf(id), 'claude-opus-4-5', text);
    await know('tenant');
    const again = await migrate(source, target);
    assert.equal(again.status, 200, again.text);
    assert.equal(await modelOf(id), 'claude-fable-5', again.text);
  });

  it('nor does it for several tenants at once, whatever their pairs rest on', async () => {
    const keys = [http.keys.admin, http.keys.otherAdmin];
    const names = ['claude-opus-4-6', 'claude-sonnet-5'];
    for (const key of keys) for (const name of names) await makeModel(name, key);
    const made = keys.map((key) =>
      makeWorkspace(http, { runtime: 'hermes', model: 'claude-opus-4-6', secrets }, key),
    );
    const [kept = '', moved = ''] = await Promise.all(made);
    // The pair of the first rests on a verdict that says that the platform pays; the registry says that the tenant does.
    await http.asSuperuser(async (tx) => {
      await tx.run(
        `INSERT INTO migration.workspace_verdicts (tenant_id, workspace_id, runtime, model, payers, reason, registry_version)
         SELECT tenant_id, id, runtime, model, 'platform', 'kept', 'test' FROM migration.workspaces WHERE id = $1`,
        [kept],
      );
      await tx.run(`UPDATE migration.workspaces SET route = 'verdict' WHERE id = $1`, [kept]);
    });
    const [from = '', to = ''] = names;
    const choices = { parameters: 'reset' as const, answers: {}, leaveAsks: false };
    const moves = Object.values(http.tenants).map((tenant) => ({ tenant, from, to, ...choices }));
    const outcomes = await applyBatch(http.platform.site, { moves, confirm: true, actor: 'test' });
    const left = outcomes.map((one) =>
      one.status === 'succeeded' ? one.result.completion : one.error.message,
    );
    assert.deepEqual(left, ['partial', 'complete']);
    assert.deepEqual([await modelOf(kept), await modelOf(moved)], [from, to]);
  });

  it('leaves none behind that is written meanwhile, and shows whoever comes late the successor', async () => {
    for (const id of [open, plain]) await remove(id);
    const source = completionId(1, 'claude-haiku-4-5');
    assert.equal((await choose(slashed, 'anthropic/claude-opus-4-7')).status, 200);
    const over = new AbortController();
    const writers = ['', 'anthropic/'].map(async (before) => {
      const runtime = before === '' ? 'hermes' : 'openclaw';
      const id = await makeWorkspace(http, { runtime, model: `${before}claude-opus-4-7`, secrets });
      const answers: Answer[] = [];
      while (!over.signal.aborted || answers.length < 2)
        for (const name of ['claude-haiku-4-5', 'claude-opus-4-7'])
          answers.push(await choose(id, `${before}${name}`));
      // The migration may have ended between a writer's last choice of the source and its next.
      answers.push(await choose(id, `${before}claude-haiku-4-5`));
      return answers;
    });
    const { status, json, text } = await migrate(source, sonnet);
    over.abort();
    const answers = (await Promise.all(writers)).flat();
    assert.equal(status, 200, text);
    assert.equal(json.completion, 'complete', text);
    const refused = answers.filter((answer) => answer.status !== 200);
    assert.ok(refused.length > 0);
    for (const late of refused) {
      assert.equal(late.status, 410, late.text);
      assert.deepEqual(
        [late.json.code, late.json.data.successor.name],
        ['MODEL_RETIRED', 'claude-sonnet-5-5'],
      );
    }
    const { left } = await http.asSuperuser((tx) =>
      tx.one<{ left: number }>(
        `SELECT count(*)::int AS left FROM migration.workspaces WHERE tenant_id = $1 AND model ~ 'claude-haiku-4-5$'`,
        [http.tenants.mine],
      ),
    );
    assert.equal(left, 0);
  });

  it('stores a retired model at no endpoint', async () => {
    const retired = { runtime: 'hermes', model: 'claude-haiku-4-5', secrets };
    // A row in another case is the same model.
    const recase = (name: string): Promise<number> =>
      http.asSuperuser((tx) =>
        tx.run('UPDATE migration.completion_models SET name = $1 WHERE lower(name) = lower($1)', [name]),
      );
    for (const name of ['Claude-Haiku-4-5', 'claude-haiku-4-5']) {
      await recase(name);
      const { status } = await choose(slashed, 'anthropic/claude-haiku-4-5');
      assert.equal(status, 410, name);
    }
    const { key, before } = { key: http.keys.member, before: await storedAll(http) };
    for (const [method, path, body] of [
      ['POST', '/workspaces', { name: 'late', ...retired }],
      ['PUT', `/workspaces/${slashed}/model`, { model: ' anthropic/claude-haiku-4-5 ' }],
      ['PATCH', `/workspaces/${slashed}`, { runtime: 'hermes', model: 'claude-haiku-4-5' }],
      ['POST', '/workspaces/import', { workspaces: [{ name: 'late', ...retired }] }],
    ] as const) {
      const { status, json, text } = await http.call(method, `/api/v1${path}`, { key, body });
      const code = path.endsWith('import') ? json.data.nodes[0].code : json.code;
      assert.deepEqual([code, status], ['MODEL_RETIRED', path.endsWith('import') ? 422 : 410], text);
    }
    assert.equal(await storedAll(http), before);
  });
});
