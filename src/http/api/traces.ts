/**
 * Traces of requests and of their transactions, sent to a collector (OTEL_EXPORTER_OTLP_ENDPOINT). Without one these
 * calls do nothing. Spans hold routes and statuses, never paths, headers, bodies or SQL.
 */
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Database } from '../../postgres/driver/database.ts';
import { DroverError } from '../../errors.ts';
import type { App } from '../contract.ts';

const tracer = trace.getTracer('drover');

/** Continues a trace that began at the caller. The span of the request ends with the answer. */
export function traceRequests(app: App): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    const from = propagation.extract(context.active(), request.headers);
    const attributes = { 'http.request.method': request.method, 'http.route': route };
    const span = tracer.startSpan(`${request.method} ${route}`, { kind: SpanKind.SERVER, attributes }, from);
    request.span = span;
    context.with(trace.setSpan(from, span), done);
  });
  app.addHook('onResponse', ({ span }, reply, done) => {
    span?.setAttribute('http.response.status_code', reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    done();
  });
}

/** The database, with a span for each transaction. */
export function traceDatabase(database: Database): Database {
  return {
    engine: database.engine,
    transaction: (...asked) => traced(() => database.transaction(...asked)),
    alone: (work) => database.alone(work),
    ...(database.connections === undefined
      ? {}
      : { connections: () => database.connections?.() ?? noConnections }),
    ...(database.ping === undefined ? {} : { ping: async () => database.ping?.() }),
    close: () => database.close(),
  };
}

const noConnections = { busy: 0, idle: 0, waiting: 0 };

function traced<T>(transaction: () => Promise<T>): Promise<T> {
  const attributes = { 'db.system.name': 'postgresql' };
  return tracer.startActiveSpan('transaction', { kind: SpanKind.CLIENT, attributes }, async (span) => {
    try {
      return await transaction();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/**
 * Sends spans to a collector until the returned function is called. Only this loads the packages, which are 25 MB and therefore
 * installed only by those who trace.
 * @throws CONFIG_INVALID where they are not installed.
 */
export async function startTracing(url: string, version: string): Promise<() => Promise<void>> {
  const { sdk, exporter, resources } = await loadSender();
  const target = new URL('v1/traces', url.endsWith('/') ? url : `${url}/`).href;
  const provider = new sdk.NodeTracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': 'drover', 'service.version': version }),
    spanProcessors: [new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter({ url: target }))],
  });
  provider.register();
  return () => provider.shutdown();
}

async function loadSender() {
  try {
    return {
      sdk: await import('@opentelemetry/sdk-trace-node'),
      exporter: await import('@opentelemetry/exporter-trace-otlp-http'),
      resources: await import('@opentelemetry/resources'),
    };
  } catch (cause) {
    throw new DroverError('CONFIG_INVALID', noSender, {}, { cause });
  }
}

const noSender =
  'OTEL_EXPORTER_OTLP_ENDPOINT is set, and the packages that send traces are not installed beside Drover. ' +
  'Unset it, or run: npm install -g @opentelemetry/sdk-trace-node@2 @opentelemetry/exporter-trace-otlp-http@0.223 ' +
  '@opentelemetry/resources@2';
