/**
 * What the doctor says after it ran and counted: leaks with keys and no value, damage by tenants, what was not seen; in every form of a
 * report, whatever a table is called; and the statuses by which a pipeline goes on or stops.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import type { IsolationReport } from '../../src/engine/isolation/report.ts';
import { reportFormats } from '../../src/isolation/formats/format.ts';
import { smallDatabase } from '../cases/small-database.ts';
import type { SmallDatabase } from '../cases/small-database.ts';
import { oneEngine } from '../support/databases.ts';
import { own, role, roots, secured } from './probe-schema.ts';

const schema = `CREATE ROLE ${role}; ${roots}
  INSERT INTO orgs VALUES (1, 'Fig'), (2, 'Hazel');
  CREATE TABLE rooms (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, name text NOT NULL); ${secured('rooms')}
  CREATE POLICY own ON rooms USING (org_id = ${own});
  CREATE TABLE notes (id int PRIMARY KEY, org_id int REFERENCES orgs, room_id int REFERENCES rooms, body text NOT NULL); ${secured('notes')}
  CREATE POLICY own ON notes FOR SELECT USING (org_id = ${own});
  CREATE POLICY change ON notes FOR UPDATE USING (${own} IS NOT NULL);
  CREATE TABLE tags (id int PRIMARY KEY, room_id int NOT NULL REFERENCES rooms, note_id int NOT NULL REFERENCES notes); ${secured('tags')}
  CREATE POLICY own ON tags USING (EXISTS (SELECT FROM rooms r WHERE r.id = room_id));
  CREATE TABLE logs (id int PRIMARY KEY, org_id int NOT NULL, body text); ${secured('logs')}
  CREATE POLICY own ON logs USING (org_id = ${own});
  INSERT INTO rooms VALUES (1, 1, 'a'), (2, 2, 'secret-room');
  INSERT INTO notes VALUES (1, 1, 1, 'fine'), (2, 1, 2, 'secret-note'), (3, NULL, NULL, 'x'), (4, 2, 2, 'fine');
  INSERT INTO tags VALUES (1, 1, 1), (2, 1, 4);
  INSERT INTO logs VALUES (1, 1, 'x'), (2, 77, 'secret-log');`;

const yaml = `version: 1
database: { session: { role: ${role}, settings: { app.tenant: $tenant } } }
tenant: { root: orgs, column: org_id, global: [kinds] }
`;

oneEngine((engine) => {
  describe('a database in which rows have crossed', () => {
    let small: SmallDatabase;
    const folder = mkdtempSync(join(tmpdir(), 'drover-observed-'));
    const file = join(folder, 'baseline.json');
    before(async () => {
      small = await smallDatabase(engine, schema, yaml);
    });
    after(async () => {
      await small.script(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      await small.drop();
      rmSync(folder, { recursive: true, force: true });
    });

    const report = async (...words: string[]): Promise<IsolationReport> => {
      const { stdout, stderr } = await small.run('doctor', '--json', ...words);
      assert.match(stdout, /^\{/, stderr);
      return JSON.parse(stdout) as IsolationReport;
    };

    it('is told by key, count and tenants, and what is right is not told', async () => {
      const { damage } = await report();
      const told = (damage?.found ?? []).map(({ rule, table, by, rows, keys, tenants }) =>
        [
          rule,
          table,
          by,
          rows,
          keys.join(','),
          tenants.map(({ from, to }) => `${from}>${to}`).join(' '),
        ].join(' '),
      );
      assert.deepEqual(told.toSorted(), [
        'rows-cross-tenants public.notes notes_room_id_fkey 1 2 1>2',
        'rows-orphaned public.logs org_id 1 2 77>nobody',
        'rows-two-owners public.tags its ways to an owner 1 2 1>2',
        'rows-without-owner public.notes org_id 1 3 nobody>nobody',
      ]);
      assert.deepEqual(damage?.unseen, []);
      assert.equal((await report('--damage', 'none')).damage, undefined);
    });

    it('shows the leak of a probe and no value of a row, and exits 2', async () => {
      const { stdout, status } = await small.run('doctor', '--probe', 'write', '--yes');
      assert.equal(status, 2);
      assert.match(
        stdout,
        /probe-leak table public\.notes\.\S+\n.*UPDATE of all rows to a constant \(another tenant, row \d+, made for the trial\)/,
      );
      assert.match(stdout, /Damage: 4 rows stand where they must not/);
      assert.doesNotMatch(stdout, /secret/);
    });

    it('exits by severity, by proof and by what is new', async () => {
      const statusOf = async (...words: string[]): Promise<number | null> =>
        (await small.run('doctor', ...words)).status;
      assert.equal(await statusOf('--fail-on', 'never'), 0);
      assert.equal(await statusOf('--fail-on', 'never', '--require-proof'), 2);
      assert.equal(await statusOf('--baseline', file, '--update-baseline', '--fail-on', 'info'), 0);
      const known = await report('--baseline', file);
      assert.equal(known.findings.length, 0);
      assert.ok((known.baselined?.length ?? 0) > 3);
      await small.script(`INSERT INTO notes VALUES (9, 1, 2, 'more');
        CREATE TABLE later (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs);
        GRANT SELECT ON later TO ${role}`);
      const later = await report('--baseline', file);
      assert.deepEqual(
        [...new Set(later.findings.map(({ at }) => at.name))],
        ['later'],
        'more rows are nothing new',
      );
      await small.script(`DROP TABLE later; DELETE FROM tags; DELETE FROM notes WHERE id = 3`);
      const less = await report('--baseline', file);
      const stale = ({ findings }: IsolationReport): string[] =>
        findings.map(({ rule, at }) => `${rule} ${at.part?.split(' ')[0] ?? ''}`).toSorted();
      assert.deepEqual(stale(less), ['baseline-stale rows-two-owners', 'baseline-stale rows-without-owner']);
      // Nobody counted rows: whether they are there still is not known.
      assert.deepEqual(stale(await report('--baseline', file, '--damage', 'none')), []);
      small.configure(`${yaml}isolation: { roles: [${role}], baseline: known.json, failOn: warning }\n`);
      assert.equal(await statusOf('--update-baseline'), 0, 'all of it is known');
      assert.ok(existsSync(join(dirname(small.where[3] ?? ''), 'known.json')), 'beside the configuration');
      await small.script(`CREATE TABLE late (id int PRIMARY KEY); GRANT SELECT ON late TO ${role}`);
      assert.equal(await statusOf(), 2, 'a warning is enough here');
      assert.equal(await statusOf('--fail-on', 'error'), 0, 'the option is stronger');
      small.configure(yaml);
      await small.script('DROP TABLE late');
      assert.match(
        (await small.run('doctor', '--update-baseline')).stderr,
        /needs --baseline FILE, or isolation.baseline/,
      );
      writeFileSync(file, '{"version": 2}');
      const broken = await small.run('doctor', '--baseline', file);
      assert.deepEqual([broken.status, /BASELINE_INVALID/.test(broken.stderr)], [1, true]);
    });

    it('is not counted where the login does not see all rows, and nothing is proven by it', async () => {
      if (engine === 'embedded') return;
      await small.script(`ALTER ROLE ${role} LOGIN PASSWORD 'probed'`);
      const address = new URL(small.address);
      [address.username, address.password] = [role, 'probed'];
      const seen = await report(
        '--database',
        address.href,
        '--config',
        small.where[3] ?? '',
        '--probe',
        'read',
      );
      const tables = new Set(seen.damage?.unseen.map(({ table }) => table));
      assert.deepEqual([...tables].toSorted(), ['public.logs', 'public.notes', 'public.tags']);
      assert.deepEqual(seen.damage?.found, []);
      assert.deepEqual(
        seen.verdicts.filter(({ verdict }) => verdict === 'proven'),
        [],
      );
    });

    it('is written to a file in the form that is asked for', async () => {
      const out = join(folder, 'report.sarif');
      await small.run('doctor', '--format', 'sarif', '--out', out);
      assert.equal((JSON.parse(readFileSync(out, 'utf8')) as { version: string }).version, '2.1.0');
      const refused = await small.run('doctor', '--out', out);
      assert.equal(refused.status, 1);
    });
  });
});

/** Of every kind of name that could break a form. */
const hostile = 'a"b|c<script>%0A::error::\n::error::\u202Ex';

