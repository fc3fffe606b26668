/**
 * Server-sent events of a run. Every event has the number of the run's event as its id, so that a client that comes back with
 * `Last-Event-ID` gets what it missed, and nothing twice. A comment every fifteen seconds shows proxies that the line is alive. After
 * the event `end` the stream ends, and a client that comes back after it is told to stay away (204).
 */
import { Readable } from 'node:stream';
import { followEvents } from '../../../fleet/follow.ts';
import type { RunEvent } from '../../../postgres/runs/events.ts';
import type { Site } from '../../../postgres/scope/site.ts';
import { whyJson } from './schemas.ts';

export interface Streamed {
  readonly runId: string;
  /** The last event that the client has seen; 0 for none. */
  readonly after: number;
  /** The server is stopping, or the client has gone. */
  readonly signal: AbortSignal;
  /** Then the stream ends and the client, coming back, is asked again who it is; ten minutes where it is not given. */
  readonly lifeMs?: number;
  readonly heartbeatMs?: number;
}

/** The stream; destroying it frees all that it holds. */
export function streamEvents(site: Site, about: Streamed): Readable {
  const gone = new AbortController();
  const { lifeMs = 600_000 } = about;
  const signal = AbortSignal.any([about.signal, gone.signal, AbortSignal.timeout(lifeMs)]);
  const stream = Readable.from(textOf(site, { ...about, signal }), { objectMode: false });
  stream.once('close', () => gone.abort());
  return stream;
}

async function* textOf(site: Site, { heartbeatMs = 15_000, ...about }: Streamed): AsyncGenerator<string> {
  yield 'retry: 2000\n\n';
  let silentSince = Date.now();
  for await (const events of followEvents(site, { ...about, pollMs: 250 })) {
    if (events.length > 0) yield events.map(eventText).join('');
    else if (Date.now() - silentSince >= heartbeatMs) yield ': alive\n\n';
    else continue;
    silentSince = Date.now();
  }
}

/** JSON has no line break of its own, so the data is one line. */
function eventText(event: RunEvent): string {
  return `id: ${event.number}\nevent: ${event.kind}\ndata: ${JSON.stringify({ at: event.at, ...dataOf(event) })}\n\n`;
}

function dataOf({ kind, data }: RunEvent): Record<string, unknown> {
  if (kind === 'tenant') {
    const {
      tenant,
      tenantName,
      status,
      code = null,
      message = null,
      migrationId,
      migratedCount,
      durationMs,
    } = data;
    return {
      tenant_id: tenant,
      tenant_name: tenantName,
      status,
      ...whyJson({ status: String(status), code: code as string | null, message: message as string | null }),
      migration_id: migrationId ?? null,
      migrated_count: migratedCount,
      duration_seconds: typeof durationMs === 'number' ? durationMs / 1000 : null,
    };
  }
  const { status, statusReason, throttleReason, total, pending, succeeded, failed, skipped, migratedCount } =
    data;
  return {
    status,
    status_reason: statusReason,
    throttle_reason: throttleReason,
    total_tenants: total,
    pending,
    succeeded,
    failed,
    skipped,
    migrated_count: migratedCount,
  };
}
