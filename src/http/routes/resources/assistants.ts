/** Assistants. */
import { assistants } from '../../../platform/resources/assistants.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { resourceRoutes } from './resource-routes.ts';

export function assistantRoutes(app: App, deps: AppDeps): void {
  resourceRoutes(app, deps, { resource: assistants });
}
