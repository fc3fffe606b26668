import { type Command, Option } from 'commander';
import { loadServerSettings } from '../../config.ts';
import type { DeclaredRoute } from '../../http/contract.ts';
import type { RunningEdge, TlsFiles } from '../../http/edge/edge.ts';
import { countUpTo } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { usage } from '../../site/where.ts';

interface EdgeOptions {
  readonly upstream?: string;
  readonly listen: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly timeout: number;
  readonly print?: 'caddy' | 'json';
}

/** `drover edge`: what others than the operator may reach of a server, on an address of its own. */
export const edge: Verb = {
  name: 'edge',
  summary: 'let through to a server what its routes declare for others than the operator',
  waits: true,
  define: (command) =>
    command
      .option('--upstream <url>', 'the server, such as http://127.0.0.1:3000')
      .option('--listen <address>', 'HOST:PORT to listen on; port 0 for a free one', '127.0.0.1:8080')
      .option('--tls-cert <file>', 'certificate with its chain (PEM), read again at SIGHUP')
      .option('--tls-key <file>', 'its key (PEM)')
      .option('--timeout <seconds>', 'how long an answer may take until it begins', countUpTo(99_999), 300)
      .addOption(
        new Option('--print <format>', 'print the rules and end: a Caddyfile, or the routes').choices([
          'caddy',
          'json',
        ]),
      ),
  run,
};

async function run(session: Session, command: Command): Promise<number> {
  const options = command.opts<EdgeOptions>();
  if (options.print !== undefined) {
    const declared = await readDeclared(session.version);
    session.terminal.out(await printed(options, declared));
    return exitStatus.done;
  }
  const { createLog } = await import('../../http/server/log.ts');
  const { startEdge } = await import('../../http/edge/edge.ts');
  const { logLevel, stopTimeoutMs } = loadServerSettings();
  const tls = readTls(options);
  const running = await startEdge({
    upstream: readUpstream(options.upstream),
    answerWithinMs: options.timeout * 1000,
    ...readListen(options.listen),
    ...(tls === undefined ? {} : { tls }),
    declared: await readDeclared(session.version),
    stopTimeoutMs,
    version: session.version,
    log: createLog({ level: logLevel }),
  });
  return untilStopped(session, options, running);
}

async function untilStopped(
  { terminal, version, interruption }: Session,
  { upstream = '' }: EdgeOptions,
  running: RunningEdge,
): Promise<number> {
  const { err, errStyle } = terminal;
  const through = `what others than the operator may reach of ${upstream}, and /edge/livez of its own`;
  err(`Drover ${version} serves ${errStyle.bold(running.url)}: ${through}.`);
  interruption.onHangUp(() => running.renew());
  await interruption.wait();
  if (await running.stop()) return exitStatus.done;
  err('Something was still under way and was cut off.');
  interruption.leave(exitStatus.failed);
  return exitStatus.failed;
}

/** Only here: it takes longer to load than most commands take to run. */
async function readDeclared(version: string): Promise<readonly DeclaredRoute[]> {
  const { describeApp } = await import('../../http/server/app.ts');
  const app = await describeApp(version);
  const { declared } = app.known;
  await app.close();
  return declared;
}

async function printed(
  { print, upstream }: EdgeOptions,
  declared: readonly DeclaredRoute[],
): Promise<string> {
  const { exposedOf } = await import('../../http/edge/exposure.ts');
  if (print === 'json') return JSON.stringify(exposedOf(declared), null, 2);
  const { caddyfileOf } = await import('../../http/edge/caddyfile.ts');
  return caddyfileOf(declared, readUpstream(upstream)).trimEnd();
}

function readUpstream(text: string | undefined): URL {
  if (text === undefined) throw usage('Say which server: --upstream http://127.0.0.1:3000');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
  if (!isPlain) throw usage('--upstream takes scheme, host and port alone, such as http://127.0.0.1:3000.');
  return url;
}

function readListen(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (host === '' || Number(port) > 65_535)
    throw usage(`--listen takes HOST:PORT, such as 0.0.0.0:8080 or [::1]:8080; ${text} is none.`);
  return { host, port: Number(port) };
}

function readTls({ tlsCert, tlsKey }: EdgeOptions): TlsFiles | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert !== undefined && tlsKey !== undefined) return { cert: tlsCert, key: tlsKey };
  throw usage('TLS needs both: --tls-cert FILE --tls-key FILE.');
}