const golden: IsolationReport = {
  version: 1,
  server: 150_018,
  engine: 'server',
  database: hostile,
  login: 'postgres',
  ownership: 'declared',
  applicationRoles: [hostile],
  rolesFrom: 'configuration',
  trusted: [],
  tables: { owned: 1, global: 0, unknown: 0 },
  rules: [
    { rule: 'rls-off', state: 'judged' },
    { rule: 'role-exempt', state: 'skipped', reason: hostile },
  ],
  notRead: [],
  findings: [
    {
      rule: 'rls-off',
      severity: 'error',
      at: { kind: 'table', schema: 'public', name: hostile },
      message: `${hostile} lies open.`,
      ownership: 'declared',
      reachedBy: [hostile],
      also: [],
      fingerprint: 'f'.repeat(32),
    },
  ],
  ignored: [],
  verdicts: [
    {
      table: 'public.rooms',
      command: 'select',
      role: hostile,
      verdict: 'proven',
      reason: 'every way was tried',
    },
    { table: 'public.rooms', command: 'update', role: hostile, verdict: 'unverified', reason: hostile },
    { table: 'public.rooms', command: 'delete', role: hostile, verdict: 'leak', reason: hostile },
  ],
};

function inForm(name: string): string {
  return reportFormats[name]?.({ report: golden, version: '1.0.0' }) ?? '';
}

