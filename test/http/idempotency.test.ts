/** The same POST with the same Idempotency-Key is done once, however many ask at the same time, and whatever process dies. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { buildApp } from '../../src/http/server/app.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { openPlatform } from '../../src/platform/open.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import { configured, migrate, migrated, migratePath, refused, source, target, valueOf } from './moving.ts';

oneEngine((engine) => {
  describe('a key', () => {
    let http: HttpPlatform;
    before(async () => {
      http = await httpPlatform(engine);
    });
    after(() => http.close());

    const withKey = (
      key: string,
      body: object = {},
      more: { key?: string; path?: string } = {},
    ): Promise<Answer> =>
      migrate(http, { confirm_migration: true, ...body }, { ...more, headers: { 'idempotency-key': key } });
    const migrations = (): Promise<number> =>
      valueOf(http, 'SELECT count(*)::int AS value FROM migration.migrations');
    const set = (sql: string): Promise<number> =>
      http.asSuperuser((tx) => tx.run(`UPDATE migration.idempotency_keys SET ${sql}`));
    const undo = async (id: string): Promise<void> => {
      const back = await http.call('POST', `/api/v1/migrations/${id}/rollback`, { key: http.keys.admin });
      assert.equal(back.status, 200, back.text);
    };

    it('gives the first answer again: status, body, type, and a mark', async () => {
      const first = await withKey('replay');
      const again = await withKey('replay');
      assert.deepEqual([first.status, first.headers['idempotency-replayed']], [200, undefined]);
      assert.deepEqual([again.status, again.text], [200, first.text]);
      assert.equal(again.headers['idempotency-replayed'], 'true');
      assert.equal(again.headers['content-type'], first.headers['content-type']);
      assert.equal(await migrations(), 1);
      await undo(first.json.migration_id);
    });

    it('gives a refusal again, too, although the request would now be accepted', async () => {
      const first = await withKey('refused', { confirm_migration: false });
      refused(first, 409, 'CONFIRMATION_REQUIRED');
      const again = await withKey('refused', { confirm_migration: false });
      assert.deepEqual([again.status, again.text], [first.status, first.text]);
      assert.match(String(again.headers['content-type']), /^application\/problem\+json/);
    });

    it('belongs to one request: another body or path is refused, members in another order are the same body', async () => {
      const first = await withKey('same', { reason: 'a', dry_run: true });
      const turned = await http.call('POST', migratePath(), {
        key: http.keys.admin,
        headers: { 'idempotency-key': 'same' },
        body: { dry_run: true, reason: 'a', confirm_migration: true, to_model_id: target },
      });
      assert.equal(turned.text, first.text);
      refused(await withKey('same', { reason: 'b', dry_run: true }), 422, 'IDEMPOTENCY_KEY_REUSED');
      const path = migratePath('claude-haiku-4-5');
      refused(await withKey('same', { reason: 'a', dry_run: true }, { path }), 422, 'IDEMPOTENCY_KEY_REUSED');
    });

    it('belongs to one caller of one tenant', async () => {
      const body = { dry_run: true };
      await withKey('shared', body);
      const colleague = await withKey('shared', body, { key: http.keys.sysadmin });
      assert.equal(colleague.headers['idempotency-replayed'], undefined);
      const theirs = await withKey(
        'shared',
        { ...body, to_model_id: completionId(2, 'claude-haiku-4-5') },
        { key: http.keys.otherAdmin, path: migratePath('claude-3-7-sonnet', 2) },
      );
      assert.deepEqual([theirs.status, theirs.headers['idempotency-replayed']], [200, undefined]);
    });

    it('must be visible ASCII, and is ignored on requests that change nothing', async () => {
      for (const key of ['', 'two words', 'ü', 'x'.repeat(256)])
        refused(await withKey(key), 400, 'REQUEST_INVALID');
      const listed = await http.call('GET', '/api/v1/migrations', {
        key: http.keys.admin,
        headers: { 'idempotency-key': 'ü' },
      });
      assert.equal(listed.status, 200);
    });

    it('is not used up by an invalid request, or by one that may be tried again', async () => {
      refused(await withKey('retry', { parameters: 'forget' }), 400, 'REQUEST_INVALID');
      await http.asSuperuser((tx) =>
        tx.script(`CREATE FUNCTION migration.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = 'disk_full'; END $$;
          CREATE TRIGGER fail BEFORE INSERT ON migration.migration_steps FOR EACH ROW EXECUTE FUNCTION migration.fail()`),
      );
      const broken = await withKey('retry');
      assert.ok(broken.status >= 500, broken.text);
      await http.asSuperuser((tx) => tx.script('DROP FUNCTION migration.fail() CASCADE'));
      const done = await withKey('retry');
      assert.equal(done.status, 200, done.text);
      await undo(done.json.migration_id);
    });

    it('is free again after a day, and old keys are deleted', async () => {
      const first = await withKey('old', { dry_run: true });
      await set(`expires_at = now() - interval '1 second', lease_until = now() - interval '1 second'`);
      const later = await withKey('old', { dry_run: true, parameters: 'keep' });
      assert.equal(later.status, 200, later.text);
      assert.notEqual(later.json.plan_hash, first.json.plan_hash);
      assert.equal(
        await valueOf(
          http,
          'SELECT count(*)::int AS value FROM migration.idempotency_keys WHERE expires_at < now() AND tenant_id = $1',
          [http.tenants.mine],
        ),
        0,
      );
      const kept = await valueOf<number>(
        http,
        `SELECT extract(epoch FROM expires_at - created_at)::int AS value FROM migration.idempotency_keys WHERE key = 'old'`,
      );
      assert.equal(kept, 24 * 60 * 60);
    });

    it('of a server that died is taken over when its lease has ended, and not before', async () => {
      const first = await withKey('died', { dry_run: true });
      await set(
        `status = 'running', response_status = NULL, response_headers = NULL, response_body = NULL, lease_until = now() + interval '1 minute' WHERE key = 'died'`,
      );
      refused(await withKey('died', { dry_run: true }), 409, 'IDEMPOTENCY_RUNNING');
      refused(await withKey('died', { dry_run: true, reason: 'other' }), 422, 'IDEMPOTENCY_KEY_REUSED');
      await set(`lease_until = now() - interval '1 second' WHERE key = 'died'`);
      const taken = await withKey('died', { dry_run: true });
      assert.deepEqual([taken.status, taken.headers['idempotency-replayed']], [200, undefined]);
      assert.equal(taken.json.plan_hash, first.json.plan_hash);
    });

    it('keeps the answer of a migration in the transaction of the migration: a crash after the commit loses nothing', async () => {
      // The trigger refuses to close the key in any other transaction, as if the server had died before.
      await http.asSuperuser((tx) =>
        tx.script(`CREATE FUNCTION migration.only_with_work() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            IF NOT EXISTS (SELECT FROM migration.journal j WHERE j.xmin::text = pg_current_xact_id()::text) THEN RAISE EXCEPTION 'the server is dead'; END IF;
            RETURN NEW; END $$;
          CREATE TRIGGER only_with_work BEFORE UPDATE OF status ON migration.idempotency_keys FOR EACH ROW WHEN (NEW.status = 'done') EXECUTE FUNCTION migration.only_with_work()`),
      );
      const refusal = await withKey('lost', { confirm_migration: false });
      refused(refusal, 409, 'CONFIRMATION_REQUIRED');
      refused(await withKey('lost', { confirm_migration: false }), 409, 'IDEMPOTENCY_RUNNING');
      const first = await withKey('safe');
      const again = await withKey('safe');
      assert.equal(again.headers['idempotency-replayed'], 'true');
      assert.deepEqual(
        [again.status, again.text, again.headers['content-type']],
        [200, first.text, first.headers['content-type']],
      );
      await http.asSuperuser((tx) => tx.script('DROP FUNCTION migration.only_with_work() CASCADE'));
      await undo(first.json.migration_id);
    });

    it('that another server has taken over stops the work of the first one: nothing is done twice', async () => {
      const before = await configured(http);
      // The trigger plays the server that takes over while the first one works.
      await http.asSuperuser((tx) =>
        tx.script(`CREATE FUNCTION migration.take_over() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            UPDATE migration.idempotency_keys SET token = '00000000-0000-4000-8000-000000000001' WHERE key = 'slow'; RETURN NEW; END $$;
          CREATE TRIGGER take_over AFTER INSERT ON migration.migrations FOR EACH ROW EXECUTE FUNCTION migration.take_over()`),
      );
      refused(await withKey('slow'), 409, 'IDEMPOTENCY_RUNNING');
      await http.asSuperuser((tx) => tx.script('DROP FUNCTION migration.take_over() CASCADE'));
      assert.equal(
        await valueOf(http, `SELECT status AS value FROM migration.idempotency_keys WHERE key = 'slow'`),
        'running',
      );
      assert.deepEqual(await configured(http), before);
    });
  });

  describe('twenty requests at once', () => {
    let http: HttpPlatform;
    before(async () => {
      http = await httpPlatform(engine);
    });
    after(() => http.close());

    it('with one key do the work once, from two servers, and every answer is the same or "running"', async () => {
      // Another server is another process with the database open; the embedded one has a single process.
      const second =
        engine === 'server'
          ? await buildApp({
              platform: await openPlatform(http.platform.database, { install: false }),
              version: 'test',
            })
          : http.app;
      const ask = async (at: number): Promise<Answer> => {
        const headers = {
          'idempotency-key': 'once',
          authorization: `Bearer ${http.keys.admin}`,
          'content-type': 'application/json',
        };
        const app = at % 2 === 0 ? http.app : second;
        const response = await app.inject({
          method: 'POST',
          url: migratePath(),
          headers,
          payload: JSON.stringify({ to_model_id: target, confirm_migration: true }),
        });
        return {
          status: response.statusCode,
          headers: response.headers,
          text: response.body,
          json: JSON.parse(response.body),
        };
      };
      const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => ask(at)));
      const done = answers.filter(({ status }) => status === 200);
      const running = answers.filter(({ json }) => json.code === 'IDEMPOTENCY_RUNNING');
      assert.equal(
        done.length + running.length,
        20,
        answers.map(({ text }) => text.slice(0, 200)).join('\n'),
      );
      assert.equal(new Set(done.map(({ text }) => text)).size, 1);
      assert.equal(done.filter(({ headers }) => headers['idempotency-replayed'] === undefined).length, 1);
      assert.equal(await valueOf(http, 'SELECT count(*)::int AS value FROM migration.migrations'), 1);
      const late = await ask(0);
      assert.deepEqual([late.status, late.headers['idempotency-replayed']], [200, 'true']);
      if (second !== http.app) await second.close();
    });

    it('with keys of their own: one migrates, and the others are told that it runs or that nothing is left', async () => {
      const [record] = (await http.call('GET', '/api/v1/migrations', { key: http.keys.admin })).json.items;
      await http.call('POST', `/api/v1/migrations/${record.id}/rollback`, { key: http.keys.admin });
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          migrate(http, { confirm_migration: true }, { headers: { 'idempotency-key': `own-${at}` } }),
        ),
      );
      for (const { status, json, text } of answers)
        assert.ok(status === 200 || json.code === 'MIGRATION_RUNNING' || json.code === 'RETRYABLE', text);
      const moved = answers.filter(({ json }) => json.migrated_count > 0);
      assert.equal(moved.length, 1);
      // The answer "it runs" is not kept: the same key gets the outcome later.
      const told = answers.findIndex(({ json }) => json.code === 'MIGRATION_RUNNING');
      if (told >= 0) {
        const later = await migrated(http, {}, { headers: { 'idempotency-key': `own-${told}` } });
        assert.equal(later.migrated_count, 0);
      }
      assert.equal(
        await valueOf(
          http,
          'SELECT count(*)::int AS value FROM migration.assistants WHERE tenant_id = $1 AND completion_model_id = $2',
          [http.tenants.mine, source],
        ),
        0,
      );
    });
  });
});
