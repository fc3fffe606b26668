/** Two hundred clients of two tenants, for minutes, with other requests each time. */
import { declareLoad } from '../http/keep-apart.ts';

declareLoad({ seed: Math.floor(Math.random() * 2 ** 31), rounds: 30 });
