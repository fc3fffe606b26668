/** Apps. */
import { apps } from '../../../platform/resources/apps.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { resourceRoutes } from './resource-routes.ts';

export function appRoutes(app: App, deps: AppDeps): void {
  resourceRoutes(app, deps, { resource: apps });
}
