/** A statement is data until it is sent: whatever a hole or a condition holds, no text is read again. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ModelFacts } from '../../src/engine/models/model.ts';
import { meetsClass, meetsRegion } from '../../src/engine/models/demand.ts';
import { demandedBy, missesDemand } from '../../src/postgres/sql/demands.ts';
import {
  bind,
  change,
  each,
  forEachMember,
  fromMembers,
  ident,
  memberNumber,
  raw,
  render,
  sql,
  withMembers,
} from '../../src/postgres/sql/sql.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';

describe('a statement as data', () => {
  it('numbers its parameters when it is rendered, and never inside text', () => {
    const condition = raw(`price NOT IN ('$1', '$2') -- $3`);
    assert.deepEqual(render(sql`SELECT ${bind('a', 'text')} WHERE ${condition} AND x = ${bind(2, 'int')}`), {
      text: `SELECT $1::text WHERE price NOT IN ('$1', '$2') -- $3 AND x = $2::int`,
      values: ['a', '2'],
    });
  });

  it('has one parameter for equal texts of one type', () => {
    const { values } = render(sql`SELECT ${bind('a', 'text')}, ${bind('a', 'text')}, ${bind('a', 'name')}`);
    assert.deepEqual(values, ['a', 'a']);
  });

  it('is a constant for one member and a column of the members for several', () => {
    const build = (keys: readonly string[]): string =>
      render(
        withMembers(
          keys.length,
          [],
          change`UPDATE t SET x = 1${fromMembers(keys.length, ' FROM ')} WHERE k = ${each(keys, 'text')} RETURNING ${memberNumber(keys.length)}`,
        ),
      ).text;
    assert.equal(build(['a']), 'UPDATE t SET x = 1 WHERE k = $1::text RETURNING 1');
    assert.equal(
      build(['a', 'b']),
      'WITH "drover:members" AS (SELECT * FROM unnest($1::text[]) WITH ORDINALITY AS u ("drover:0", "drover:n")) UPDATE t SET x = 1 FROM "drover:members" WHERE k = "drover:members"."drover:0"::text RETURNING "drover:members"."drover:n"',
    );
  });

  it('has one column for equal lists of one type, which holds keys as keys', () => {
    const keys = ['a', 'b'];
    const column = ([...values]: readonly string[], type: string) => each(values, type);
    const tests = sql`${column(keys, 'text::uuid')} ${column(keys, 'text::uuid')} ${column(keys, 'text')} ${column(['a', 'c'], 'text')}`;
    const { text, values } = render(withMembers(2, [], tests));
    assert.deepEqual(values, ['{"a","b"}', '{"a","b"}', '{"a","c"}']);
    const expected = ['0"', '0"', '1"::text', '2"::text']
      .map((end) => `"drover:members"."drover:${end}`)
      .join(' ');
    assert.match(text, /unnest\(\$1::uuid\[\], \$2::text\[\], \$3::text\[\]\)/);
    assert.equal(text.slice(text.indexOf(')) ') + 3), expected);
  });

  it('says whether it changes rows by who built it, not by its text', () => {
    assert.equal(sql`SELECT ${raw(`'INSERT INTO'`)}`.changes, false);
    assert.equal(sql`WITH x AS (${change`DELETE FROM t`}) SELECT 1`.changes, true);
  });
});

eachEngine((engine) => {
  it('says of every model whether it meets a demand as a plan does', async () => {
    const { target, drop } = await freshDatabase(engine);
    const database = await openDatabase(target);
    const models = [{}, { security: 0 }, { security: 1.5 }, { security: -1, region: '' }, { region: 'eu' }];
    const asked = `(VALUES (NULL::numeric), (0), (-1), (1), (1.5), (2), ('NaN')) c (security), (VALUES (NULL), (''), ('eu'), ('EU')) r (region)`;
    const demanded = demandedBy({ security: 'security', region: 'region' }, (name) => ident(name));
    const rows = await database.transaction({}, (tx) =>
      tx.many<{ 'drover:n': number; security: number | null; region: string | null; misses: boolean }>(
        forEachMember(
          models.length,
          sql`SELECT ${demanded.security} AS security, ${demanded.region} AS region, ${missesDemand(demanded, models)} AS misses FROM ${raw(asked)}`,
        ),
      ),
    );
    assert.equal(rows.length, models.length * 28);
    for (const { 'drover:n': at, security, region, misses } of rows) {
      const model: Pick<ModelFacts, 'security' | 'region'> = models[at - 1] ?? {};
      const meets = meetsClass(model.security, security) && meetsRegion(model.region, region);
      assert.equal(misses, !meets, JSON.stringify([model, security, region]));
    }
    await database.close();
    await drop();
  });

  describe('a SELECT for each member', () => {
    it('gives every member its own rows in their order, values of any text among them', async () => {
      const { target, drop } = await freshDatabase(engine);
      const database = await openDatabase(target);
      const keys = ['$1', `'; --`, '\\', 'a"b', '{1,NULL}', 'NULL', ''];
      const rows = await database.transaction({}, (tx) =>
        tx.many(
          forEachMember(
            keys.length,
            sql`SELECT v.x || ${each(keys, 'text')} AS ${ident('n')} FROM (VALUES ('b'), ('a')) v (x) ORDER BY 1 DESC`,
          ),
        ),
      );
      assert.deepEqual(
        rows.toSorted((a, b) => Number(a['drover:n']) - Number(b['drover:n'])).map((row) => row['n']),
        keys.flatMap((key) => [`b${key}`, `a${key}`]),
      );
      await database.close();
      await drop();
    });
  });
});
