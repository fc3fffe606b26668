/** Each statement rule is planted once, beside the same in a sound form; what cannot run is judged by its syntax, and says so. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, test } from 'node:test';
import { parse } from 'libpg-query';
import { lintFormats } from '../../src/isolation/lint/formats.ts';
import { lintMigrations } from '../../src/isolation/lint/lint.ts';
import type { LintReport } from '../../src/isolation/lint/finding.ts';
import { readMigration } from '../../src/isolation/lint/statements.ts';
import { isolationScript } from '../../src/isolation/policies.ts';
import { manifest } from '../../src/platform/manifest.ts';
import { fillTemplate, readMigrationFiles } from '../../src/postgres/schema/migration-files.ts';
import { droverHere } from '../cli/drover-here.ts';

const scratch = mkdtempSync(join(tmpdir(), 'drover-lint-test-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const own = `org_id = NULLIF(current_setting('app.org', true), '')::uuid`;
const secured = (table: string, condition = own): string =>
  `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
   CREATE POLICY own ON ${table} TO shop_app USING (${condition}) WITH CHECK (${condition});
   GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO shop_app;`;
const base = `CREATE TABLE orgs (id uuid PRIMARY KEY, name text NOT NULL);
${secured('orgs', own.replace('org_id', 'id'))}
CREATE TABLE rooms (org_id uuid NOT NULL REFERENCES orgs, id uuid DEFAULT gen_random_uuid(), code text, PRIMARY KEY (org_id, id));
${secured('rooms')}`;

const config = `version: 1
database: { session: { role: shop_app, settings: { app.org: $tenant } } }
tenant: { root: orgs, column: org_id, global: [kinds] }
`;

const tenancy = {
  root: 'public.orgs',
  column: 'org_id',
  global: ['public.kinds'],
  roles: ['shop_app'],
  context: ['app.org'],
  schema: 'public',
};

/** What a statement is, whether it is one of the files or of the base, and what is said of it; the twin says nothing. */
const plants: readonly (readonly [rule: string, fault: string, twin: string])[] = [
  [
    'rls-off',
    `CREATE TABLE notes (org_id uuid NOT NULL REFERENCES orgs, id uuid, PRIMARY KEY (org_id, id));`,
    `CREATE TABLE notes (org_id uuid NOT NULL REFERENCES orgs, id uuid, PRIMARY KEY (org_id, id)); ${secured('notes')}`,
  ],
  [
    'ownership-unknown',
    `CREATE TABLE notes (id uuid PRIMARY KEY); GRANT SELECT ON notes TO shop_app;`,
    `CREATE TABLE kinds (id uuid PRIMARY KEY); GRANT SELECT ON kinds TO shop_app;`,
  ],
  [
    'key-crosses-tenants',
    `ALTER TABLE rooms ADD UNIQUE (id); CREATE INDEX ON rooms (id);
     CREATE TABLE seats (org_id uuid NOT NULL REFERENCES orgs, id uuid, room_id uuid REFERENCES rooms (id), PRIMARY KEY (org_id, id));
     CREATE INDEX ON seats (room_id); ${secured('seats')}`,
    `CREATE TABLE seats (org_id uuid NOT NULL REFERENCES orgs, id uuid, room_id uuid, PRIMARY KEY (org_id, id),
       FOREIGN KEY (org_id, room_id) REFERENCES rooms);
     CREATE INDEX ON seats (org_id, room_id); ${secured('seats')}`,
  ],
  [
    'unique-across-tenants',
    `CREATE UNIQUE INDEX CONCURRENTLY rooms_code ON rooms (code);`,
    `CREATE UNIQUE INDEX CONCURRENTLY rooms_code ON rooms (org_id, code);`,
  ],
  [
    'column-in-use',
    `ALTER TABLE rooms RENAME COLUMN org_id TO tenant;`,
    `ALTER TABLE rooms RENAME COLUMN code TO number;`,
  ],
  [
    'view-exempt-owner',
    `CREATE VIEW listed AS SELECT * FROM rooms; GRANT SELECT ON listed TO shop_app;`,
    `CREATE VIEW listed WITH (security_invoker) AS SELECT * FROM rooms; GRANT SELECT ON listed TO shop_app;`,
  ],
  [
    'definer-function-open',
    `CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
       AS $$ SELECT count(*) FROM public.rooms $$;`,
    `CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM public.rooms $$;`,
  ],
  ['grant-widens', `GRANT ALL ON rooms TO shop_app;`, `GRANT SELECT, UPDATE ON rooms TO shop_app;`],
  ['grant-widens', `GRANT CREATE ON SCHEMA public TO PUBLIC;`, `GRANT USAGE ON SCHEMA public TO PUBLIC;`],
  ['grant-widens', `GRANT helpers TO shop_app;`, `GRANT shop_app TO helpers;`],
  ['grant-widens', `ALTER ROLE shop_app BYPASSRLS;`, `ALTER ROLE shop_app NOBYPASSRLS;`],
  [
    'enum-column',
    `CREATE TYPE mood AS ENUM ('low', 'high'); ALTER TABLE rooms ADD COLUMN mood mood;`,
    `ALTER TABLE rooms ADD COLUMN mood text CHECK (mood IN ('low', 'high'));`,
  ],
  [
    'rows-without-context',
    `UPDATE rooms SET code = upper(code);`,
    `SET LOCAL row_security = off; UPDATE rooms SET code = upper(code);`,
  ],
  [
    'lock-on-large-table',
    `ALTER TABLE rooms ALTER COLUMN code SET NOT NULL;`,
    `ALTER TABLE rooms ADD CONSTRAINT filled CHECK (code IS NOT NULL) NOT VALID;`,
  ],
  [
    'lock-on-large-table',
    `ALTER TABLE rooms ADD COLUMN stamp timestamptz DEFAULT clock_timestamp();`,
    `ALTER TABLE rooms ADD COLUMN stamp timestamptz DEFAULT now();`,
  ],
];

