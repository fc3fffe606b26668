/** The first cases of run-rows.ts, always the same; test/soak/rows.test.ts tries new ones. */
import { declareRows } from './run-rows.ts';

declareRows({ seed: 28, numRuns: 100, endOnFailure: true, includeErrorInReport: true });
