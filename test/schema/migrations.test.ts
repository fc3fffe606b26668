/** Migrations stay distributable by tenant and harmless to a running system; each rule is tried on a planted fault. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fillTemplate, readMigrationFiles } from '../../src/postgres/schema/migration-files.ts';
import { lintMigration } from '../support/migration-lint.ts';

describe('each migration', () => {
  for (const file of readMigrationFiles('platform')) {
    it(`${file.name} follows the rules in every variant it is for`, async () => {
      for (const variant of file.variants) {
        const text = fillTemplate(file.template, 'migration', variant);
        assert.deepEqual(await lintMigration(text, 'migration'), []);
        assert.doesNotMatch(text, /\{\{/);
      }
    });
  }

  it('of the state variant alone may have a function, because nobody distributes it, and nothing else', async () => {
    const fences = readMigrationFiles('state').filter((file) => !file.variants.includes('platform'));
    const checked = await Promise.all(
      fences.map(({ template }) => lintMigration(fillTemplate(template, 'drover', 'state'), 'drover')),
    );
    const problems = new Set(checked.flat());
    assert.deepEqual([...problems], ['CreateFunctionStmt has no place in a migration']);
  });

  it('of the state variant has no role, grant or policy', () => {
    const files = readMigrationFiles('state');
    assert.deepEqual(
      files.map(({ name }) => name),
      [
        '0001_state.sql',
        '0007_fences.sql',
        '0009_runs.sql',
        '0016_completion.sql',
        '0017_fences_of_documents.sql',
        '0020_under_way.sql',
        '0022_aliases.sql',
        '0023_set_aside.sql',
        '0024_conversions.sql',
        '0025_assessments.sql',
      ],
    );
    for (const { template } of files) assert.doesNotMatch(template, /\b(ROLE|GRANT|POLICY|ROW LEVEL)\b/);
  });
});

const start = `SET LOCAL lock_timeout = '5s';`;
const table = (columns: string): string => `${start} CREATE TABLE s.t (${columns});`;

const faults: Record<string, [text: string, says: RegExp]> = {
  'no lock timeout': ['SELECT 1', /lock_timeout/],
  'a lock timeout for the session': [`SET lock_timeout = '5s'; CREATE TABLE s.t (a int)`, /lock_timeout/],
  'an enum': [`${start} CREATE TYPE s.e AS ENUM ('a')`, /CreateEnumStmt/],
  'a trigger': [`${start} CREATE TRIGGER g BEFORE UPDATE ON s.t EXECUTE FUNCTION f()`, /CreateTrigStmt/],
  'a function': [`${start} CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`, /CreateFunctionStmt/],
  'a block of code': [`${start} DO 'BEGIN END'`, /DoStmt/],
  'a transaction of its own': [`${start} COMMIT`, /TransactionStmt/],
  'a table dropped': [`${start} DROP TABLE s.t`, /DropStmt/],
  'a table without schema': [`${start} CREATE TABLE t (a int)`, /not written with the schema/],
  'a reference without schema': [
    table('tenant_id int, CONSTRAINT f FOREIGN KEY (tenant_id) REFERENCES o (id)'),
    /not written with the schema/,
  ],
  'a primary key without tenant': [
    table('id uuid, CONSTRAINT k PRIMARY KEY (id)'),
    /k is not led by tenant_id/,
  ],
  'a unique key without tenant': [table('id uuid, CONSTRAINT k UNIQUE (id)'), /k is not led by tenant_id/],
  'a foreign key without tenant': [
    table('id uuid, CONSTRAINT f FOREIGN KEY (id) REFERENCES s.o (id)'),
    /f is not led by tenant_id/,
  ],
  'a cascade on update': [
    table('tenant_id int, CONSTRAINT f FOREIGN KEY (tenant_id) REFERENCES s.o (id) ON UPDATE CASCADE'),
    /f acts on update/,
  ],
  'a delete that sets null': [
    table('tenant_id int, CONSTRAINT f FOREIGN KEY (tenant_id) REFERENCES s.o (id) ON DELETE SET NULL'),
    /f acts on delete/,
  ],
  'a deferrable key': [
    table('tenant_id int, CONSTRAINT f FOREIGN KEY (tenant_id) REFERENCES s.o (id) DEFERRABLE'),
    /f can be deferred/,
  ],
  'a time without zone': [table('at timestamp'), /at is of type timestamp/],
  'a sequence': [table('n serial'), /n is of type serial/],
  'a constraint without a name': [table('n int CHECK (n > 0)'), /without a name/],
  'a long name': [table(`${'n'.repeat(64)} int`), /longer than 63 bytes/],
  'an index on a table in use': [`${start} CREATE INDEX i ON s.t (tenant_id)`, /an index on t/],
  'a constraint on a table in use': [
    `${start} ALTER TABLE s.t ADD CONSTRAINT c CHECK (a > 0)`,
    /NOT VALID at first/,
  ],
  'a volatile function in an update': [
    `${start} UPDATE s.t SET id = gen_random_uuid()`,
    /gen_random_uuid\(\) in an UPDATE/,
  ],
};

describe('the rules refuse', () => {
  for (const [name, [text, says]] of Object.entries(faults)) {
    it(name, async () => {
      const problems = await lintMigration(text, 's');
      assert.ok(
        problems.some((problem) => says.test(problem)),
        problems.join('; '),
      );
    });
  }

  it('nothing in a file without fault', async () => {
    const text = `${table('tenant_id uuid, id uuid, at timestamptz, CONSTRAINT k PRIMARY KEY (tenant_id, id)')} CREATE INDEX i ON s.t (tenant_id, at);`;
    assert.deepEqual(await lintMigration(text, 's'), []);
  });
});
