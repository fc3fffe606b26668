/**
 * A server: database, application, parts, and one way to stop. Stopping takes nothing new, lets requests and parts finish
 * what is under way, and closes the database last; it takes a bounded time whatever hangs.
 */
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { ServerSettings } from '../../config.ts';
import { createOidcVerifier } from '../../platform/access/oidc.ts';
import { openPlatform, type Platform } from '../../platform/open.ts';
import { seedWithKeys, type FirstKey } from '../../platform/access/first-keys.ts';
import { openSecretKeys } from '../../platform/secrets/key-file.ts';
import { openRegistry, type Reloading } from '../../platform/workspaces/live-registry.ts';
import type { Routing } from '../../platform/workspaces/routing.ts';
import { type DatabaseTarget, openDatabase } from '../../postgres/driver/connect.ts';
import type { Database } from '../../postgres/driver/database.ts';
import type { ModelKnowledge } from '../../engine/models/knowledge.ts';
import { loadRegistryFolder } from '../../registry/load/folder.ts';
import { addressUnavailable, tryAddress } from './address.ts';
import { type App, buildApp } from './app.ts';
import { type Part, partsOf } from './parts.ts';
import { startTracing, traceDatabase } from './traces.ts';
import { within } from './within.ts';

export interface ServeInput {
  readonly target: DatabaseTarget;
  /** Put the demo into an embedded database that has no tenant. */
  readonly demo: boolean;
  readonly settings: ServerSettings;
  readonly version: string;
  readonly log: Logger;
  /** Where a key for secrets is kept in development. */
  readonly dataFolder: string;
  /** The registry; the built-in one where it is not given. */
  readonly registryFolder?: string;
}

export interface RunningServer {
  /** Where it listens: http://127.0.0.1:3000 */
  readonly url: string;
  /** Keys of the demo where this start made it; they are nowhere else. */
  readonly firstKeys: readonly FirstKey[];
  /** False where something did not finish in time and may keep the process from ending. May be called twice. */
  stop(): Promise<boolean>;
  /** Reads the registry again; a broken one changes nothing. */
  reload(): Promise<void>;
}

/** @throws ADDRESS_UNAVAILABLE, and whatever opening the database throws */
export async function startServer(input: ServeInput): Promise<RunningServer> {
  const { settings, version, log } = input;
  await tryAddress(settings);
  const endTracing =
    settings.tracesUrl === undefined ? undefined : await startTracing(settings.tracesUrl, version);
  // Before anything is opened: a server that may not run does not touch its database.
  const keys = openSecretKeys(settings, input.dataFolder);
  const database = await openForServer(input);
  const stopping = new AbortController();
  try {
    // Plans ask for it later than the registry is read, for which the platform must be open.
    const live: { registry?: Reloading } = {};
    const knowledge = (): ModelKnowledge | undefined => live.registry?.knowledge();
    const platform = await openPlatform(database, { install: true, knowledge });
    const seeds = input.demo && database.engine === 'embedded';
    const firstKeys = seeds ? await seedWithKeys(platform) : [];
    const registry = await readRegistry(input, platform);
    live.registry = registry;
    const parts = partsOf(platform, registry, log);
    const routing = { registry, keys, now: () => new Date(), reload: () => registry.reload() };
    const app = await build(input, { platform, parts, routing, stopping: stopping.signal });
    const url = await listen(app, settings);
    for (const part of parts) await part.start?.();
    const stop = (): Promise<boolean> => stopAll({ app, parts, database, stopping, endTracing }, input);
    let stopped: Promise<boolean> | undefined;
    return { url, firstKeys, stop: () => (stopped ??= stop()), reload: () => reload(registry, log) };
  } catch (error) {
    await database.close();
    await endTracing?.();
    throw error;
  }
}

async function openForServer({ target, settings }: ServeInput): Promise<Database> {
  const database = await openDatabase(
    'url' in target ? { ...target, poolSize: settings.poolSize } : { ...target, ownThread: true },
  );
  return settings.tracesUrl === undefined ? database : traceDatabase(database);
}

/** A broken registry does not keep the server from starting: it is not ready, and says why. */
async function readRegistry({ registryFolder, log }: ServeInput, platform: Platform): Promise<Reloading> {
  const registry = await openRegistry({ platform, load: () => loadRegistryFolder(registryFolder) });
  report(registry, log);
  return registry;
}

async function reload(registry: Reloading, log: Logger): Promise<void> {
  await registry
    .reload()
    .catch((error: unknown) => log.error({ err: error }, 'the registry was not read again'));
  report(registry, log);
}

function report(registry: Reloading, log: Logger): void {
  const loaded = registry.current();
  const version = loaded.kind === 'ok' ? loaded.routes.version : null;
  const problems = registry.problems();
  if (problems.length === 0) log.info({ registry: version }, 'the registry is in force');
  else log.error({ registry: version, problems }, 'the registry is broken');
}

interface Built {
  readonly routing: Routing;
  readonly platform: Platform;
  readonly parts: readonly Part[];
  readonly stopping: AbortSignal;
}

function build(
  { settings, version, log }: ServeInput,
  { platform, parts, routing, stopping }: Built,
): Promise<App> {
  return buildApp({
    platform,
    routing,
    version,
    build: settings.build,
    settings,
    log,
    stopping,
    checks: parts.flatMap(({ checks = [] }) => checks),
    gauges: parts.flatMap(({ gauges = [] }) => gauges),
    ...(settings.oidc === undefined ? {} : { verifyToken: createOidcVerifier(settings.oidc) }),
  });
}

async function listen(app: App, { host, port }: ServerSettings): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw addressUnavailable({ host, port }, error);
  }
  const bound = app.server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`;
}

interface Running {
  readonly app: App;
  readonly parts: readonly Part[];
  readonly database: Database;
  readonly stopping: AbortController;
  readonly endTracing: (() => Promise<void>) | undefined;
}

async function stopAll(running: Running, { settings, log }: ServeInput): Promise<boolean> {
  const { app, parts, database, stopping, endTracing } = running;
  log.info('stopping');
  stopping.abort();
  const finished = await ends(settings.stopTimeoutMs, [
    app.close(),
    ...parts.map(async (part) => part.stop?.()),
  ]);
  if (!finished) {
    log.warn('requests or parts did not finish in time and are cut off');
    app.server.closeAllConnections();
  }
  const closed = await ends(5000, [database.close(), Promise.resolve(endTracing?.())]);
  log.info({ finished, closed }, 'stopped');
  return finished && closed;
}

/** Did the work end in time? What goes wrong with it is no reason not to stop. */
function ends(limitMs: number, work: readonly Promise<unknown>[]): Promise<boolean> {
  return within(
    limitMs,
    Promise.allSettled(work).then(() => true),
    false,
  );
}
