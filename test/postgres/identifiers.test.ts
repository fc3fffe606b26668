/** Whatever a name or text holds, the database reads it back as it was. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { quoteIdent, quoteLiteral, quoteTable } from '../../src/postgres/sql/identifiers.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';

const tricky = fc.constantFrom(
  '"',
  "'",
  '\\',
  ';',
  '--',
  '/*',
  '$$',
  '$1',
  '%',
  '\n',
  'é',
  '😀',
  ' ',
  'a',
  'SELECT',
);
const text = fc.oneof(
  fc.array(tricky, { maxLength: 20 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => !value.includes('\0')),
);
const name = text.filter((value) => value !== '' && Buffer.byteLength(value) <= 63);

eachEngine((engine) => {
  let db: Database;
  let drop: () => Promise<void>;
  before(async () => {
    const fresh = await freshDatabase(engine);
    drop = fresh.drop;
    db = await openDatabase(fresh.target);
  });
  after(async () => {
    await db.close();
    await drop();
  });

  it('a column, a table and a schema of any name', async () => {
    await fc.assert(
      fc.asyncProperty(name, name, async (first, second) => {
        const found = await db.transaction({}, async (tx) => {
          const schema = `s${first.slice(1)}`.replace(/[\uD800-\uDFFF]/g, '');
          await tx.script(`CREATE SCHEMA ${quoteIdent(schema)}`);
          await tx.script(`CREATE TABLE ${quoteTable({ schema, name: first })} (${quoteIdent(second)} int)`);
          const [row] = await tx.many(
            `SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = $1`,
            [schema],
          );
          await tx.script(`DROP SCHEMA ${quoteIdent(schema)} CASCADE`);
          return row;
        });
        assert.deepEqual(found, { table_name: first, column_name: second });
      }),
      { numRuns: 60 },
    );
  });

  it('any text, also where backslashes are read', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom('on', 'off'), async (value, standard) => {
        const conforming = engine === 'server' ? standard : 'on';
        const opening = { settings: [`SET LOCAL standard_conforming_strings = ${conforming}`] };
        const row = await db.transaction(opening, (tx) =>
          tx.one(`SELECT ${quoteLiteral(value)}::text AS value`),
        );
        assert.equal(row.value, value);
      }),
      { numRuns: 100 },
    );
  });
});

describe('refused', () => {
  const refused = { code: 'INVALID_IDENTIFIER' };

  it('names that PostgreSQL would cut or cannot hold', () => {
    assert.equal(quoteIdent('x'.repeat(63)), `"${'x'.repeat(63)}"`);
    for (const bad of ['', 'x'.repeat(64), 'é'.repeat(32), 'a\0b', '\uD800']) {
      assert.throws(() => quoteIdent(bad), refused, JSON.stringify(bad));
    }
  });

  it('text that PostgreSQL cannot hold', () => {
    for (const bad of ['a\0b', '\uDFFF']) assert.throws(() => quoteLiteral(bad), refused);
  });
});
