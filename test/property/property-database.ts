/** One database for all cases of a run; each case has a schema of its own in it. */
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';
import { cases, runCase } from './run-case.ts';
import type { Case } from './run-case.ts';

const claim = 'a migration does what the oracle says, and can be taken back';

/** Declares the property for both engines. */
export function declareProperty(parameters: fc.Parameters<[Case]>): void {
  eachEngine((engine) => {
    let database: Database;
    let drop: () => Promise<void>;

    before(async () => {
      const fresh = await freshDatabase(engine);
      drop = fresh.drop;
      database = await openDatabase(fresh.target);
    });

    after(async () => {
      await database.close();
      await drop();
    });

    test(claim, async () => {
      await fc.assert(
        fc.asyncProperty(cases, (one) => runCase(database, one)),
        parameters,
      );
    });
  });
}
