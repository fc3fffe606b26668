/** Figures for Prometheus. Routes are counted by their pattern, never by their path, which holds ids. */
import { collectDefaultMetrics, Gauge as PromGauge, Histogram, Registry } from 'prom-client';
import type { App, AppDeps } from '../server/app.ts';
import { within } from './within.ts';

/** A figure that is read when somebody asks for it. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  /** A value for each word of the label. */
  readonly read: () => Promise<readonly { readonly word: string; readonly value: number }[]>;
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Measures every request, and answers `/metrics`. */
export function measureRequests(app: App, deps: AppDeps): void {
  const registry = new Registry();
  const durations = new Histogram({
    name: 'drover_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last byte of its answer.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: seconds,
    registers: [registry],
  });
  collectDefaultMetrics({ register: registry });
  for (const gauge of [...poolGauges(deps), ...(deps.gauges ?? [])])
    registry.registerMetric(readWhenAsked(gauge, deps));
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    durations.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    done();
  });
  app.decorate('metrics', registry);
}

declare module 'fastify' {
  interface FastifyInstance {
    metrics: Registry;
  }
}

const readLimitMs = 1000;

/** A figure that cannot be read, or not in time, is missing: the others are needed the more then. */
function readWhenAsked({ name, help, label, read }: Gauge, { log }: AppDeps): PromGauge {
  let reading: ReturnType<Gauge['read']> | undefined;
  // One that hangs is not asked again on top of itself.
  const values = (): ReturnType<Gauge['read']> =>
    (reading ??= read()
      .catch((error: unknown) => {
        log?.warn({ err: error, gauge: name }, 'a figure could not be read');
        return [];
      })
      .finally(() => (reading = undefined)));
  return new PromGauge({
    name,
    help,
    labelNames: [label],
    registers: [],
    async collect() {
      this.reset();
      for (const each of await within(readLimitMs, values(), []))
        this.set({ [label]: each.word }, each.value);
    },
  });
}

/** Connections to a server; an embedded database has one. */
function poolGauges({ platform }: AppDeps): Gauge[] {
  const { database } = platform;
  if (database.connections === undefined) return [];
  const read: Gauge['read'] = () =>
    Promise.resolve(Object.entries(database.connections?.() ?? {}).map(([word, value]) => ({ word, value })));
  return [
    { name: 'drover_database_connections', help: 'Connections to the database.', label: 'state', read },
  ];
}
