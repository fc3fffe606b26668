import type { Command } from 'commander';
import type { ServerSettings } from '../../config.ts';
import type { RunningServer } from '../../http/server/serve.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { ownDatabase, withInstall } from '../own-database.ts';
import type { OwnOptions } from '../own-database.ts';
import { keyFolder, shownUrl, usage } from '../../site/where.ts';
import type { Where } from '../../site/where.ts';

interface ServeOptions extends OwnOptions {
  readonly port?: string;
  readonly host?: string;
  readonly demo: boolean;
}

/** `drover serve`: the HTTP API, on an embedded database or on a server's. */
export const serve: Verb = {
  name: 'serve',
  summary: 'serve the HTTP API and work on runs, until Ctrl-C',
  waits: true,
  define: (command) =>
    withInstall(command)
      .option('--data <folder>', 'embedded database; made where it is not there (default: ./drover-data)')
      .option('--database <url>', 'postgres://… (or DATABASE_URL)')
      .option('--port <number>', 'port to listen on, 0 for a free one (default: PORT, or 3000)')
      .option('--host <address>', 'address to listen on (default: HOST, or 127.0.0.1)')
      .option('--no-demo', 'leave a new embedded database empty'),
  run,
};

async function run(session: Session, command: Command): Promise<number> {
  // Only here: it takes longer to load than most commands take to run.
  const { createLog } = await import('../../http/server/log.ts');
  const { startServer } = await import('../../http/server/serve.ts');
  const options = command.opts<ServeOptions>();
  const { where, settings, ask } = ownDatabase(session, options);
  const { registryFolder } = session.environment;
  const serverSettings = withOptions(settings, options);
  const server = await startServer({
    target: where.kind === 'own' ? { dataDir: where.dataDir } : where.target,
    demo: options.demo,
    ask,
    settings: serverSettings,
    version: session.version,
    log: createLog({ level: settings.logLevel }),
    dataFolder: keyFolder(where, session.environment),
    ...(registryFolder === undefined ? {} : { registryFolder }),
  });
  announce(session, where, server);
  for (const line of openNotice(serverSettings.host, server.open)) session.terminal.err(line);
  session.interruption.onHangUp(() => void server.reload());
  await session.interruption.wait();
  if (await server.stop()) return exitStatus.done;
  session.terminal.err('Something was still under way and was cut off.');
  session.interruption.leave(exitStatus.failed);
  return exitStatus.failed;
}

function withOptions(settings: ServerSettings, { port, host }: ServeOptions): ServerSettings {
  const valid = port === undefined || (/^\d{1,5}$/.test(port) && Number(port) <= 65_535);
  if (!valid) throw usage(`--port ${port} is no port: write a number from 0 to 65535.`);
  return {
    ...settings,
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(host === undefined ? {} : { host }),
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** Who listens for other machines should know what they can do. @param open the paths that ask for no credential */
export function openNotice(host: string, open: readonly string[]): string[] {
  if (isLoopback(host)) return [];
  const lines = [
    'It listens for other machines, without TLS: put a proxy with TLS in front. All of /api/v1 asks for a credential.',
    `Open to whoever reaches it: ${open.join(' ')}`,
  ];
  return open.includes('/metrics')
    ? [...lines, 'DROVER_METRICS=closed keeps /metrics for sysadmins.']
    : lines;
}

function announce({ terminal, version }: Session, where: Where, { url, firstKeys }: RunningServer): void {
  const { err, errStyle } = terminal;
  const database = where.kind === 'own' ? `the folder ${where.dataDir}` : shownUrl(where.text);
  err(`Drover ${version} serves ${errStyle.bold(url)} from ${database}. Read and try it at ${url}/docs.`);
  if (firstKeys.length === 0) {
    const when = where.kind === 'own' ? ', when this has stopped' : '';
    err(
      `A key: drover keys create --user you@example.org --tenant NAME (or --sysadmin you@example.org)${when}.`,
    );
    return;
  }
  err('The database holds demo data. Keys of its people, shown this once:');
  for (const { role, who, text } of firstKeys) err(`  ${role.padEnd(9)} ${who.padEnd(27)} ${text}`);
  err(`Try: curl -H "Authorization: Bearer KEY" ${url}/api/v1/me`);
}
