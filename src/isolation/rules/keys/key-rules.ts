/** The rules of keys, owner columns and indexes, in the order in which they are listed. */
import type { IsolationRule } from '../../rule.ts';
import { childWithoutTenantColumn } from './child-without-tenant-column.ts';
import { enumColumn } from './enum-column.ts';
import { foreignKeyUnindexed } from './foreign-key-unindexed.ts';
import { indexNotLeakproof } from './index-not-leakproof.ts';
import { keyActsAcrossTenants } from './key-acts-across-tenants.ts';
import { keyCrossesTenants } from './key-crosses-tenants.ts';
import { keyNotEnforced } from './key-not-enforced.ts';
import { keyNotValidated } from './key-not-validated.ts';
import { keySetNullTenant } from './key-set-null-tenant.ts';
import { keyTenantOptional } from './key-tenant-optional.ts';
import { ownershipUnknown } from './ownership-unknown.ts';
import { secondOwnerUntied } from './second-owner-untied.ts';
import { tenantColumnNullable } from './tenant-column-nullable.ts';
import { tenantColumnType } from './tenant-column-type.ts';
import { tenantIndexMissing } from './tenant-index-missing.ts';
import { tenantRootUntied } from './tenant-root-untied.ts';
import { uniqueAcrossTenants } from './unique-across-tenants.ts';

export const keyRules: readonly IsolationRule[] = [
  keyActsAcrossTenants,
  keyCrossesTenants,
  keyTenantOptional,
  keySetNullTenant,
  keyNotValidated,
  keyNotEnforced,
  uniqueAcrossTenants,
  tenantColumnNullable,
  tenantColumnType,
  tenantRootUntied,
  childWithoutTenantColumn,
  secondOwnerUntied,
  ownershipUnknown,
  tenantIndexMissing,
  foreignKeyUnindexed,
  enumColumn,
  indexNotLeakproof,
];
