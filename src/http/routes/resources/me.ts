/** Who the caller is, as Drover sees it. */
import { z } from 'zod';
import { callerOf } from '../../api/access.ts';
import type { App } from '../../server/app.ts';
import { rowId } from '../../schemas.ts';

const me = z
  .object({
    tenant_id: rowId,
    user_id: rowId,
    role: z.enum(['sysadmin', 'admin', 'member', 'viewer']),
    scopes: z.array(z.string()),
    actor: z.string().describe('How records name the caller'),
  })
  .meta({ id: 'Me' });

export function meRoutes(app: App): void {
  app.route({
    method: 'GET',
    url: '/api/v1/me',
    config: { access: { role: 'viewer', scope: null }, exposure: 'authenticated' },
    schema: { tags: ['me'], operationId: 'getMe', summary: 'Who the caller is', response: { 200: me } },
    handler: (request) => {
      const { tenantId, userId, role, scopes, actor } = callerOf(request);
      return { tenant_id: tenantId, user_id: userId, role, scopes: [...scopes], actor };
    },
  });
}
