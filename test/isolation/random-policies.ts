/** Declares the property of random schemas: what the doctor says is never less than what PostgreSQL lets a tenant reach. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { freshDatabase, oneEngine } from '../support/databases.ts';
import { contradictions, judgeRandom } from './run-random.ts';
import type { ReachJudge } from './run-random.ts';
import { schemas } from './random-world.ts';
import type { RandomSchema } from './random-world.ts';

/** A connection gets slow by the names of tables that are gone. */
const schemasOfOneConnection = 15;

export function declareRandomPolicies(by: ReachJudge, parameters: fc.Parameters<[RandomSchema]>): void {
  oneEngine((engine) => {
    let target: DatabaseTarget;
    let database: Database;
    let drop: () => Promise<void>;
    let tried = 0;
    before(async () => {
      ({ target, drop } = await freshDatabase(engine));
      database = await openDatabase(target);
    });
    after(async () => {
      await database.close();
      await drop();
    });

    it(`says what lies open in random schemas, and calls restricting what restricts (${by})`, async (t) => {
      const seen = { reached: 0, restricted: 0, notRead: 0 };
      const property = fc.asyncProperty(schemas, async (schema) => {
        tried += 1;
        if (tried % schemasOfOneConnection === 0) {
          await database.close();
          database = await openDatabase(target);
        }
        const outcome = await judgeRandom(database, schema, by);
        seen.reached += outcome.reached.length;
        seen.restricted += outcome.restricted.size;
        seen.notRead += outcome.report.notRead.length;
        const found = contradictions(outcome);
        assert.deepEqual(found, [], `${found.join('\n')}\n${outcome.sql}`);
      });
      await fc.assert(property, parameters);
      t.diagnostic(`${tried} schemas: ${JSON.stringify(seen)}`);
      assert.ok(seen.reached > tried && seen.restricted > tried, 'neither is rare');
    });
  });
}
