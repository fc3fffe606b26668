import type { VerbGroup } from '../session.ts';
import { conversionPlan } from './plan.ts';

/** `drover tenantize …`: from one tenant to many. */
export const tenantize: VerbGroup = {
  name: 'tenantize',
  summary: 'plan how a single-tenant database becomes one of many tenants',
  verbs: [conversionPlan],
};
