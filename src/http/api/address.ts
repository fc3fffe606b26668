/** Where a server listens, as an URL and in refusals. */
import type { AddressInfo, Server } from 'node:net';
import { DroverError } from '../../errors.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** @param options which options choose another address */
export function addressUnavailable({ host, port }: Address, cause: unknown, options: string): DroverError {
  const { code = 'no code' } = cause as NodeJS.ErrnoException;
  const message = `Nothing can listen on ${host}:${port} (${code}); choose another with ${options}.`;
  return new DroverError('ADDRESS_UNAVAILABLE', message, { host, port }, { cause });
}

/** Of a server that listens: http://127.0.0.1:3000, with the port that it was given. */
export function urlOf(server: Server, scheme: 'http' | 'https', host: string): string {
  const { port } = server.address() as AddressInfo;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
