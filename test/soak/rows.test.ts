/** The property of test/property/run-rows.ts with new cases each time. A counterexample is shown with the seed that repeats it. */
import { declareRows } from '../property/run-rows.ts';

declareRows({ numRuns: 1000, interruptAfterTimeLimit: 600_000 });
