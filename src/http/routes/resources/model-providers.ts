/** Model providers. */
import { modelProviders } from '../../../platform/resources/model-providers.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { resourceRoutes } from './resource-routes.ts';

export function modelProviderRoutes(app: App, deps: AppDeps): void {
  resourceRoutes(app, deps, { resource: modelProviders });
}
