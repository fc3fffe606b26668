/**
 * Random schemas of 3 to 8 tables with policies from a grammar of all dialects, PostgreSQL as the judge of each. 150 of them, not 300: a schema
 * takes a tenth of a second on a quiet core, and the whole run has twelve minutes.
 */
import { declareRandomPolicies } from './random-policies.ts';

// Always the same ones here, so that a red run means changed code; test/soak/isolation.test.ts tries new ones.
declareRandomPolicies('statements', { seed: 20_261_201, numRuns: 150, interruptAfterTimeLimit: 12_000 });
