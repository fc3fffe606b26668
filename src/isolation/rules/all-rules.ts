/** Every rule of the doctor, in the order in which `drover doctor rules` lists them. */
import type { IsolationRule } from '../rule.ts';
import { keyCrossesTenants } from './keys/key-crosses-tenants.ts';
import { rlsOff } from './policies/rls-off.ts';
import { roleExempt } from './roles/role-exempt.ts';

export const allRules: readonly IsolationRule[] = [rlsOff, roleExempt, keyCrossesTenants];
