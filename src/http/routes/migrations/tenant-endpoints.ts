/**
 * The two doors to a tenant's migrations: its own, where the tenant is the caller's, and that of an operator, who names the tenant in
 * the path and stays the actor. Every route is stated once and registered for both.
 */
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { DroverError } from '../../../errors.ts';
import type { AccessScope, Role } from '../../../platform/access/caller.ts';
import type { Acting } from '../../../platform/migrate-model.ts';
import type { Platform } from '../../../platform/open.ts';
import { hasTenant } from '../../../platform/rows/tenant-row.ts';
import { type Access, callerOf } from '../../api/access.ts';
import { rowId } from '../../schemas.ts';

export interface TenantDoor {
  /** Before the path of the resource. */
  readonly prefix: string;
  /** Before the operation's id, so that the two have different ones. */
  readonly operation: (name: string) => string;
  readonly summary: (text: string) => string;
  /** The parameters of the path that say whose it is. */
  readonly params: z.ZodRawShape;
  readonly access: (role: Role, scope: AccessScope) => Access;
  /** Whose migrations, and who acts. @throws NOT_FOUND where an operator names no tenant */
  readonly acting: (request: FastifyRequest) => Promise<Acting>;
}

/** Both doors. */
export function tenantDoors(platform: Platform): readonly TenantDoor[] {
  return [ownDoor, operatorDoor(platform)];
}

const ownDoor: TenantDoor = {
  prefix: '/api/v1',
  operation: (name) => name,
  summary: (text) => text,
  params: {},
  access: (role, scope) => ({ role, scope }),
  acting: (request) => Promise.resolve(callerOf(request)),
};

function operatorDoor(platform: Platform): TenantDoor {
  return {
    prefix: '/api/v1/sysadmin/tenants/:tenant_id',
    operation: (name) => `${name}OfTenant`,
    summary: (text) => `${text}, of any tenant`,
    params: { tenant_id: rowId },
    access: (_, scope) => ({ role: 'sysadmin', scope }),
    acting: async (request) => {
      const { tenant_id: asked } = request.params as { tenant_id: string };
      const tenantId = asked.toLowerCase();
      if (await hasTenant(platform, tenantId)) return { tenantId, actor: callerOf(request).actor };
      throw new DroverError('NOT_FOUND', 'There is no such tenant.');
    },
  };
}
