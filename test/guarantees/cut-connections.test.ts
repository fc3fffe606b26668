import { declareCuts } from './cuts.ts';

declareCuts(61);
