/** The audit log. */
import { auditLog } from '../../../platform/resources/audit-log.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { resourceRoutes } from './resource-routes.ts';

export function auditLogRoutes(app: App, deps: AppDeps): void {
  resourceRoutes(app, deps, { resource: auditLog });
}
