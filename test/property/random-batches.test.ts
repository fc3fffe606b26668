/**
 * The small databases of random-schemas.test.ts, with two and with seven tenants that migrate at once: the batch leaves the same rows,
 * records and outcomes as one migration after the other, after the migration, its rollback, and the rollback of that. Names,
 * values and conditions look like pieces of SQL; some members are refused, or fail after they wrote.
 */
import { declareBatchProperty } from './property-database.ts';

// Always the same cases here; test/soak/batches.test.ts tries new ones.
declareBatchProperty({ seed: 20_261_203, numRuns: 6, interruptAfterTimeLimit: 300_000, verbose: 0 });
