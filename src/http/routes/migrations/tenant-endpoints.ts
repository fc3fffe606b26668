/**
 * What is done to a tenant's rows has two sets of endpoints: those of the tenant itself, and those of an operator, who names the tenant in
 * the path and stays the actor. The key of the shared rows stands for a tenant there. Every route is stated once and registered in both
 * sets.
 */
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { isSharedRows } from '../../../engine/tenant.ts';
import { DroverError } from '../../../errors.ts';
import type { AccessScope, Role } from '../../../platform/access/caller.ts';
import type { Acting } from '../../../platform/migrations/migrate-model.ts';
import type { Platform } from '../../../platform/open.ts';
import { hasTenant } from '../../../platform/rows/tenants.ts';
import { callerOf } from '../../api/access.ts';
import type { Access } from '../../contract.ts';
import { rowId } from '../../schemas.ts';

export interface TenantEndpoints {
  /** Where the paths begin. */
  readonly prefix: string;
  /** The id of an operation in this set. */
  readonly operation: (name: string) => string;
  readonly summary: (text: string) => string;
  /** The parameters of the path that name the tenant. */
  readonly params: z.ZodRawShape;
  readonly access: (role: Role, scope: AccessScope) => Access;
  /** Whose migrations, and who acts. @throws NOT_FOUND if an operator names a tenant that does not exist */
  readonly acting: (request: FastifyRequest) => Promise<Acting>;
}

/** Both sets. */
export function tenantEndpoints(platform: Platform): readonly TenantEndpoints[] {
  return [ownEndpoints, operatorEndpoints(platform)];
}

const ownEndpoints: TenantEndpoints = {
  prefix: '/api/v1',
  operation: (name) => name,
  summary: (text) => text,
  params: {},
  access: (role, scope) => ({ role, scope }),
  acting: (request) => Promise.resolve(callerOf(request)),
};

function operatorEndpoints(platform: Platform): TenantEndpoints {
  return {
    prefix: '/api/v1/sysadmin/tenants/:tenant_id',
    operation: (name) => `${name}OfTenant`,
    summary: (text) => `${text}, of any tenant`,
    params: { tenant_id: rowId },
    access: (_, scope) => ({ role: 'sysadmin', scope }),
    acting: async (request) => {
      const { tenant_id: asked } = request.params as { tenant_id: string };
      const tenantId = asked.toLowerCase();
      if (isSharedRows(tenantId) || (await hasTenant(platform, tenantId)))
        return { tenantId, actor: callerOf(request).actor };
      throw new DroverError('NOT_FOUND', 'There is no such tenant.');
    },
  };
}
