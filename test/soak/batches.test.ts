/** The property of test/property/random-batches.test.ts with new cases each time, for minutes. */
import { declareBatchProperty } from '../property/property-database.ts';

declareBatchProperty({ numRuns: 300, interruptAfterTimeLimit: 240_000, includeErrorInReport: true });
