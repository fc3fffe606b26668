/** The workflow that people copy: its commands, run as they are, pass a sound schema and refuse one that leaks. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { statusOfStep } from '../docs/workflow-steps.ts';
import type { Workflow } from '../docs/workflow-steps.ts';
import { freshServerDatabase } from '../support/databases.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
}

const workflow = parse(readFileSync('examples/github/isolation.yml', 'utf8')) as Workflow & {
  readonly permissions: Readonly<Record<string, string>>;
};
const role = `flow_${process.pid}`;

/** `psql URL … --file FILE`, where none is installed. */
const psql = `#!/bin/sh
exec '${process.execPath}' --input-type=module -e '
  import { readFileSync } from "node:fs";
  import { openDatabase } from "${resolve('src/postgres/driver/connect.ts')}";
  const [url, ...words] = process.argv.slice(1);
  const database = await openDatabase({ url });
  const sql = readFileSync(words.at(-1), "utf8");
  await database.transaction({}, (tx) => tx.script(sql)).finally(() => database.close());
' -- "$@"
`;

const own = `org_id = NULLIF(current_setting('app.org', true), '')::int`;

function migration(condition: string): string {
  return `CREATE TABLE orgs (id int PRIMARY KEY, name text NOT NULL);
    CREATE TABLE rooms (id int GENERATED ALWAYS AS IDENTITY, org_id int NOT NULL REFERENCES orgs, name text NOT NULL,
      PRIMARY KEY (org_id, id));
    ALTER TABLE rooms ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY own ON rooms USING (${condition});
    ALTER TABLE orgs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY own ON orgs USING (${own.replace('org_id', 'id')});
    GRANT SELECT, INSERT, UPDATE, DELETE ON rooms, orgs TO ${role};`;
}

test('the workflow passes a sound schema and refuses one that leaks', async () => {
  const { url, drop } = await freshServerDatabase();
  const cwd = mkdtempSync(join(tmpdir(), 'drover-workflow-'));
  after(async () => {
    await drop();
    rmSync(cwd, { recursive: true, force: true });
  });
  const [job] = Object.values(workflow.jobs);
  const steps = (job?.steps ?? []) as readonly Step[];
  const [lint = '', migrate = '', doctor = '', list = '', ...more] = steps.flatMap(({ run }) => run ?? []);
  assert.deepEqual(more, []);
  const upload = steps.find(({ uses }) => uses?.startsWith('github/codeql-action/upload-sarif@'));
  assert.equal(workflow.permissions['security-events'], 'write');
  assert.ok(job?.env?.['DROVER_DATABASE']?.endsWith('@localhost:5432/postgres'));

  const run = (step: string): Promise<unknown> =>
    statusOfStep(step, { ...job?.env, DROVER_DATABASE: url }, { cwd, programs: { psql } });
  mkdirSync(join(cwd, 'migrations'));
  const write = (name: string, sql: string): void => writeFileSync(join(cwd, 'migrations', name), sql);
  writeFileSync(
    join(cwd, 'drover.config.yaml'),
    `version: 1
database: { session: { settings: { app.org: $tenant } } }
tenant: { root: orgs, column: org_id }
isolation: { roles: [${role}] }
`,
  );
  write('1.sql', `CREATE ROLE ${role}; ${migration(own)}`);
  assert.equal(await run(lint), 0, 'sound files');
  assert.equal(await run(migrate), 0);
  assert.equal(await run(doctor), 0, 'sound');
  write('1.sql', migration(`${own} OR name <> ''`));
  assert.equal(await run(lint), 2, 'a leak in the files');
  write('1.sql', `ALTER POLICY own ON rooms USING (${own} OR name <> '')`);
  assert.equal(await run(migrate), 0);
  assert.equal(await run(doctor), 2, 'a leak');
  // Beside the code: the file that makes what is found.
  write('1.sql', `\n${migration(own)}`);
  assert.equal(await run(list), 0, 'the list refuses nothing');
  const sarif = JSON.parse(readFileSync(join(cwd, upload?.with?.['sarif_file'] ?? ''), 'utf8')) as {
    runs: { results: { ruleId: string; locations: { physicalLocation: object }[] }[] }[];
  };
  const leak = sarif.runs[0]?.results.find(({ ruleId }) => ruleId === 'policy-ignores-tenant');
  assert.deepEqual(leak?.locations[0]?.physicalLocation, {
    artifactLocation: { uri: 'migrations/1.sql' },
    region: { startLine: 6 },
  });
  write('1.sql', `DROP OWNED BY ${role}; DROP ROLE ${role}`);
  assert.equal(await run(migrate), 0);
  write('1.sql', 'not sql');
  assert.notEqual(await run(migrate), 0, 'a migration that fails ends the job');
});
