/** Every route of the application, as it was registered: which methods a path has, and what asks for no credential. */
import type { RouteOptions } from 'fastify';
import type { App } from '../contract.ts';

/** Collects the routes that are registered after this. */
export class KnownRoutes {
  readonly #routes: { readonly pattern: RegExp; readonly route: RouteOptions }[] = [];

  constructor(app: App) {
    // What a route states may be added by later hooks. A wildcard says nothing about any one path.
    app.addHook('onRoute', (route) => {
      if (!route.url.includes('*')) this.#routes.push({ pattern: patternOf(route.url), route });
    });
  }

  /** The methods of a path, without its query; none where there is no such path. */
  methodsOf(path: string): string[] {
    const routes = this.#routes.filter(({ pattern }) => pattern.test(path));
    const methods = routes.flatMap(({ route }) => route.method);
    return [...new Set(methods)].toSorted();
  }

  /** The paths that answer whoever asks. */
  get open(): string[] {
    const open = this.#routes.filter(({ route }) => route.config?.access === 'none');
    return [...new Set(open.map(({ route }) => route.url))].toSorted();
  }
}

function patternOf(url: string): RegExp {
  const steps = url.split('/').map((step) => (step.startsWith(':') ? '[^/]+' : escaped(step)));
  return new RegExp(`^${steps.join('/')}$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
