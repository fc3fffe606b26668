/** Every resource of the API, one line each. */
import type { App, AppDeps } from './app.ts';
import { replayAnswers } from './idempotency.ts';
import { healthRoutes } from './routes/health.ts';
import { meRoutes } from './routes/me.ts';
import { metricsRoutes } from './routes/metrics.ts';

export type Resource = (app: App, deps: AppDeps) => void;

/** Hooks hold for the routes that are registered after them, so they come first. */
export const resources: readonly Resource[] = [replayAnswers, healthRoutes, metricsRoutes, meRoutes];
