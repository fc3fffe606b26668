/** Every route of the application, as it was registered: which methods a path has, and what asks for no credential. */
import type { RouteOptions } from 'fastify';
import type { App, DeclaredRoute } from '../contract.ts';

/** How a path finds its route, in the server and at the edge. */
export const routerOptions = { maxParamLength: 200 } as const;

/** Collects the routes that are registered after this. */
export class KnownRoutes {
  readonly #routes: {
    readonly url: string;
    readonly pattern: RegExp;
    readonly route: RouteOptions;
  }[] = [];

  constructor(app: App) {
    // What a route states may be added by later hooks; its path is that of now, because one route may be registered under two.
    app.addHook('onRoute', (route) => {
      this.#routes.push({ url: route.url, pattern: patternOf(route.url), route });
    });
  }

  /** The methods of a path, without its query; none where there is no such path. */
  methodsOf(path: string): string[] {
    // A wildcard says nothing about any one path.
    const routes = this.#routes.filter(({ url, pattern }) => !url.includes('*') && pattern.test(path));
    const methods = routes.flatMap(({ route }) => route.method);
    return [...new Set(methods)].toSorted();
  }

  /** The paths that answer whoever asks. */
  get open(): string[] {
    const open = this.#routes.filter(
      ({ url, route }) => !url.includes('*') && route.config?.access === 'none',
    );
    return [...new Set(open.map(({ url }) => url))].toSorted();
  }

  /**
   * Every route, for each of its methods. One that does not say who reaches it is for nobody. The router tells of some pages by their HEAD
   * alone, which there is only beside a GET.
   */
  get declared(): DeclaredRoute[] {
    const told = this.#routes.flatMap(({ url, route: { method, config } }) =>
      [method].flat().map((each) => ({ method: each, url, exposure: config?.exposure ?? 'internal' })),
    );
    const read = new Set(told.filter(({ method }) => method === 'GET').map(({ url }) => url));
    const untold = told.filter(({ method, url }) => method === 'HEAD' && !read.has(url));
    return [...told, ...untold.map((route) => ({ ...route, method: 'GET' }))];
  }
}

function patternOf(url: string): RegExp {
  const steps = url.split('/').map((step) => (step.startsWith(':') ? '[^/]+' : escaped(step)));
  return new RegExp(`^${steps.join('/')}$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
