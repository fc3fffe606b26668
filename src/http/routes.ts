/** Every route of the API, one line for each noun. */
import { apps } from '../platform/resources/apps.ts';
import { assistants } from '../platform/resources/assistants.ts';
import { auditLog } from '../platform/resources/audit-log.ts';
import { globalAppTemplates, globalAssistantTemplates } from '../platform/resources/global-templates.ts';
import { modelProviders } from '../platform/resources/model-providers.ts';
import { services } from '../platform/resources/services.ts';
import { appTemplates, assistantTemplates } from '../platform/resources/templates.ts';
import { userRoles, users } from '../platform/resources/users.ts';
import type { RegisterRoutes } from './contract.ts';
import { assessmentRoutes } from './routes/assessments/assessments.ts';
import { healthRoutes } from './routes/health/health.ts';
import { isolationRoutes } from './routes/health/isolation.ts';
import { migrateRoutes } from './routes/migrations/migrations.ts';
import { migrationRoutes } from './routes/migrations/migrations.ts';
import { rekeyRoutes } from './routes/migrations/rekeys.ts';
import { modelRoutes } from './routes/models/models.ts';
import { retirementRoutes } from './routes/models/retirements.ts';
import { usageRoutes } from './routes/models/usage.ts';
import { apiKeyRoutes, meRoutes } from './routes/resources/api-keys.ts';
import { declared } from './routes/resources/resource-routes.ts';
import { spaceRoutes } from './routes/resources/spaces.ts';
import { defaultRoutes, tenantRoutes } from './routes/resources/tenants.ts';
import { migrateAllRoutes } from './routes/runs/migrate-all.ts';
import { runRoutes } from './routes/runs/runs.ts';
import { registryRoutes, runtimeRoutes } from './routes/workspaces/runtimes.ts';
import { secretRoutes } from './routes/workspaces/secrets.ts';
import { workspaceStateRoutes } from './routes/workspaces/state.ts';
import { workspaceRoutes } from './routes/workspaces/workspaces.ts';

/** Everybody reads these templates; sysadmins write them. */
const forSysadmins = { writePrefix: '/api/v1/sysadmin' };

/** The document lists them in this order. */
export const routes: readonly RegisterRoutes[] = [
  healthRoutes,
  isolationRoutes,
  meRoutes,
  tenantRoutes,
  declared({ resource: userRoles }, { resource: users }),
  apiKeyRoutes,
  declared({ resource: modelProviders }),
  modelRoutes,
  defaultRoutes,
  spaceRoutes,
  declared({ resource: assistants }, { resource: apps }, { resource: services }),
  declared({ resource: assistantTemplates }, { resource: appTemplates }),
  declared(
    { resource: globalAssistantTemplates, ...forSysadmins },
    { resource: globalAppTemplates, ...forSysadmins },
  ),
  declared({ resource: auditLog }),
  migrateRoutes,
  migrateAllRoutes,
  runRoutes,
  migrationRoutes,
  rekeyRoutes,
  usageRoutes,
  retirementRoutes,
  assessmentRoutes,
  workspaceRoutes,
  workspaceStateRoutes,
  secretRoutes,
  runtimeRoutes,
  registryRoutes,
];
