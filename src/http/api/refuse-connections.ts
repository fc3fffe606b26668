/** What never became a request (headers too large, too slow, not HTTP) is answered with a problem document, too. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { DroverError } from '../../errors.ts';
import { problemOf } from './problem.ts';

export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  // A caller that is gone cannot be answered.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(refusalOf(error.code ?? ''));
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Bad Request'}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function refusalOf(code: string): DroverError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new DroverError(
      'HEADERS_TOO_LARGE',
      'The headers of the request are larger than this server takes.',
    );
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new DroverError('REQUEST_TIMEOUT', 'The request did not arrive in time.');
  return new DroverError('REQUEST_INVALID', 'This is not a request of HTTP/1.1.');
}