async function bySyntax(sql: string): Promise<LintReport> {
  const before = await readMigration({ file: 'base.sql', text: base });
  return lintMigrations({
    base: before.statements,
    migrations: [await readMigration({ file: '1.sql', text: sql })],
    tenancy,
    rows: new Map([['public.rooms', 2_000_000]]),
    ran: { file: '1.sql', line: 1, reason: 'not tried' },
  });
}

interface Linted {
  readonly status: number | null;
  readonly report: LintReport;
  readonly folder: string;
}

/** Runs the command on a folder of these files. */
async function run(files: Readonly<Record<string, string>>, ...words: string[]): Promise<Linted> {
  const folder = mkdtempSync(join(scratch, 'files-'));
  mkdirSync(join(folder, 'm', 'later'), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, 'm', file), text);
  writeFileSync(join(folder, 'drover.config.yaml'), config);
  writeFileSync(join(folder, 'base.sql'), base);
  const place = { env: { DROVER_CONFIG: join(folder, 'drover.config.yaml') } };
  const { status, stdout, stderr } = await droverHere(['lint', join(folder, 'm'), '--json', ...words], place);
  assert.ok(stdout.startsWith('{'), stderr);
  return { status, report: JSON.parse(stdout) as LintReport, folder };
}

describe('by syntax', () => {
  for (const [rule, fault, twin] of plants)
    it(`${rule}: ${fault.slice(0, 60)}`, async () => {
      const rules = async (sql: string): Promise<string[]> => {
        await parse(sql);
        return [...new Set((await bySyntax(sql)).findings.map((each) => each.rule))];
      };
      assert.ok((await rules(fault)).includes(rule), String(await rules(fault)));
      assert.deepEqual(await rules(twin), []);
    });
});

