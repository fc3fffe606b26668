/** Connections that are cut at every message of an apply and of a rollback. */
import { declareCuts } from '../guarantees/cuts.ts';

declareCuts(1);
