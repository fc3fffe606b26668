/** People and their roles. */
import { userRoles, users } from '../../../platform/resources/users.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { resourceRoutes } from './resource-routes.ts';

export function userRoutes(app: App, deps: AppDeps): void {
  resourceRoutes(app, deps, { resource: userRoles });
  resourceRoutes(app, deps, { resource: users });
}
