/** Every resource of the API, one line each. */
import type { App, AppDeps } from './app.ts';
import { replayAnswers } from './idempotency.ts';
import { apiKeyRoutes } from './routes/api-keys.ts';
import { appRoutes } from './routes/apps.ts';
import { assistantRoutes } from './routes/assistants.ts';
import { auditLogRoutes } from './routes/audit-log.ts';
import { defaultRoutes } from './routes/defaults.ts';
import { healthRoutes } from './routes/health.ts';
import { meRoutes } from './routes/me.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { modelProviderRoutes } from './routes/model-providers.ts';
import { modelRoutes } from './routes/models.ts';
import { serviceRoutes } from './routes/services.ts';
import { spaceRoutes } from './routes/spaces.ts';
import { templateRoutes } from './routes/templates.ts';
import { tenantRoutes } from './routes/tenants.ts';
import { userRoutes } from './routes/users.ts';
import { migrateAllRoutes } from './routes/migrate-all.ts';
import { migrateRoutes } from './routes/migrate.ts';
import { migrationRoutes } from './routes/migrations.ts';
import { retirementRoutes } from './routes/retirements.ts';
import { registryRoutes } from './routes/registry.ts';
import { runRoutes } from './routes/runs.ts';
import { runtimeRoutes } from './routes/runtimes.ts';
import { secretRoutes } from './routes/secrets.ts';
import { usageRoutes } from './routes/usage.ts';
import { workspaceRoutes } from './routes/workspaces.ts';
import { workspaceStateRoutes } from './routes/workspace-state.ts';
import { refuseUnknownQueries } from './validation.ts';

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
