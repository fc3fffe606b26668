/** Every rule of the doctor, in the order in which `drover doctor rules` lists them. */
import type { IsolationRule } from '../rule.ts';
import { checkWeakerThanUsing } from './policies/check-weaker-than-using.ts';
import { commandEscapesSelect } from './policies/command-escapes-select.ts';
import { commandWithoutPolicy } from './policies/command-without-policy.ts';
import { contextCastUnguarded } from './policies/context-cast-unguarded.ts';
import { contextFailsOpen } from './policies/context-fails-open.ts';
import { contextManySettings } from './policies/context-many-settings.ts';
import { contextMixed } from './policies/context-mixed.ts';
import { currentUserShared } from './policies/current-user-shared.ts';
import { globalRowWritable } from './policies/global-row-writable.ts';
import { immutableContext } from './policies/immutable-context.ts';
import { policiesOrOpen } from './policies/policies-or-open.ts';
import { policyAlwaysTrue } from './policies/policy-always-true.ts';
import { policyForExemptRole } from './policies/policy-for-exempt-role.ts';
import { policyIgnoresTenant } from './policies/policy-ignores-tenant.ts';
import { policyInert } from './policies/policy-inert.ts';
import { policyReadsOpenTable } from './policies/policy-reads-open-table.ts';
import { policyRecursive } from './policies/policy-recursive.ts';
import { rlsNotForced } from './policies/rls-not-forced.ts';
import { rlsOff } from './policies/rls-off.ts';
import { tenantLiteral } from './policies/tenant-literal.ts';
import { volatileInPolicy } from './policies/volatile-in-policy.ts';
import { applicationRoleUnknown } from './roles/application-role-unknown.ts';
import { contextByDefault } from './roles/context-by-default.ts';
import { defaultPrivilegesOpen } from './roles/default-privileges-open.ts';
import { jobRoleBlind } from './roles/job-role-blind.ts';
import { monitoringRole } from './roles/monitoring-role.ts';
import { replicaModeSettable } from './roles/replica-mode-settable.ts';
import { roleExempt } from './roles/role-exempt.ts';
import { roleOwns } from './roles/role-owns.ts';
import { schemaWritable } from './roles/schema-writable.ts';
import { childTableReachable } from './around/child-table-reachable.ts';
import { definerFunctionOpen } from './around/definer-function-open.ts';
import { definerSearchPath } from './around/definer-search-path.ts';
import { foreignTableOpen } from './around/foreign-table-open.ts';
import { functionLeakproof } from './around/function-leakproof.ts';
import { largeObjectsShared } from './around/large-objects-shared.ts';
import { materializedViewOpen } from './around/materialized-view-open.ts';
import { publicationFilterBlocksWrites } from './around/publication-filter-blocks-writes.ts';
import { publicationUnfiltered } from './around/publication-unfiltered.ts';
import { ruleAsOwner } from './around/rule-as-owner.ts';
import { sequenceReadable } from './around/sequence-readable.ts';
import { tenantTriggerPartial } from './around/tenant-trigger-partial.ts';
import { triggerDisabled } from './around/trigger-disabled.ts';
import { viewExemptOwner } from './around/view-exempt-owner.ts';
import { wholeTableGrant } from './around/whole-table-grant.ts';
import { keyRules } from './keys/key-rules.ts';
import { ignoreDead } from './server/ignore-dead.ts';
import { serverCve } from './server/server-cve.ts';

/** The last one judges what the others saw. */
export const allRules: readonly IsolationRule[] = [
  checkWeakerThanUsing,
  commandEscapesSelect,
  commandWithoutPolicy,
  contextCastUnguarded,
  contextFailsOpen,
  contextManySettings,
  contextMixed,
  currentUserShared,
  globalRowWritable,
  immutableContext,
  policiesOrOpen,
  policyAlwaysTrue,
  policyForExemptRole,
  policyIgnoresTenant,
  policyInert,
  policyReadsOpenTable,
  policyRecursive,
  rlsNotForced,
  rlsOff,
  tenantLiteral,
  volatileInPolicy,
  applicationRoleUnknown,
  contextByDefault,
  defaultPrivilegesOpen,
  jobRoleBlind,
  monitoringRole,
  replicaModeSettable,
  roleExempt,
  roleOwns,
  schemaWritable,
  childTableReachable,
  definerFunctionOpen,
  definerSearchPath,
  foreignTableOpen,
  functionLeakproof,
  largeObjectsShared,
  materializedViewOpen,
  publicationFilterBlocksWrites,
  publicationUnfiltered,
  ruleAsOwner,
  sequenceReadable,
  tenantTriggerPartial,
  triggerDisabled,
  viewExemptOwner,
  wholeTableGrant,
  ...keyRules,
  serverCve,
  ignoreDead,
];
