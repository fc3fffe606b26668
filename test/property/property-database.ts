/** One database for all cases of a run; each case has a schema of its own in it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';
import { batchCases, runBatchCase } from './run-batch.ts';
import type { BatchCase } from './run-batch.ts';
import { cases, runCase } from './run-case.ts';
import type { Case } from './run-case.ts';
import { runUnplaced, unplacedCases } from './run-unplaced.ts';
import type { Unplaced } from './run-unplaced.ts';

/** Declares for both engines what holds of one migration. */
export function declareProperty(parameters: fc.Parameters<[Case]>): void {
  declare('a migration does what the oracle says, and can be taken back', (database) =>
    fc.assert(
      fc.asyncProperty(cases, (one) => runCase(database, one)),
      parameters,
    ),
  );
}

/** Declares for both engines what holds of a batch. */
export function declareBatchProperty(parameters: fc.Parameters<[BatchCase]>): void {
  declare('a batch does what the migrations of its tenants would do, and can be taken back', (database) =>
    fc.assert(
      fc.asyncProperty(batchCases, (one) => runBatchCase(database, one)),
      parameters,
    ),
  );
}

/** Declares for both engines what holds where the configuration misses places. */
export function declareUnplacedProperty(parameters: fc.Parameters<[Unplaced]>): void {
  declare('what stays was announced, and nothing is called complete above it', async (database, told) => {
    const seen = { applied: 0, pasted: 0, refused: 0 };
    const withServer = await database
      .transaction({}, (tx) => tx.script('CREATE EXTENSION citext; CREATE EXTENSION hstore'))
      .then(() => true)
      .catch(() => false);
    await fc.assert(
      fc.asyncProperty(unplacedCases(withServer), (one) => runUnplaced(database, one, seen)),
      parameters,
    );
    told(
      `databases: ${seen.applied} moved and taken back, ${seen.refused} refused; ${seen.pasted} configurations were completed`,
    );
    assert.ok(seen.applied > seen.refused && seen.pasted > 0, JSON.stringify(seen));
  });
}

type Check = (database: Database, told: (figures: string) => void) => Promise<void>;

function declare(claim: string, check: Check): void {
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

    test(claim, (t) => check(database, (figures) => t.diagnostic(figures)));
  });
}
