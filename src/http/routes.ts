/** Every resource of the API, one line each. */
import type { App, AppDeps } from './app.ts';
import { healthRoutes } from './routes/health.ts';
import { meRoutes } from './routes/me.ts';
import { metricsRoutes } from './routes/metrics.ts';

export type Resource = (app: App, deps: AppDeps) => void;

export const resources: readonly Resource[] = [healthRoutes, metricsRoutes, meRoutes];
