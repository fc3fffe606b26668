/**
 * What `doctor --fix` writes clears every finding that has SQL, when the printed lines are pasted; it is never run by Drover, and a folder
 * that holds something else is left alone.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import { parse } from 'libpg-query';
import pg from 'pg';
import type { IsolationReport } from '../../src/engine/isolation/report.ts';
import { mendFiles, mendFileNames } from '../../src/isolation/mends/mend-files.ts';
import { smallDatabase } from '../cases/small-database.ts';
import type { SmallDatabase } from '../cases/small-database.ts';
import { oneEngine } from '../support/databases.ts';
import { own, role, roots, secured } from './probe-schema.ts';

const hostile = 'No;\n"; DROP TABLE orgs; --\'$(touch x)`';
const name = `"${hostile.replaceAll('"', '""')}"`;

/** A key that crosses tenants, one that acts so, a nullable owner, a unique key over all tenants, and an owner that no key ties. */
const schema = `CREATE ROLE ${role}; ${roots}
  CREATE TABLE rooms (id int PRIMARY KEY, org_id int REFERENCES orgs, code text, CONSTRAINT one_code UNIQUE (code)); ${secured('rooms')}
  CREATE POLICY own ON rooms USING (org_id = ${own});
  CREATE TABLE ${name} (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, room_id int REFERENCES rooms ON DELETE CASCADE,
    other_id int REFERENCES rooms); ${secured(name)}
  CREATE POLICY own ON ${name} USING (org_id = ${own});
  CREATE TABLE logs (id int PRIMARY KEY, org_id int NOT NULL); ${secured('logs')}
  CREATE POLICY own ON logs USING (org_id = ${own});
  INSERT INTO orgs VALUES (1, 'Fig'), (2, 'Hazel'); INSERT INTO rooms VALUES (1, 1, 'a'), (2, 2, 'b');
  INSERT INTO ${name} VALUES (1, 1, 1, 1), (2, 2, 2, NULL); INSERT INTO logs VALUES (1, 1);`;

const yaml = `version: 1
database: { session: { role: ${role}, settings: { app.tenant: $tenant } } }
tenant: { root: orgs, column: org_id, global: [kinds] }
`;

/** The statements of a file one by one, as psql sends them. */
async function statementsOf(text: string): Promise<string[]> {
  const bytes = Buffer.from(text);
  const { stmts = [] } = (await parse(text)) as { stmts?: { stmt_location?: number; stmt_len?: number }[] };
  return stmts.map(({ stmt_location: from = 0, stmt_len: size }) =>
    bytes.subarray(from, size === undefined ? bytes.length : from + size).toString(),
  );
}

async function run(address: string, statements: readonly string[]): Promise<void> {
  if (address.startsWith('pglite:')) {
    // The folder of an embedded database holds Drover's lock, too.
    const database = await PGlite.create(join(address.slice('pglite:'.length), 'postgres'));
    for (const sql of statements) await database.exec(sql);
    return database.close();
  }
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  for (const sql of statements) await client.query(sql);
  return client.end();
}

oneEngine((engine) => {
  let small: SmallDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'drover-fix-'));
  before(async () => {
    small = await smallDatabase(engine, schema, yaml);
  });
  after(async () => {
    await small.script(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await small.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Folder and file of each printed line, as a shell hands them to psql. */
  function pasted(lines: readonly string[]): string[] {
    const programs = mkdtempSync(join(folder, 'bin-'));
    const psql = join(programs, 'psql');
    writeFileSync(psql, '#!/bin/sh\nprintf \'%s\\0\' "$@"\n');
    chmodSync(psql, 0o755);
    return lines.map((line) => {
      const said = execFileSync('/bin/sh', ['-c', line], {
        cwd: folder,
        env: { PATH: programs },
        encoding: 'utf8',
      });
      const words = said.split('\0').slice(0, -1);
      assert.deepEqual(words.slice(0, 4), ['-X', '-v', 'ON_ERROR_STOP=1', '-d']);
      assert.equal(new URL(words[4] ?? '').pathname, new URL(small.address).pathname);
      assert.deepEqual([words.length, words[5]], [7, '-f']);
      return words[6] ?? '';
    });
  }

  it('clears every finding that has SQL, by the lines that it prints', async () => {
    const files = join(folder, `it's a "fix" $(id)`);
    const fixed = async (): Promise<[string[], string[]]> => {
      const { stdout, stderr } = await small.run('doctor', '--damage', 'none', '--json', '--fix', files);
      const { findings } = JSON.parse(stdout) as IsolationReport;
      const [, withSql, all] = /Mends: SQL for (\d+) of (\d+) findings/.exec(stderr) ?? [];
      const lines = stderr.split('\n').filter((line) => /^ {2}(psql |.*statement by statement)/.test(line));
      const paths = readdirSync(files).map((file) => join(files, file));
      const named = engine === 'server' ? pasted(lines) : paths.slice(0, lines.length);
      assert.deepEqual(named, paths, 'every file, in order');
      const open = [...stderr.matchAll(/^No SQL for (\d+)/gm)].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
      );
      assert.deepEqual([Number(all), Number(withSql) + open], [findings.length, findings.length]);
      for (const file of named) await run(small.address, await statementsOf(readFileSync(file, 'utf8')));
      // The age of the server that runs the tests is nothing that SQL mends.
      const schemas = findings.filter(({ rule }) => rule !== 'server-cve');
      return [schemas.map(({ fingerprint }) => fingerprint), withSql === '0' ? [] : named];
    };
    const [first] = await fixed();
    const [second] = await fixed();
    // The wider primary key waits for the keys that named the narrow one.
    assert.deepEqual([first.length > 8, second.length, first.includes(second[0] ?? '')], [true, 1, true]);
    assert.deepEqual(await fixed(), [[], []]);
    assert.deepEqual(readdirSync(files), [], 'what an earlier one wrote is no mend any more');
    assert.deepEqual(await small.rows('SELECT count(*) FROM orgs'), [['2']]);
  });

  it('leaves a folder alone that holds anything else', async () => {
    const there = mkdtempSync(join(folder, 'there-'));
    for (const file of ['mine.sql', mendFileNames[1] ?? '']) {
      writeFileSync(join(there, file), 'SELECT 1;');
      const { status, stderr } = await small.run('doctor', '--fix', there);
      assert.equal(status, 1);
      assert.match(stderr, /FILE_EXISTS.*holds/s);
      assert.deepEqual(readdirSync(there), [file]);
      rmSync(join(there, file));
    }
  });
});

it('keeps a name within its comment', () => {
  const at = { kind: 'table', schema: 'public', name: 'a\n; DROP TABLE b; --\u2028x' } as const;
  const step = {
    phase: 'expand',
    what: `mend ${at.name}`,
    sql: ['SELECT 1'],
    transactional: true,
    locks: [],
    scans: false,
  } as const;
  const files = mendFiles([
    { rule: 'rls-off', at, steps: [step], note: at.name },
    { rule: 'rls-off', at, steps: [], note: at.name },
  ]);
  for (const { text } of files)
    for (const line of text.split('\n')) assert.match(line, /^(--.*|BEGIN;|COMMIT;|SELECT 1;|)$/);
  assert.deepEqual(
    files.map(({ name: file, steps }) => [file, steps]),
    [
      ['0-before.sql', 0],
      ['1-expand.sql', 1],
    ],
  );
});
