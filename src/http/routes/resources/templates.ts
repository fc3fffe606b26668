/** Templates of a tenant, and those for everybody: all read these, and sysadmins write them. */
import {
  globalAppTemplates,
  globalAssistantTemplates,
} from '../../../platform/resources/global-templates.ts';
import { appTemplates, assistantTemplates } from '../../../platform/resources/templates.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { resourceRoutes } from './resource-routes.ts';

export function templateRoutes(app: App, deps: AppDeps): void {
  for (const resource of [assistantTemplates, appTemplates]) resourceRoutes(app, deps, { resource });
  for (const resource of [globalAssistantTemplates, globalAppTemplates])
    resourceRoutes(app, deps, { resource, writePrefix: '/api/v1/sysadmin' });
}