describe('on a scratch database', () => {
  const told = ({ findings }: LintReport): string[] =>
    findings.map(({ file, line, rule, at }) => `${file}:${line} ${rule} ${at}`);

  it('says nothing of what is sound, whoever protects it', async () => {
    const { status, report } = await run({
      '1.sql': base,
      '2.sql': `CREATE TABLE seats (org_id uuid NOT NULL REFERENCES orgs, id uuid, PRIMARY KEY (org_id, id));
        DO $$ BEGIN
          EXECUTE 'ALTER TABLE seats ENABLE ROW LEVEL SECURITY'; EXECUTE 'ALTER TABLE seats FORCE ROW LEVEL SECURITY';
          EXECUTE 'CREATE POLICY own ON seats USING (${own.replaceAll("'", "''")})';
        END $$;
        BEGIN; CREATE INDEX CONCURRENTLY seats_id ON seats (org_id, id) WHERE id IS NOT NULL; COMMIT;`,
      '3.down.sql': 'DROP TABLE rooms;',
    });
    assert.deepEqual([status, report.judged, report.files, told(report)], [0, true, 2, []]);
  });

  it('tells each fault of the files, and none of the base, at the statement that makes it', async () => {
    const { status, report, folder } = await run(
      {
        '1.sql': `-- the first line
ALTER TABLE rooms ADD COLUMN mood text;

CREATE TABLE seats (org_id uuid NOT NULL REFERENCES orgs, id uuid, PRIMARY KEY (org_id, id));
GRANT SELECT ON seats TO shop_app;
-- drover: ignore whole-table-grant the load of the archive, until it has its own role
GRANT TRUNCATE ON rooms TO shop_app;`,
        'later/2.sql': `${secured('seats', 'true')}
CREATE VIEW listed AS SELECT * FROM rooms;
GRANT SELECT ON listed TO shop_app;`,
      },
      '--base',
      await leaky(),
    );
    assert.deepEqual(told(report), [
      '1.sql:4 rls-off public.seats',
      'later/2.sql:2 policy-always-true public.seats.own',
      'later/2.sql:4 view-exempt-owner public.listed',
    ]);
    assert.deepEqual(
      report.ignored.map(({ file, line, rule, ignored }) => `${file}:${line} ${rule}: ${ignored}`),
      ['1.sql:7 whole-table-grant: the load of the archive, until it has its own role'],
    );
    assert.deepEqual([status, report.judged], [2, true]);
    const input = { report, version: '1', folder: join(folder, 'm') };
    const { runs } = JSON.parse(lintFormats['sarif']?.(input) ?? '');
    assert.deepEqual(
      [runs[0].results.length, runs[0].results[0].locations[0].physicalLocation.region.startLine],
      [4, 4],
    );
    assert.match(
      lintFormats['github']?.(input) ?? '',
      /^::error file=.*m\/1\.sql,line=4,title=rls-off public\.seats::/m,
    );
  });

  it('judges by syntax what does not run there, and says so', async () => {
    const { status, report } = await run({
      '1.sql': base,
      '2.sql': `CREATE TABLE seats (org_id uuid NOT NULL REFERENCES orgs, id uuid, PRIMARY KEY (org_id, id));
CREATE EXTENSION nobody_has_it;`,
    });
    assert.deepEqual([status, report.judged, told(report)], [2, false, ['2.sql:1 rls-off public.seats']]);
    assert.deepEqual([report.notRun?.file, report.notRun?.line], ['2.sql', 2]);
    assert.match(report.notRun?.reason ?? '', /nobody_has_it/);
    const broken = await run({ '1.sql': base, '2.sql': 'CREATE TABLE; nonsense' });
    assert.deepEqual(
      [broken.report.judged, broken.report.notRead.map(({ file }) => file)],
      [false, ['2.sql']],
    );
  });

  it('passes Drover’s own migrations, whose policies are generated', async () => {
    const files = readMigrationFiles('platform').map(({ template }) => template);
    const generated = isolationScript(manifest, 'postgresql');
    const text = ['CREATE SCHEMA {{schema}};', ...files, generated]
      .map((template) => fillTemplate(template, 'migration', 'platform'))
      .join('\n;\n');
    const { status, report } = await run({ '1.sql': text }, '--config', 'src/platform/drover.config.yaml');
    assert.deepEqual([status, report.notRead, report.notRun], [0, [], undefined]);
  });

  /** A base that is open already. */
  async function leaky(): Promise<string> {
    const file = join(scratch, 'leaky.sql');
    writeFileSync(
      file,
      `\\restrict abc\n${base}\nALTER TABLE orgs NO FORCE ROW LEVEL SECURITY; GRANT TRUNCATE ON orgs TO shop_app;`,
    );
    return Promise.resolve(file);
  }
});

test('an ignore says why, and a folder has SQL', async () => {
  await assert.rejects(
    readMigration({ file: '1.sql', text: '-- drover: ignore rls-off\nSELECT 1' }),
    /ignore RULE reason/,
  );
  const { status, stderr } = await droverHere(['lint', join(scratch, 'nothing')], {
    env: { DROVER_CONFIG: join(scratch, 'none.yaml') },
  });
  assert.deepEqual([status, /No configuration says/.test(stderr)], [1, true]);
});
