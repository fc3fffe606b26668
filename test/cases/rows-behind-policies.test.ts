/** Rows that the session may not see are told, also where the configuration sets a tenant. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

/** Roles belong to the whole server. */
const role = `reader_${process.pid}`;

function script(policies: string): string {
  return `
    CREATE ROLE ${role};
    CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
    CREATE TABLE rooms (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms);
    CREATE TABLE bots (
      id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text, is_private boolean NOT NULL DEFAULT false, secret text
    );
    CREATE TABLE notes (id int PRIMARY KEY, room_id int NOT NULL REFERENCES rooms, model text);
    INSERT INTO firms VALUES (1, 'Fig'), (2, 'Hazel');
    INSERT INTO rooms VALUES (1, 1), (2, 2);
    INSERT INTO bots VALUES (1, 1, 'gpt-4o', false), (2, 1, 'gpt-4o', true), (3, 2, 'gpt-4o', false);
    INSERT INTO notes VALUES (1, 1, 'gpt-4o'), (2, 2, 'gpt-4o');
    GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO ${role};
    ALTER TABLE bots ENABLE ROW LEVEL SECURITY;
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
    ${policies}`;
}

const yaml = `
version: 1
database: { session: { role: ${role}, settings: { app.firm: $tenant } } }
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places:
  - at: bots.model
  - at: notes.model
`;

const firm = `current_setting('app.firm', true)::int`;
const direct = `CREATE POLICY own ON bots USING (firm_id = ${firm});`;
const byRoom = `CREATE POLICY own ON notes USING (room_id IN (SELECT id FROM rooms WHERE firm_id = ${firm}));`;

const move = ['--tenant', '1', '--from', 'gpt-4o', '--to', 'gpt-4.1'];

interface Told {
  readonly about: string;
  readonly policies: string;
  /** Nobody says which tenant it is. */
  readonly unset?: true;
  /** Codes with their tables. */
  readonly found: readonly string[];
}

const all: Told[] = [
  { about: 'policies that say whose a row is', policies: direct + byRoom, found: [] },
  {
    about: 'a policy that also asks for another column',
    policies: `CREATE POLICY own ON bots USING (firm_id = ${firm} AND NOT is_private); ${byRoom}`,
    found: ['ROWS_MAY_BE_HIDDEN public.bots'],
  },
  {
    about: 'a restrictive policy beside one that says whose a row is',
    policies: `${direct} CREATE POLICY open ON bots AS RESTRICTIVE USING (NOT is_private); ${byRoom}`,
    found: ['ROWS_MAY_BE_HIDDEN public.bots'],
  },
  {
    about: 'a policy that also lets others see',
    policies: `CREATE POLICY own ON bots USING (firm_id = ${firm} OR NOT is_private); ${byRoom}`,
    found: [],
  },
  {
    about: 'a policy of another role',
    policies: `CREATE POLICY own ON bots TO pg_monitor USING (firm_id = ${firm}); ${byRoom}`,
    found: ['ROWS_MAY_BE_HIDDEN public.bots'],
  },
  {
    about: 'a policy that reads a setting which nobody sets',
    policies: `${direct} CREATE POLICY own ON notes USING (room_id IN (
      SELECT id FROM rooms WHERE firm_id = current_setting('app.company', true)::int));`,
    found: ['ROWS_MAY_BE_HIDDEN public.notes'],
  },
  {
    about: 'policies that show all rows, where no tenant is set',
    unset: true,
    policies: 'CREATE POLICY all_rows ON bots USING (true); CREATE POLICY all_rows ON notes USING (true);',
    found: [],
  },
  {
    about: 'a policy that hides what is gone beside one that shows all rows, where no tenant is set',
    unset: true,
    policies: `CREATE POLICY all_rows ON bots USING (true); CREATE POLICY open ON bots AS RESTRICTIVE USING (secret IS NULL);
      CREATE POLICY all_rows ON notes USING (true);`,
    found: ['ROWS_MAY_BE_HIDDEN public.bots'],
  },
  {
    about: 'a table that may not be read',
    policies: `${direct} ${byRoom} REVOKE SELECT ON notes FROM ${role};`,
    found: ['READING_NOT_PERMITTED public.notes'],
  },
  {
    about: 'a column that may not be read',
    policies: `${direct} ${byRoom} REVOKE SELECT ON bots FROM ${role}; GRANT SELECT (id, firm_id, model, is_private) ON bots TO ${role};`,
    found: ['READING_NOT_PERMITTED public.bots'],
  },
];

interface PlanJson {
  readonly findings: readonly { readonly code: string; readonly place?: string; readonly message: string }[];
}

oneEngine((engine) => {
  for (const { about, policies, found, unset } of all)
    describe(about, () => {
      let small: SmallDatabase;
      before(async () => {
        small = await smallDatabase(
          engine,
          script(policies),
          unset ? yaml.replace(', settings: { app.firm: $tenant }', '') : yaml,
        );
      });
      after(async () => {
        await small.script(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
        await small.drop();
      });

      test(found.length === 0 ? 'is trusted' : 'is told', async () => {
        const { stdout, stderr } = await small.run('plan', ...move, '--json');
        assert.match(stdout, /^\{/, stderr);
        const { findings } = JSON.parse(stdout) as PlanJson;
        const told = findings.filter(({ code }) => /HIDDEN|PERMITTED/.test(code));
        assert.deepEqual(
          told.map(({ code, place }) => `${code} ${place ?? ''}`),
          found,
        );
        for (const { code, message } of told)
          if (code === 'READING_NOT_PERMITTED')
            assert.match(message, new RegExp(`GRANT SELECT.* ON "public"\\."(bots|notes)" TO "${role}"`));
      });
    });
});