test('no name breaks a form of the report', () => {
  assert.deepEqual(JSON.parse(inForm('json')), golden);
  const github = inForm('github').trimEnd().split('\n');
  assert.equal(github.length, 2, 'a line for each finding, and one for the rest');
  for (const line of github) assert.match(line, /^::(error|notice) title=[^,:]*::[^\r\n]*$/);
  const junit = inForm('junit');
  assert.doesNotMatch(junit, /<script>|\0/);
  assert.equal(junit.match(/<testcase /g)?.length, 5);
  assert.equal(junit.match(/<failure /g)?.length, 2);
  assert.equal(junit.match(/<skipped /g)?.length, 2, 'what is skipped or unverified has not passed');
  const html = inForm('html');
  assert.doesNotMatch(html, /<script|\u202E|https?:|src=|href=|url\(|@import/);
  assert.equal(
    html.match(/<tr>/g)?.length,
    8,
    'a finding, three uses, a rule that was skipped, and three heads',
  );
  const markdown = inForm('markdown');
  assert.doesNotMatch(markdown, /[^\\]<script|[^\\]\|c|\u202E/);
  assert.equal(markdown.split('\n').filter((line) => line.startsWith('| error')).length, 1);
});

test('SARIF has what code scanning demands', () => {
  const log = JSON.parse(inForm('sarif')) as {
    version: string;
    runs: {
      tool: {
        driver: {
          name: string;
          rules: { id: string; shortDescription: { text: string }; help: { text: string } }[];
        };
      };
      results: {
        ruleId: string;
        ruleIndex: number;
        message: { text: string };
        locations: object[];
        partialFingerprints: object;
      }[];
    }[];
  };
  const [run] = log.runs;
  assert.equal(log.version, '2.1.0');
  const { rules } = run?.tool.driver ?? { rules: [] };
  for (const rule of rules) assert.ok(rule.shortDescription.text !== '' && rule.help.text.includes(rule.id));
  for (const { ruleId, ruleIndex, locations, partialFingerprints } of run?.results ?? []) {
    assert.equal(rules[ruleIndex]?.id, ruleId);
    assert.equal(locations.length, 1);
    assert.deepEqual(Object.values(partialFingerprints), ['f'.repeat(32)]);
  }
  assert.equal(run?.results.length, 1);
});
