/** The commands of a re-key, from the plan to the rollback, as somebody uses them on a database of their own. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const schema = `
  CREATE TABLE shops (id text PRIMARY KEY, name text);
  CREATE TABLE printers (id text PRIMARY KEY, shop_id text NOT NULL REFERENCES shops, name text);
  CREATE TABLE jobs (id int PRIMARY KEY, printer_id text REFERENCES printers, state text);
  CREATE INDEX ON jobs (printer_id);
  CREATE TABLE hooks (id int PRIMARY KEY, shop_id text REFERENCES shops, url text);
  INSERT INTO shops VALUES ('s1', 'Oslo'), ('s2', 'Bergen');
  INSERT INTO printers VALUES ('0f3a0f3a0f3a0f3a0f3a0f3a0f3a0f3a', 's1', 'Kitchen'), ('0f3b0f3b0f3b0f3b0f3b0f3b0f3b0f3b', 's2', 'Kitchen');
  INSERT INTO jobs VALUES (1, '0f3a0f3a0f3a0f3a0f3a0f3a0f3a0f3a', 'done'), (2, '0f3a0f3a0f3a0f3a0f3a0f3a0f3a0f3a', 'queued'), (3, '0f3b0f3b0f3b0f3b0f3b0f3b0f3b0f3b', 'done');
  INSERT INTO hooks VALUES (1, 's1', 'https://x.test/printers/0f3a0f3a-0f3a-0f3a-0f3a-0f3a0f3a0f3a?on=1');`;

const yaml = `
version: 1
tenant: { root: shops, display: name }
rows:
  - table: printers
    natural: [name]
    outside: [labels on the machines]
`;

const to = '8c1d8c1d8c1d8c1d8c1d8c1d8c1d8c1d';
const words = ['--table', 'printers', '--from', 'Kitchen', '--to', to, '--tenant', 'Oslo'];

oneEngine((engine) => {
  describe('a row of one tenant', () => {
    let at: SmallDatabase;
    before(async () => {
      at = await smallDatabase(engine, schema, yaml);
    });
    after(() => at.drop());

    test('is planned, refused, declared, applied, listed, and given its key back', async () => {
      for (const empty of ['--to=', '--from= ']) {
        const nothing = await at.run('rekey', 'apply', ...words, empty, '--yes', '--json');
        assert.match(nothing.stderr + nothing.stdout, /USAGE_INVALID|None of them is empty/, empty);
        assert.equal(nothing.status, 1);
      }
      const open = await at.run('rekey', 'plan', ...words);
      assert.equal(open.status, 1, open.stdout + open.stderr);
      assert.match(open.stdout.replaceAll(/\s+/g, ' '), /hooks\.url.*written in a way|UNACCOUNTED|ASK_OPEN/);
      at.configure(`${yaml}    names: [{ at: hooks.url, as: "/printers/{key}", within: token }]\n`);
      const file = `${process.env['TMPDIR'] ?? '/tmp'}/drover-rekey-${process.pid}.json`;
      const plan = await at.run('rekey', 'plan', ...words, '--sql', '--out', file);
      assert.equal(plan.status, 2, plan.stdout + plan.stderr);
      const shown = plan.stdout.replaceAll(/\s+/g, ' ');
      assert.match(shown, /rekey: id 0f3a\w+ becomes 8c1d\w+; with it 2 of public\.jobs \(printer_id\)/);
      assert.match(shown, /KEY_OUTSIDE: Out of reach, and to be changed by hand: labels on the machines/);
      assert.match(shown, /UPDATE ONLY "public"\."printers" t SET .*\(UPDATE ONLY "public"\."jobs" t SET/);
      const online = await at.run('apply', file, '--yes', '--online');
      assert.match(online.stderr, /one transaction, with all that names it: leave out --online/);
      const applied = await at.run('apply', file, '--yes', '--json');
      assert.equal(applied.status, 0, applied.stdout + applied.stderr);
      const { migrationId } = JSON.parse(applied.stdout) as { migrationId: string };
      const everything = `SELECT id FROM printers UNION ALL SELECT printer_id FROM jobs UNION ALL SELECT url FROM hooks ORDER BY 1`;
      assert.deepEqual((await at.rows(everything)).flat(), [
        '0f3b0f3b0f3b0f3b0f3b0f3b0f3b0f3b',
        '0f3b0f3b0f3b0f3b0f3b0f3b0f3b0f3b',
        to,
        to,
        to,
        'https://x.test/printers/8c1d8c1d-8c1d-8c1d-8c1d-8c1d8c1d8c1d?on=1',
      ]);
      const again = await at.run('rekey', 'apply', ...words, '--yes');
      assert.deepEqual([again.status, /already/.test(again.stderr)], [1, true], again.stderr);
      const aliases = await at.run('aliases', '--table', 'printers', '--csv');
      assert.match(
        aliases.stdout,
        /^tenant,table,from,to,since\r\ns1,public\.printers,0f3a\w+,8c1d\w+,2\d{3}-/,
      );
      const history = await at.run('history', migrationId);
      assert.match(history.stdout, /Re-key .*succeeded, complete/);
      const back = await at.run('rollback', migrationId, '--yes');
      assert.equal(back.status, 0, back.stdout + back.stderr);
      assert.match(JSON.stringify(await at.rows(everything)), /0f3a0f3a-0f3a-0f3a-0f3a-0f3a0f3a0f3a/);
      assert.doesNotMatch(JSON.stringify(await at.rows(everything)), /8c1d/);
    });

    test(
      'is changed by a login that has what `drover grants` prints, and nothing else',
      { skip: engine === 'embedded' && 'no logins' },
      async () => {
        const login = `rekeys_${process.pid}`;
        await at.script(`CREATE ROLE ${login} LOGIN`);
        try {
          const { stdout } = await at.run('grants', '--login', login, '--json');
          const { grants } = JSON.parse(stdout) as { grants: { sql: string; held: boolean }[] };
          assert.ok(
            grants.some(({ sql }) => sql.startsWith('GRANT UPDATE ON "public"."jobs" TO')),
            stdout,
          );
          for (const { sql, held } of grants) if (!held) await at.script(sql);
          const url = new URL(at.address);
          url.username = login;
          const as = [...words, '--database', url.href, '--actor', 'tester'];
          const applied = await at.run(
            'rekey',
            'apply',
            ...as.map((word) => (word === to ? to.replace('8', '9') : word)),
            '--yes',
            '--json',
          );
          assert.equal(applied.status, 0, applied.stderr);
          const { migrationId } = JSON.parse(applied.stdout) as { migrationId: string };
          const back = await at.run(
            'rollback',
            migrationId,
            '--yes',
            '--database',
            url.href,
            '--actor',
            'tester',
          );
          assert.equal(back.status, 0, back.stderr);
        } finally {
          await at.script(`DROP OWNED BY ${login}; DROP ROLE ${login}`);
        }
      },
    );

    test('is the only thing that a configuration without models is for', async () => {
      const move = await at.run('plan', '--from', 'gpt-4o', '--to', 'o1', '--tenant', 'Oslo');
      assert.match(move.stderr, /KIND_UNKNOWN|says nothing of models/);
      const check = await at.run('config', 'check');
      assert.equal(check.status, 0, check.stderr);
      at.configure(yaml.replace('[name]', '[nam]'));
      const wrong = await at.run('config', 'check');
      assert.match(wrong.stderr, /:6:15 rows\[0\]\.natural\[0\]: printers has no column nam/);
      assert.match(
        (await at.run('rekey', 'plan', '--table', 'printers')).stderr,
        /--table TABLE --from KEY --to KEY/,
      );
    });
  });
});
