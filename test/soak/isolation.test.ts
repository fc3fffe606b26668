/** The property of test/isolation with new schemas each time: 5,000 by plain statements, and 200 by the probe. A counterexample has its seed. */
import { declareRandomPolicies } from '../isolation/random-policies.ts';

declareRandomPolicies('statements', { numRuns: 5000 });
declareRandomPolicies('probe', { numRuns: 200 });
