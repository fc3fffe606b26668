/**
 * The small databases of random-schemas.test.ts, with two and with seven tenants that migrate at once: the batch leaves the same rows,
 * records and outcomes as one migration after the other, after the migration, its rollback, and the rollback of that. Names,
 * values and conditions look like pieces of SQL; some members are refused, or fail after they wrote.
 */
import { declareBatchProperty } from './property-database.ts';

// Always the same cases here, one for each kind of name and of failure; test/soak/batches.test.ts tries new ones, and makes a
// counterexample small.
declareBatchProperty({ seed: 1280, numRuns: 3, endOnFailure: true, includeErrorInReport: true });
