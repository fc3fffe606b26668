/** The property of test/property/random-inventories.test.ts with new cases each time: three thousand databases on each engine. */
import { declareUnplacedProperty } from '../property/property-database.ts';

declareUnplacedProperty({ numRuns: 3000, interruptAfterTimeLimit: 1_500_000 });
