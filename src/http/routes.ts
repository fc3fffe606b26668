/** Every resource of the API, one line each. */
import type { App, AppDeps } from './app.ts';
import { meRoutes } from './routes/me.ts';

export type Resource = (app: App, deps: AppDeps) => void;

export const resources: readonly Resource[] = [meRoutes];
