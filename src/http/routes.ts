/** Every resource of the API, one line each. */
import type { App, AppDeps } from './server/app.ts';
import { replayAnswers } from './api/idempotency.ts';
import { apiKeyRoutes } from './routes/resources/api-keys.ts';
import { appRoutes } from './routes/resources/apps.ts';
import { assistantRoutes } from './routes/resources/assistants.ts';
import { auditLogRoutes } from './routes/resources/audit-log.ts';
import { defaultRoutes } from './routes/resources/defaults.ts';
import { healthRoutes } from './routes/health/health.ts';
import { meRoutes } from './routes/resources/me.ts';
import { metricsRoutes } from './routes/health/metrics.ts';
import { modelProviderRoutes } from './routes/resources/model-providers.ts';
import { modelRoutes } from './routes/models/models.ts';
import { serviceRoutes } from './routes/resources/services.ts';
import { spaceRoutes } from './routes/resources/spaces.ts';
import { templateRoutes } from './routes/resources/templates.ts';
import { tenantRoutes } from './routes/resources/tenants.ts';
import { userRoutes } from './routes/resources/users.ts';
import { migrateAllRoutes } from './routes/runs/migrate-all.ts';
import { migrateRoutes } from './routes/migrations/migrate.ts';
import { migrationRoutes } from './routes/migrations/migrations.ts';
import { retirementRoutes } from './routes/models/retirements.ts';
import { registryRoutes } from './routes/workspaces/registry.ts';
import { runRoutes } from './routes/runs/runs.ts';
import { runtimeRoutes } from './routes/workspaces/runtimes.ts';
import { secretRoutes } from './routes/workspaces/secrets.ts';
import { usageRoutes } from './routes/models/usage.ts';
import { workspaceRoutes } from './routes/workspaces/workspaces.ts';
import { workspaceStateRoutes } from './routes/workspaces/state.ts';
import { refuseUnknownQueries } from './api/validation.ts';

export type Resource = (app: App, deps: AppDeps) => void;

/** Hooks hold for the routes that are registered after them, so they come first. */
export const resources: readonly Resource[] = [
  refuseUnknownQueries,
  replayAnswers,
  healthRoutes,
  metricsRoutes,
  meRoutes,
  tenantRoutes,
  userRoutes,
  apiKeyRoutes,
  modelProviderRoutes,
  modelRoutes,
  defaultRoutes,
  spaceRoutes,
  assistantRoutes,
  appRoutes,
  serviceRoutes,
  templateRoutes,
  auditLogRoutes,
  migrateRoutes,
  migrateAllRoutes,
  runRoutes,
  migrationRoutes,
  usageRoutes,
  retirementRoutes,
  workspaceRoutes,
  workspaceStateRoutes,
  secretRoutes,
  runtimeRoutes,
  registryRoutes,
];
