import type { VerbGroup } from '../session.ts';
import { conversionApply } from './apply.ts';
import { conversionExport } from './export.ts';
import { conversionPlan } from './plan.ts';
import { conversionRevert } from './revert.ts';
import { conversionStatus } from './status.ts';

/** `drover tenantize …`: from one tenant to many. */
export const tenantize: VerbGroup = {
  name: 'tenantize',
  summary: 'make a single-tenant database one of many tenants, phase by phase, and take it back',
  verbs: [conversionPlan, conversionApply, conversionRevert, conversionStatus, conversionExport],
};
