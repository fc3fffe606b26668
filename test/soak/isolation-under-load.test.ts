/** Two hundred clients of two tenants, for minutes, on both engines, with other requests each time. */
import { keepsApart } from '../http/keep-apart.ts';
import { eachEngine } from '../support/databases.ts';

eachEngine((engine) => keepsApart(engine, { seed: Math.floor(Math.random() * 2 ** 31), rounds: 30 }));
