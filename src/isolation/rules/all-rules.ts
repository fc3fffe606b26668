/** Every rule of the doctor, in the order in which `drover doctor rules` lists them. */
import type { IsolationRule } from '../rule.ts';
import { keyRules } from './keys/key-rules.ts';
import { rlsOff } from './policies/rls-off.ts';
import { roleExempt } from './roles/role-exempt.ts';
import { ignoreDead } from './server/ignore-dead.ts';
import { serverCve } from './server/server-cve.ts';

/** The last one judges what the others saw. */
export const allRules: readonly IsolationRule[] = [rlsOff, roleExempt, ...keyRules, serverCve, ignoreDead];
