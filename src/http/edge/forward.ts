/**
 * Hands one request on, and its answer back: status, headers, query and body as they are, without a buffer and without a second try. A
 * client that goes takes its request to the server with it.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { DroverError } from '../../errors.ts';
import { problemOf } from '../api/problem.ts';

export interface ForwardTo {
  /** The server: scheme, host and port. */
  readonly upstream: URL;
  /** How long it may take until its answer begins. */
  readonly answerWithinMs: number;
}

export interface Forward {
  readonly forward: (request: http.IncomingMessage, response: http.ServerResponse) => void;
  /** Ends streams of events, which would not end by themselves; their clients come back. */
  readonly endStreams: () => void;
  readonly close: () => void;
}

export function createForward({ upstream, answerWithinMs }: ForwardTo): Forward {
  const { Agent, request: ask } = upstream.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true });
  const streams = new Set<http.ServerResponse>();
  let isEnding = false;
  const forward: Forward['forward'] = (request, response) => {
    const { hostname, port } = upstream;
    const onward = ask({
      agent,
      // The URL has an IPv6 address in brackets, a connection has it without.
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? undefined : port,
      method: request.method,
      path: request.url,
      headers: onwardHeaders(request),
    });
    let timer: NodeJS.Timeout | undefined;
    let hasAnswer = false;
    request.once('end', () => {
      if (!hasAnswer) timer = setTimeout(() => onward.destroy(late(answerWithinMs)), answerWithinMs);
    });
    onward.once('response', (answer) => {
      hasAnswer = true;
      clearTimeout(timer);
      giveBack(answer, response);
      if (answer.headers['content-type']?.startsWith('text/event-stream') !== true) return;
      streams.add(response);
      if (isEnding) response.end();
    });
    onward.once('error', (error) => {
      clearTimeout(timer);
      if (response.headersSent) response.destroy();
      else answerProblem(response, error instanceof DroverError ? error : unreachable(error));
    });
    response.once('close', () => {
      clearTimeout(timer);
      streams.delete(response);
      onward.destroy();
    });
    if (hasBody(request)) request.pipe(onward);
    else {
      request.resume();
      onward.end();
    }
  };
  return {
    forward,
    endStreams: () => {
      isEnding = true;
      for (const stream of streams) stream.end();
    },
    close: () => agent.destroy(),
  };
}

function giveBack(answer: http.IncomingMessage, response: http.ServerResponse): void {
  // The server says when it answered.
  response.sendDate = false;
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer.rawHeaders));
  response.flushHeaders();
  // Half an answer must not look like a whole one.
  const cut = (): void => void (answer.complete || response.destroy());
  answer.once('error', cut).once('close', cut).pipe(response);
  // The client is gone, or the edge has ended the stream.
  response.on('error', () => undefined);
}

/** Headers of one connection alone (RFC 9110, 7.6.1). */
const ofConnection = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/**
 * A message without them is another message: a body that has lost its length would be read as the next request, and that of somebody
 * else as its headers. Whoever names them in `Connection` does so for that.
 */
const neverOfConnection: ReadonlySet<string> = new Set(['content-length', 'host', 'authorization']);

function hasBody({ headers }: http.IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

/** Name, value, name, value, … as they came, without those of the connection. */
function endToEnd(raw: readonly string[], more: readonly string[] = []): string[] {
  const pairs = raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ''] as const] : []));
  const named = pairs
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((each) => each.trim().toLowerCase()))
    .filter((name) => !neverOfConnection.has(name));
  const dropped = new Set([...ofConnection, ...more, ...named]);
  return pairs.filter(([name]) => !dropped.has(name.toLowerCase())).flat();
}

/** The edge answers `Expect` itself, as every server does that reads the body anyway. */
const replaced = ['expect', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'];

function onwardHeaders({ rawHeaders, headers, socket }: http.IncomingMessage): string[] {
  const before = headers['x-forwarded-for'];
  const from = [...(before === undefined ? [] : [before].flat()), socket.remoteAddress ?? ''].join(', ');
  const isSafe = (socket as Partial<TLSSocket>).encrypted === true;
  return [
    ...endToEnd(rawHeaders, replaced),
    'x-forwarded-for',
    from,
    'x-forwarded-proto',
    isSafe ? 'https' : 'http',
    ...(headers.host === undefined ? [] : ['x-forwarded-host', headers.host]),
    // A body of unknown length stays one, whatever the method.
    ...(headers['transfer-encoding'] === undefined ? [] : ['transfer-encoding', 'chunked']),
  ];
}

function late(limitMs: number): DroverError {
  const message = `The server did not begin to answer within ${limitMs / 1000} s. What became of the request is not known.`;
  return new DroverError('UPSTREAM_LATE', message);
}

function unreachable(cause: Error): DroverError {
  return new DroverError(
    'UPSTREAM_UNREACHABLE',
    'The server behind the edge does not answer.',
    {},
    { cause },
  );
}

/** An answer of the edge itself. */
export function answerProblem(response: http.ServerResponse, error: DroverError): void {
  const problem = problemOf(error);
  const body = JSON.stringify(problem);
  response.writeHead(problem.status, {
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    // What is left of a request that nobody reads would look like the next one.
    connection: 'close',
  });
  response.end(body);
}
