/** Two hundred clients of two tenants, for seconds; see keep-apart.ts. */
import { oneEngine } from '../support/databases.ts';
import { keepsApart } from './keep-apart.ts';

oneEngine((engine) => keepsApart(engine, { seed: 20_261_121, rounds: 1 }));
