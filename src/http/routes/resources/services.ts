/** Services. */
import { services } from '../../../platform/resources/services.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { resourceRoutes } from './resource-routes.ts';

export function serviceRoutes(app: App, deps: AppDeps): void {
  resourceRoutes(app, deps, { resource: services });
}
