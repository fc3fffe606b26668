/**
 * The edge: what of Drover's API others than the operator may reach, on an address of its own. It lets through what the routes declare,
 * and answers everything else itself. It knows no credential and keeps nothing.
 */
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { Logger } from 'pino';
import { DroverError } from '../../errors.ts';
import { addressUnavailable, urlOf } from '../api/address.ts';
import { refuseConnection } from '../api/answer-errors.ts';
import { within } from '../api/within.ts';
import type { DeclaredRoute } from '../contract.ts';
import { createPasses } from './exposure.ts';
import { answerProblem, createForward, type Forward, type ForwardTo } from './forward.ts';

/** Files with PEM texts. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface EdgeInput extends ForwardTo {
  /** Every route of the server, whoever it is for. */
  readonly declared: readonly DeclaredRoute[];
  readonly host: string;
  readonly port: number;
  /** Without them it speaks plain HTTP. */
  readonly tls?: TlsFiles;
  readonly stopTimeoutMs: number;
  readonly version: string;
  readonly log: Logger;
}

export interface RunningEdge {
  /** Where it listens: https://127.0.0.1:8443 */
  readonly url: string;
  /** Reads certificate and key again. A file that cannot be read changes nothing. */
  renew(): void;
  /** Ends streams, lets requests finish. False if one did not finish in time. */
  stop(): Promise<boolean>;
}

/** @throws ADDRESS_UNAVAILABLE; FILE_UNREADABLE where certificate or key cannot be read */
export async function startEdge(input: EdgeInput): Promise<RunningEdge> {
  const { tls, log } = input;
  const { forward, endStreams, close } = createForward(input);
  const listener = createListener(input, forward);
  let isStopping = false;
  const server = tls === undefined ? http.createServer(listener) : https.createServer(readTls(tls), listener);
  // A body may take longer than a request of the server does: that is the server's limit.
  server.requestTimeout = 0;
  server.on('clientError', refuseConnection);
  // A connection that has had its answer does not keep the edge from stopping.
  server.on('request', (_request: http.IncomingMessage, response: http.ServerResponse) => {
    response.once('close', () => isStopping && setImmediate(() => server.closeIdleConnections()));
  });
  const url = await listen(server, input);
  return {
    url,
    renew: () => {
      if (tls === undefined || !('setSecureContext' in server)) return;
      try {
        server.setSecureContext(readTls(tls));
        log.info('the certificate was read again');
      } catch (error) {
        log.error({ err: error }, 'the certificate was not read again; the last one stays');
      }
    },
    stop: async () => {
      isStopping = true;
      const closed = new Promise<boolean>((resolve) => {
        server.close(() => resolve(true));
      });
      endStreams();
      const finished = await within(input.stopTimeoutMs, closed, false);
      if (!finished) server.closeAllConnections();
      close();
      return finished;
    },
  };
}

function createListener(
  { declared, version, log }: EdgeInput,
  forward: Forward['forward'],
): http.RequestListener {
  const passes = createPasses(declared);
  return (request, response) => {
    const { method = '', url = '' } = request;
    const startedAt = performance.now();
    response.once('close', () => {
      const ms = Math.round((performance.now() - startedAt) * 10) / 10;
      log.info(
        { method, path: url.split('?')[0], status: response.headersSent ? response.statusCode : null, ms },
        'request',
      );
    });
    const { 'transfer-encoding': encoding } = request.headers;
    if (encoding !== undefined && encoding.toLowerCase() !== 'chunked')
      return answerProblem(response, notChunked(encoding));
    if (passes(method, url)) return forward(request, response);
    if (url === '/edge/livez' && (method === 'GET' || method === 'HEAD'))
      return answerAlive(response, version);
    answerProblem(response, new DroverError('ROUTE_NOT_FOUND', 'There is nothing at this path.'));
  };
}

/** The edge would take the parts off and leave the rest as it is, so the server could not tell what it gets. */
function notChunked(encoding: string): DroverError {
  return new DroverError('REQUEST_INVALID', `Transfer-Encoding may be chunked alone, and not ${encoding}.`);
}

function answerAlive(response: http.ServerResponse, version: string): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify({ status: 'alive', version }));
}

function readTls({ cert, key }: TlsFiles): { cert: string; key: string } {
  return { cert: readPem(cert), key: readPem(key) };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DroverError('FILE_UNREADABLE', `${file} cannot be read.`, { file }, { cause });
  }
}

async function listen(server: http.Server, { host, port, tls }: EdgeInput): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host, port }, () => resolve());
  }).catch((cause: unknown) => {
    throw addressUnavailable({ host, port }, cause, '--listen');
  });
  return urlOf(server, tls === undefined ? 'http' : 'https', host);
}
