/** Two hundred clients of two tenants, for seconds; see keep-apart.ts. */
import { declareLoad } from './keep-apart.ts';

declareLoad({ seed: 20_261_121, rounds: 1 });
