/** Two customers of a database of somebody's own become one: seen beforehand, decided, done, looked at, and taken back, by the commands. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const schema = `
  CREATE TABLE shops (id text PRIMARY KEY, name text);
  CREATE TABLE customers (id int PRIMARY KEY, shop_id text NOT NULL REFERENCES shops, name text, email text, phone text, UNIQUE (shop_id, email));
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, total int);
  CREATE TABLE addresses (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers ON DELETE CASCADE, label text, street text, UNIQUE (customer_id, label));
  CREATE TABLE parcels (id int PRIMARY KEY, address_id int REFERENCES addresses ON DELETE SET NULL);
  INSERT INTO shops VALUES ('s1', 'Oslo'), ('s2', 'Bergen');
  INSERT INTO customers VALUES (7, 's1', 'Ann', 'ann@old.test', '+47 1'), (8, 's1', 'Ann Lee', 'ann@new.test', NULL), (9, 's2', 'Ann', 'ann@old.test', NULL);
  INSERT INTO orders VALUES (1, 7, 10), (2, 7, 20), (3, 8, 30), (4, 9, 40);
  INSERT INTO addresses VALUES (1, 7, 'home', 'Old Road'), (2, 8, 'home', 'New Road'), (3, 7, 'work', 'Harbour');
  INSERT INTO parcels VALUES (1, 1), (2, 2), (3, 3);`;

const yaml = `
version: 1
tenant: { root: shops, display: name }
rows:
  - table: customers
    natural: [name]
    values: { phone: fill }
`;

const words = ['--table', 'customers', '--from', 'Ann', '--to', 'Ann Lee', '--tenant', 'Oslo', '--merge'];
const everything = `SELECT 'c', id::text, coalesce(phone, '-') FROM customers UNION ALL SELECT 'o', id::text, customer_id::text FROM orders
  UNION ALL SELECT 'a', id::text, customer_id || ' ' || street FROM addresses UNION ALL SELECT 'p', id::text, address_id::text FROM parcels ORDER BY 1, 2`;

oneEngine((engine) => {
  describe('two customers', () => {
    let at: SmallDatabase;
    before(async () => {
      at = await smallDatabase(engine, schema, yaml);
    });
    after(() => at.drop());

    test('become one when somebody has said what is kept, and are two again when it is taken back', async () => {
      const start = await at.rows(everything);
      const apart = await at.run('rekey', 'plan', ...words.slice(0, -1), '--to', '8');
      assert.match(apart.stdout.replaceAll(/\s+/g, ' '), /BOTH_ROWS_EXIST: .* add --merge/);
      const open = await at.run('rekey', 'plan', ...words);
      assert.equal(open.status, 1, open.stdout + open.stderr);
      const asked = open.stdout.replaceAll(/\s+/g, ' ');
      assert.match(
        asked,
        /COLLISION_OPEN: 1 row of public\.addresses cannot stay beside another one \(addresses_customer_id_label_key; by their keys: 1 and 2\)/,
      );
      const answer = ['--answer', 'addresses.customer_id=keep-source'];
      const wrong = await at.run('rekey', 'plan', ...words, '--answer', 'addresses.customer_id=newest');
      assert.match(wrong.stderr, /is no answer: .*=keep-target/s);
      const file = `${process.env['TMPDIR'] ?? '/tmp'}/drover-merge-${process.pid}.json`;
      const plan = await at.run('rekey', 'plan', ...words, ...answer, '--sql', '--rehearse', '--out', file);
      assert.equal(plan.status, 2, plan.stdout + plan.stderr);
      const shown = plan.stdout.replaceAll(/\s+/g, ' ');
      assert.match(
        shown,
        /merge-rows: id 7 becomes one with 8; to it come 1 of public\.addresses \(customer_id\), 2 of public\.orders \(customer_id\), 1 of public\.parcels \(address_id\); set aside are 1 of public\.addresses/,
      );
      assert.match(
        shown,
        /COLLISION_SET_ASIDE: .* 1 and 2\), go and are set aside; the other keeps the values of the source/,
      );
      assert.match(shown, /DELETE FROM ONLY "public"\."customers" t/);
      assert.deepEqual(await at.rows(everything), start, 'a plan and a rehearsal change nothing');
      const applied = await at.run('apply', file, '--yes', '--json');
      assert.equal(applied.status, 0, applied.stdout + applied.stderr);
      const { migrationId } = JSON.parse(applied.stdout) as { migrationId: string };
      assert.deepEqual(await at.rows(everything), [
        ['a', '2', '8 Old Road'],
        ['a', '3', '8 Harbour'],
        ['c', '8', '+47 1'],
        ['c', '9', '-'],
        ['o', '1', '8'],
        ['o', '2', '8'],
        ['o', '3', '8'],
        ['o', '4', '9'],
        ['p', '1', '2'],
        ['p', '2', '2'],
        ['p', '3', '3'],
      ]);
      const aside = `SELECT table_name, row_key, survivor_key, row ->> 'street' FROM drover.set_aside WHERE returned_by IS NULL ORDER BY 1`;
      assert.deepEqual(await at.rows(aside), [
        ['public.addresses', '1', '2', 'Old Road'],
        ['public.customers', '7', '8', null],
      ]);
      assert.match((await at.run('aliases', '--csv')).stdout, /s1,public\.customers,7,8,/);
      assert.match((await at.run('history', migrationId)).stdout, /Merge .*succeeded, complete/);
      const changes = await at.run('history', migrationId, '--changes', '--json');
      assert.equal(changes.status, 0, changes.stderr);
      const back = await at.run('rollback', migrationId, '--yes');
      assert.equal(back.status, 0, back.stdout + back.stderr);
      assert.deepEqual(await at.rows(everything), start);
      assert.deepEqual(await at.rows(aside), []);
    });
  });
});
