/**
 * A batch says the same SQL as its members alone, whatever is written in the conditions of the configuration and whatever columns
 * are called: a `$1` in a literal is text, a literal that reads like a statement changes nothing, and no name is taken for another.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { Config } from '../../src/engine/rules/config.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import { applyBatch, applyEach, planBatch } from '../support/batches.ts';
import type { MoveResult, Outcome } from '../support/batches.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';

const actor = 'guarantees';
const tenants = ['birch', 'cedar', 'alder'] as const;

/** Each tenant has models of its own, and offers that name the old one, one for each price; the first two look like parameters. */
const schema = `
  CREATE TABLE firms (id text PRIMARY KEY);
  CREATE TABLE engines (id bigint PRIMARY KEY, firm text NOT NULL REFERENCES firms, name text NOT NULL);
  CREATE TABLE offers (id bigint PRIMARY KEY, firm text NOT NULL REFERENCES firms, engine bigint NOT NULL REFERENCES engines, price text NOT NULL, n integer NOT NULL, w text NOT NULL, drover_n integer NOT NULL);
  INSERT INTO firms VALUES ('alder'), ('birch'), ('cedar');
  INSERT INTO engines SELECT row_number() OVER (ORDER BY id, name), id, name FROM firms, unnest(ARRAY['old', 'new']) e (name);
  INSERT INTO offers SELECT row_number() OVER (ORDER BY f.id, u.n), f.id, e.id, u.price, u.n, u.price, u.n
    FROM firms f JOIN engines e ON e.firm = f.id AND e.name = 'old',
    unnest(ARRAY['$1', '$2', '5', 'INSERT INTO']) WITH ORDINALITY u (price, n)`;

function configOf(live: string): Config {
  return {
    version: 1,
    model: { tables: [{ table: 'engines', key: 'id', columns: { name: 'name', tenant: 'firm' } }] },
    tenant: { root: 'firms', column: 'firm' },
    places: [{ at: 'offers.engine', live }],
  };
}

interface Text {
  readonly what: string;
  readonly live: string;
  /** How many offers of each tenant it lets move. */
  readonly moves: number;
}

const texts: readonly Text[] = [
  { what: 'a literal that looks like a parameter', live: "price NOT IN ('$1', '$2')", moves: 2 },
  { what: 'the same the other way round', live: "price = '$1' OR price = '$2'", moves: 2 },
  { what: 'a literal that reads like a statement', live: "price <> 'INSERT INTO'", moves: 3 },
  { what: 'a literal that reads like a comment', live: "price IN ('/*wave: x */', '5')", moves: 1 },
  { what: 'a comment', live: "price /* UPDATE $1 */ <> '5' -- DELETE FROM $2\n", moves: 3 },
  { what: 'columns called n, w and drover_n', live: "n > 1 AND w <> '5' AND drover_n < 4", moves: 1 },
];

function intentOf(tenant: string, keys: readonly [string, string]): Intent {
  const [from, to] = keys;
  return { tenant, from, to, parameters: 'reset', answers: {}, leaveAsks: false };
}

eachEngine((engine) => {
  describe('a condition in a batch', () => {
    let database: Database;
    let drop: () => Promise<void>;

    before(async () => {
      const fresh = await freshDatabase(engine);
      database = await openDatabase(fresh.target);
      drop = fresh.drop;
    });
    beforeEach(() =>
      database.transaction({}, (tx) => tx.script(`DROP TABLE IF EXISTS offers, engines, firms; ${schema}`)),
    );
    after(async () => {
      await database.close();
      await drop();
    });

    /** What each tenant is to do, its models by their keys. */
    async function intents(): Promise<Intent[]> {
      const rows = await database.transaction({ readOnly: true }, (tx) =>
        tx.many<{ firm: string; from: string; to: string }>(
          `SELECT o.firm, o.id::text AS "from", n.id::text AS "to" FROM engines o JOIN engines n USING (firm) WHERE o.name = 'old' AND n.name = 'new'`,
        ),
      );
      return tenants.flatMap((tenant) =>
        rows.filter(({ firm }) => firm === tenant).map(({ from, to }) => intentOf(tenant, [from, to])),
      );
    }

    function moved(outcomes: readonly Outcome<Pick<MoveResult, 'counts'>>[]): unknown[] {
      return outcomes.map((one) => (one.status === 'succeeded' ? one.result.counts : one.error.message));
    }

    for (const { what, live, moves } of texts) {
      it(`means what it means for one tenant: ${what}`, async () => {
        const site = await openSite({ database, config: configOf(live) });
        const expected = tenants.map(() => ({ offers: moves }));
        const all = await intents();
        const planned = moved(await planBatch(site, all));
        const transactions: number[] = [];
        const outcomes = await applyBatch(site, {
          moves: all,
          confirm: true,
          actor,
          beforeCommit: (_tx, done) => Promise.resolve(void transactions.push(done.length)),
        });
        assert.deepEqual(
          { planned, applied: moved(outcomes), transactions },
          { planned: expected, applied: expected, transactions: [tenants.length] },
        );
      });

      it(`means the same alone: ${what}`, async () => {
        const site = await openSite({ database, config: configOf(live) });
        const outcomes = await applyEach(site, { moves: await intents(), confirm: true, actor });
        assert.deepEqual(
          moved(outcomes),
          tenants.map(() => ({ offers: moves })),
        );
      });
    }
  });
});
