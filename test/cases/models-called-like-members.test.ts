/** A model, a tenant, a column and a table may be called like a member of every JavaScript object. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const names = ['constructor', 'toString', '__proto__', 'hasOwnProperty'];

const script = `
  CREATE TABLE firms (id text PRIMARY KEY, name text NOT NULL);
  CREATE TABLE "constructor" (
    id int PRIMARY KEY, firm_id text NOT NULL REFERENCES firms, "toString" text, "__proto__" text, settings jsonb
  );
  INSERT INTO firms VALUES ('isPrototypeOf', 'valueOf'), ('other', 'other');
  INSERT INTO "constructor"
    SELECT n, 'isPrototypeOf', name, 'acme', jsonb_build_object('valueOf', jsonb_build_object('toLocaleString', name))
    FROM unnest(ARRAY['${names.join("', '")}']) WITH ORDINALITY u (name, n);
  INSERT INTO "constructor" VALUES (9, 'other', 'constructor', 'acme', '{}');`;

const yaml = `
version: 1
model: { identity: [provider, name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places:
  - { at: constructor."toString", partner: __proto__ }
  - { at: constructor.settings, json: /valueOf/toLocaleString }
types: { constructor: constructor }
`;

const rows = `SELECT id, "toString", "__proto__", settings::text FROM "constructor" ORDER BY id`;

oneEngine((engine) => {
  let small: SmallDatabase;
  before(async () => {
    small = await smallDatabase(engine, script, yaml);
  });
  after(() => small.drop());

  for (const name of names)
    test(`${name} moves, and comes back`, async () => {
      const before = await small.rows(rows);
      const words = [
        '--tenant',
        'isPrototypeOf',
        '--from',
        `acme/${name}`,
        '--to',
        'acme/propertyIsEnumerable',
        '--allow-unknown',
        '--reason',
        'a name like no other',
        '--yes',
      ];
      const applied = await small.run('apply', ...words);
      assert.equal(applied.status, 0, applied.stdout + applied.stderr);
      const document = `{"valueOf": {"toLocaleString": "propertyIsEnumerable"}}`;
      assert.deepEqual(
        await small.rows(rows),
        before.map((row) =>
          row[1] === name && row[0] !== '9' ? [row[0] ?? '', 'propertyIsEnumerable', 'acme', document] : row,
        ),
      );
      const id = /drover rollback (\S+)/.exec(applied.stdout + applied.stderr)?.[1] ?? '';
      const taken = await small.run('rollback', id, '--tenant', 'isPrototypeOf', '--yes');
      assert.equal(taken.status, 0, taken.stderr);
      assert.deepEqual(await small.rows(rows), before);
    });
});
