/** The property of test/property with new cases each time, for minutes. A counterexample is shown with the seed that repeats it. */
import { declareProperty } from '../property/property-database.ts';

declareProperty({ numRuns: 2000, interruptAfterTimeLimit: 240_000 });
