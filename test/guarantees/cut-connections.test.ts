import { declareCuts } from './cuts.ts';

declareCuts(15);
