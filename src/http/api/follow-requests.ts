/**
 * What a request leaves: an id in the answer and in each line of the log, one line of its own, and a duration among the
 * figures for Prometheus. Figures name the pattern of a route and never its path, which holds ids.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { collectDefaultMetrics, Gauge as PromGauge, Histogram, Registry } from 'prom-client';
import type { App, AppDeps, Gauge } from '../contract.ts';
import { within } from './within.ts';

const header = 'x-request-id';

/** A caller finds its own id again if it is short and plain; any other request gets a new one. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers[header];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
}

/** Logs the path without its query, and no header and no body. */
export function followRequests(app: App): void {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header(header, request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, caller } = request;
    request.log.info(
      {
        method,
        path: request.url.split('?')[0],
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        ...(caller ? { tenant: caller.tenantId, user: caller.userId } : {}),
      },
      'request',
    );
    done();
  });
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Measures every request. `app.metrics` renders all figures. */
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

const readLimitMs = 1000;

/** A figure that cannot be read in time is left out; the others are still answered. */
function readWhenAsked({ name, help, label, read }: Gauge, { log }: AppDeps): PromGauge {
  let reading: ReturnType<Gauge['read']> | undefined;
  // While one reading hangs, no second one begins.
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
    labelNames: label === undefined ? [] : [label],
    registers: [],
    async collect() {
      this.reset();
      for (const each of await within(readLimitMs, values(), []))
        this.set(label === undefined || each.word === undefined ? {} : { [label]: each.word }, each.value);
    },
  });
}

/** Connections to a server. An embedded database has one, and no figure. */
function poolGauges({ platform }: AppDeps): Gauge[] {
  const { database } = platform;
  if (database.connections === undefined) return [];
  const read: Gauge['read'] = () =>
    Promise.resolve(Object.entries(database.connections?.() ?? {}).map(([word, value]) => ({ word, value })));
  return [
    { name: 'drover_database_connections', help: 'Connections to the database.', label: 'state', read },
  ];
}
