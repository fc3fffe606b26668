/** Whatever a configuration says in SQL or by types, `config check` has the database read it, and says where it cannot be read and why. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { Outcome } from '../cli/drover-process.ts';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
  CREATE TYPE effort AS ENUM ('low', 'high');
  CREATE TABLE orgs (id int PRIMARY KEY, name text NOT NULL, closed boolean);
  CREATE TABLE vendors (code text PRIMARY KEY, title text);
  CREATE TABLE models (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, name text NOT NULL, vendor_id int, window_size text,
    gone_at timestamptz, next_id uuid);
  CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text, effort effort, status text, at date);
  CREATE TABLE notes (id int PRIMARY KEY, model text, bot text);
  INSERT INTO orgs VALUES (1, 'Elm', false);
  INSERT INTO models VALUES (1, 1, 'a'), (2, 1, 'b');
  INSERT INTO bots VALUES (1, 1, 'a', 'low', 'draft', '2025-01-01');
`;

const wrong = `version: 1
model:
  tables:
    - table: models
      columns: { name: name, provider: vendor_id }
      enabled: is_on
      facts: { context: window_size }
      providers: { table: vendors, column: code, name: title, usable: credits > 0 }
      retire: { gone_at: "$now", next_id: "$target" }
tenant:
  root: orgs
  key: id
  display: name
  column: org_id
  suspended: "name"
  links:
    notes: bot -> bots.id where state = 'x'
places:
  - at: bots.model
    live: no_such_column = 'draft'
    ask: { via: org_id, where: shut }
    guard: at > 'soon'
    companions: { effort: { map: { high: medium } } }
  - at: notes.model
    allowed: { in: models, match: { org_id: model }, value: name }
  - at: bots.status
    role: grant
    allowed: { where: "$target = ANY (list)" }
dead:
  bots: gone IS NOT NULL
`;

const right = `version: 1
model:
  tables:
    - table: models
      columns: { name: name }
      enabled: gone_at IS NULL
      retire: { gone_at: "$now" }
tenant:
  root: orgs
  key: id
  display: name
  column: org_id
  suspended: closed
  links:
    notes: id -> bots.id where status = 'open; waiting'
places:
  - at: bots.model
    live: status = 'draft'
    ask: { via: org_id, where: closed }
    guard: at > '2026-01-01'
    companions: { effort: { map: { high: low } } }
  - at: notes.model
    allowed: { in: models, match: { name: model }, value: name }
  - at: bots.status
    role: grant
    allowed: { where: "$target <> status" }
dead:
  bots: at IS NOT NULL
`;

oneEngine((engine) => {
  let database: SmallDatabase;

  before(async () => {
    database = await smallDatabase(engine, script);
  });
  after(() => database.drop());

  const said: readonly [line: number, about: RegExp][] = [
    [6, /tables\[0\]\.enabled: the database cannot read "is_on": column "is_on" does not exist; it is SQL over a row of models, which has id, org_id, name/],
    [7, /facts\.context: models\.window_size is of type text, and context is a number: name a column of that type/],
    [8, /providers\.column: vendors\.code is of type text, and models\.vendor_id of type integer: .*; write the column of vendors/],
    [8, /providers\.usable: the database cannot read "credits > 0": column "credits" does not exist; it is SQL over a row of vendors/],
    [9, /retire\.next_id: \$target cannot be written to models\.next_id, which is of type uuid/],
    [15, /suspended: the database cannot read "name": argument of WHERE must be type boolean, not type text/],
    [17, /links\.notes: the database cannot read "state = 'x'": column "state" does not exist.*; it is SQL over a row of bots/],
    [20, /\[0\]\.live: the database cannot read "no_such_column = 'draft'": column "no_such_column" does not exist/],
    [21, /\[0\]\.ask\.where: the database cannot read "shut": column "shut" does not exist.*; it is SQL over a row of orgs/],
    [22, /\[0\]\.guard: the database cannot read "at > 'soon'": invalid input syntax for type date/],
    [23, /map\.high: "medium" cannot stand in bots\.effort, which is of type public\.effort: invalid input value/],
    [25, /allowed\.match\.org_id: models\.org_id cannot be compared with notes\.model: operator does not exist/],
    [28, /allowed\.where: the database cannot read "\$target = ANY \(list\)": column "list" does not exist/],
    [30, /dead\.bots: the database cannot read "gone IS NOT NULL": column "gone" does not exist/],
  ]; // prettier-ignore

  it('what cannot be read is told all at once, in the order of the file', async () => {
    database.configure(wrong);
    const { status, stderr } = await database.run('config', 'check');
    assert.equal(status, 1);
    const lines = stderr.trim().split('\n').slice(1);
    assert.equal(lines.length, said.length, stderr);
    for (const [at, [line, about]] of said.entries()) {
      assert.match(lines[at] ?? '', about);
      assert.match(lines[at] ?? '', new RegExp(`drover\\.config\\.yaml:${line}:`));
    }
  });

  it('a plan says the same, and not what the database says in the middle', async () => {
    database.configure(wrong);
    const { status, stderr } = await database.run('plan', '--tenant', '1', '--from', 'a', '--to', 'b');
    assert.equal(status, 1);
    assert.match(stderr, /^CONFIG_MISMATCH: .*\n.*yaml:6:/);
  });

  it('a superuser takes what may do more than read only from a configuration that is trusted', async () => {
    await database.script(
      `CREATE FUNCTION "Spy"(orgs) RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT true'`,
    );
    const check = (suspended: string, ...words: string[]): Promise<Outcome> => {
      database.configure(right.replace('suspended: closed', `suspended: ${JSON.stringify(suspended)}`));
      return database.run('config', 'check', ...words);
    };
    for (const text of [
      'closed OR pg_sleep(0) IS NULL',
      'closed OR pg_catalog."pg_sleep" (0) IS NULL',
      'closed OR pg_sleep/* there /* and */ here */(0) IS NULL',
      "name = E'\\'' OR query_to_xml('SELECT 1', true, true, '') IS NULL",
      'closed OR t."Spy"',
      String.raw`closed OR U&"pg_sl\0065ep"(0) IS NULL`,
    ]) {
      const { status, stderr } = await check(text);
      assert.equal(status, 1, text);
      assert.match(stderr, /suspended: .* is VOLATILE .* superuser: .*--trust-config/, text);
    }
    const trusted = await check('closed OR pg_sleep(0) IS NULL', '--trust-config');
    assert.equal(trusted.status, 0, trusted.stderr);
    const reading = await check("closed AND now() > '2026-01-01' AND lower(name) <> 'random'");
    assert.equal(reading.status, 0, reading.stderr);
    if (engine === 'embedded') return;
    const role = `no_superuser_${process.pid}`;
    await database.script(
      `CREATE ROLE ${role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`,
    );
    const url = new URL(database.address);
    url.username = role;
    const plain = await check('closed OR pg_sleep(0) IS NULL', '--database', url.href);
    await database.script(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    assert.equal(plain.status, 0, plain.stderr);
  });

  it('a function that says that it only reads cannot write, by whatever it calls', async () => {
    await database.script(`CREATE TABLE spied (at text);
      CREATE FUNCTION spy(text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN INSERT INTO spied VALUES ($1); RETURN false; END';
      CREATE FUNCTION writes(text) RETURNS boolean LANGUAGE plpgsql STABLE AS 'BEGIN INSERT INTO spied VALUES ($1); RETURN false; END';
      CREATE FUNCTION hides(text) RETURNS boolean LANGUAGE plpgsql STABLE AS 'BEGIN RETURN spy($1); END';
      CREATE FUNCTION opens(text) RETURNS boolean LANGUAGE plpgsql STABLE
        AS 'BEGIN PERFORM set_config(''transaction_read_only'', ''off'', true); RETURN spy($1); END'`);
    for (const [name, about] of [
      ['writes', /INSERT is not allowed in a non-volatile function/],
      ['hides', /SQL of the configuration, which may only read, calls a function that writes/],
      ['opens', /transaction read-write mode must be set before any query/],
    ] as const)
      for (const [from, to, ...whose] of [
        ['suspended: closed', `suspended: ${name}(name)`, '--all-tenants'],
        ["live: status = 'draft'", `live: ${name}(model)`, '--tenant', '1'],
      ] as const) {
        database.configure(right.replace(from, to));
        const { status, stderr } = await database.run('plan', ...whose, '--from', 'a', '--to', 'b');
        assert.deepEqual([status, await database.rows('SELECT at FROM spied')], [1, []], `${name} ${from}`);
        assert.match(stderr, about);
      }
  });

  it('who is suspended is asked with the rights of the work of a tenant', async () => {
    const role = `drover_case_worker_${process.pid}`;
    await database.script(`CREATE ROLE ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
    const asWorker =
      right.replace('suspended: closed', `suspended: current_user <> '${role}'`) +
      `database: { session: { role: ${role}, settings: { app.org: $tenant } } }\n`;
    const suspended = async (): Promise<boolean> => {
      const { stdout, stderr } = await database.run('plan', '--all-tenants', '--from', 'a', '--to', 'b');
      assert.match(stdout, /Elm/, stderr);
      return /suspended/i.test(stdout);
    };
    try {
      database.configure(asWorker);
      assert.equal(await suspended(), false);
      await database.script(`ALTER TABLE orgs ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON orgs USING (id = nullif(current_setting('app.org', true), '')::int)`);
      assert.equal(await suspended(), false, 'bound to the tenant');
      await database.script(`REVOKE SELECT ON orgs FROM ${role}`);
      assert.equal(await suspended(), true, 'the role may not read it: the login was asked');
    } finally {
      await database.script(
        `DROP OWNED BY ${role}; DROP ROLE ${role}; ALTER TABLE orgs DISABLE ROW LEVEL SECURITY`,
      );
    }
  });

  it('what can be read is fine', async () => {
    database.configure(right);
    const { status, stderr } = await database.run('config', 'check');
    assert.equal(status, 0, stderr);
  });

  it('a login that may not read the rows checks them all the same', async () => {
    await database.script(
      `CREATE ROLE drover_case_reader; GRANT USAGE ON SCHEMA public TO drover_case_reader`,
    );
    try {
      const asReader = (text: string): string =>
        `${text}database: { session: { role: drover_case_reader } }\n`;
      database.configure(asReader(right));
      assert.equal((await database.run('config', 'check')).status, 0);
      database.configure(asReader(wrong));
      const { stderr } = await database.run('config', 'check');
      assert.equal(stderr.trim().split('\n').length, said.length + 1);
    } finally {
      await database.script('DROP OWNED BY drover_case_reader; DROP ROLE drover_case_reader');
    }
  });
});
