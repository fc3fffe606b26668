/**
 * A server: database, application, parts, and one way to stop. A server that stops takes nothing new, lets requests and
 * parts finish, and closes the database last. Stopping takes a bounded time, whatever hangs.
 */
import { createServer } from 'node:net';
import type { Logger } from 'pino';
import type { ServerSettings } from '../../config.ts';
import { createOidcVerifier } from '../../platform/access/oidc.ts';
import type { Asked } from '../../platform/own-database.ts';
import { openPlatform, type Platform } from '../../platform/open.ts';
import { seedWithKeys, type FirstKey } from '../../platform/demo/seed.ts';
import { readSecretKeys } from '../../platform/secrets/key-file.ts';
import { openRegistry, type Reloading } from '../../platform/workspaces/live-registry.ts';
import type { Routing } from '../../platform/workspaces/routing.ts';
import { type DatabaseTarget, openDatabase } from '../../postgres/driver/connect.ts';
import type { Database } from '../../postgres/driver/database.ts';
import type { ModelKnowledge } from '../../engine/models/knowledge.ts';
import { loadRegistryFolder } from '../../registry/load/folder.ts';
import { type Address, addressUnavailable, urlOf } from '../api/address.ts';
import { startTracing, traceDatabase } from '../api/traces.ts';
import { within } from '../api/within.ts';
import type { App } from '../contract.ts';
import { buildApp } from './app.ts';
import { type ServerPart, partsOf } from './parts.ts';

export interface ServeInput {
  readonly target: DatabaseTarget;
  /** May Drover's own schema be made where it is not there? Not by default, except in a new folder. */
  readonly ask?: Asked;
  /** Fills an embedded database that has no tenant with the demo. */
  readonly demo: boolean;
  readonly settings: ServerSettings;
  readonly version: string;
  readonly log: Logger;
  /** Where development keeps the key of secrets. */
  readonly dataFolder: string;
  /** The built-in registry by default. */
  readonly registryFolder?: string;
}

export interface RunningServer {
  /** Where it listens: http://127.0.0.1:3000 */
  readonly url: string;
  /** Paths that answer whoever reaches the server, without a credential. */
  readonly open: readonly string[];
  /** Keys of the demo, if nobody was given any before. They are shown here only. */
  readonly firstKeys: readonly FirstKey[];
  /** False if something did not finish in time, and may keep the process from ending. May be called twice. */
  stop(): Promise<boolean>;
  /** Reads the registry again; a broken one changes nothing. */
  reload(): Promise<void>;
}

/** @throws ADDRESS_UNAVAILABLE, and the errors of opening the database */
export async function startServer(input: ServeInput): Promise<RunningServer> {
  const { settings, version, log } = input;
  await tryAddress(settings);
  const endTracing =
    settings.tracesUrl === undefined ? undefined : await startTracing(settings.tracesUrl, version);
  // A server without its keys does not touch its database.
  const keysIn = readSecretKeys(settings);
  const database = await openForServer(input);
  const stopping = new AbortController();
  try {
    // The registry needs an open platform, and the platform a way to ask the registry. Plans ask later.
    const live: { registry?: Reloading } = {};
    const knowledge = (): ModelKnowledge | undefined => live.registry?.knowledge();
    const platform = await openPlatform(database, { install: true, knowledge, ...input.ask });
    const keys = keysIn(input.dataFolder);
    const seeds = input.demo && database.engine === 'embedded';
    const firstKeys = seeds ? await seedWithKeys(platform) : [];
    const registry = await readRegistry(input, platform);
    live.registry = registry;
    const parts = partsOf(platform, registry, { ...settings, log });
    const routing = { registry, keys, now: () => new Date(), reload: () => registry.reload() };
    const app = await build(input, { platform, parts, routing, stopping: stopping.signal });
    const url = await listen(app, settings);
    for (const part of parts) await part.start?.();
    const stop = (): Promise<boolean> => stopAll({ app, parts, database, stopping, endTracing }, input);
    let stopped: Promise<boolean> | undefined;
    return {
      url,
      open: app.known.open,
      firstKeys,
      stop: () => (stopped ??= stop()),
      reload: () => reload(registry, log),
    };
  } catch (error) {
    await database.close();
    await endTracing?.();
    throw error;
  }
}

const addressOptions = '--port or --host';

/**
 * Listens for a moment. A new database shows its keys once, when the server listens; it must not be made if the server cannot listen.
 * @throws ADDRESS_UNAVAILABLE
 */
async function tryAddress(address: Address): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen({ ...address }, () => resolve());
  }).catch((error: unknown) => {
    throw addressUnavailable(address, error, addressOptions);
  });
  await new Promise((resolve) => probe.close(resolve));
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

interface BuiltServer {
  readonly routing: Routing;
  readonly platform: Platform;
  readonly parts: readonly ServerPart[];
  readonly stopping: AbortSignal;
}

function build(
  { settings, version, log }: ServeInput,
  { platform, parts, routing, stopping }: BuiltServer,
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
    throw addressUnavailable({ host, port }, error, addressOptions);
  }
  return urlOf(app.server, 'http', host);
}

interface ServerAtWork {
  readonly app: App;
  readonly parts: readonly ServerPart[];
  readonly database: Database;
  readonly stopping: AbortController;
  readonly endTracing: (() => Promise<void>) | undefined;
}

async function stopAll(running: ServerAtWork, { settings, log }: ServeInput): Promise<boolean> {
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

/** Did the work end in time? An error in it does not keep the server from stopping. */
function ends(limitMs: number, work: readonly Promise<unknown>[]): Promise<boolean> {
  return within(
    limitMs,
    Promise.allSettled(work).then(() => true),
    false,
  );
}
