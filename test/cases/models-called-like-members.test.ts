/** A model, a tenant, a column and a table may be called like a member of every JavaScript object, or in any other odd way. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const names = [
  'constructor',
  'toString',
  '__proto__',
  'hasOwnProperty',
  'نموذج ٤',
  'be\u0001ll\u001f',
  'tab\tand\nline',
  'pair 🦬',
  'x'.repeat(10_000),
];

const script = `
  CREATE TABLE firms (id text PRIMARY KEY, name text NOT NULL);
  CREATE TABLE "constructor" (
    id int PRIMARY KEY, firm_id text NOT NULL REFERENCES firms, "toString" text, "__proto__" text, settings jsonb,
    "constructor" text DEFAULT 'kept', "valueOf" int DEFAULT 1, written json
  );
  CREATE TABLE "hasOwnProperty" (id int PRIMARY KEY, firm_id text NOT NULL REFERENCES firms, "toString" text);
  INSERT INTO firms VALUES ('isPrototypeOf', 'valueOf'), ('other', 'other');
  INSERT INTO "constructor"
    SELECT n, 'isPrototypeOf', name, 'acme', jsonb_build_object('valueOf', jsonb_build_object('toLocaleString', name))
    FROM unnest(ARRAY['${names.join("', '")}']) WITH ORDINALITY u (name, n);
  INSERT INTO "constructor" VALUES (98, 'isPrototypeOf', '', '', '{"valueOf": {"toLocaleString": ""}}'),
    (99, 'other', 'constructor', 'acme', '{}');
  UPDATE "constructor" SET written = '{"valueOf": {"toLocaleString": "\\ud800"}, "": "\\udfff\\ud800"}';`;

const yaml = `
version: 1
model: { identity: [provider, name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places:
  - { at: constructor."toString", partner: __proto__ }
  - { at: constructor.settings, json: /valueOf/toLocaleString }
  - { at: constructor.written, json: /valueOf/toLocaleString }
  - { at: hasOwnProperty."toString" }
types: { constructor: constructor }
`;

const rows = `SELECT id, "toString", "__proto__", settings::text, "constructor", "valueOf", written::text
  FROM "constructor" ORDER BY id`;

oneEngine((engine) => {
  let small: SmallDatabase;
  before(async () => {
    small = await smallDatabase(engine, script, yaml);
  });
  after(() => small.drop());

  for (const name of names)
    test(`${JSON.stringify(name.slice(0, 20))} moves, and comes back`, async () => {
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
          row[1] === name && row[0] !== '99'
            ? [row[0] ?? '', 'propertyIsEnumerable', 'acme', document, ...row.slice(4)]
            : row,
        ),
      );
      const id = /drover rollback (\S+)/.exec(applied.stdout + applied.stderr)?.[1] ?? '';
      const taken = await small.run('rollback', id, '--tenant', 'isPrototypeOf', '--yes');
      assert.equal(taken.status, 0, taken.stderr);
      assert.deepEqual(await small.rows(rows), before);
    });
});
