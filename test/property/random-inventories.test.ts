/**
 * Random small databases with columns of every type, whose configuration misses places: a plan refuses what nobody accounts for, the
 * lines that it gives settle that, and afterwards an oracle that reads every cell finds the source only where it was announced.
 */
import { declareUnplacedProperty } from './property-database.ts';

// Always the same cases here; test/soak/inventories.test.ts tries new ones.
declareUnplacedProperty({ seed: 20_261_130, numRuns: 40, interruptAfterTimeLimit: 10_000 });
