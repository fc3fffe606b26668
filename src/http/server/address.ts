/** The address that a server listens on. */
import { createServer } from 'node:net';
import type { ServerSettings } from '../../config.ts';
import { DroverError } from '../../errors.ts';

type Address = Pick<ServerSettings, 'host' | 'port'>;

/**
 * Listens for a moment. A new database shows its keys once, when the server listens: where it cannot, none is made.
 * @throws ADDRESS_UNAVAILABLE
 */
export async function tryAddress(address: Address): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen({ ...address }, () => resolve());
  }).catch((error: unknown) => {
    throw addressUnavailable(address, error);
  });
  await new Promise((resolve) => probe.close(resolve));
}

/** Why nothing can listen there. */
export function addressUnavailable({ host, port }: Address, cause: unknown): DroverError {
  const { code = 'no code' } = cause as NodeJS.ErrnoException;
  const message = `Nothing can listen on ${host}:${port} (${code}); choose another with --port or --host.`;
  return new DroverError('ADDRESS_UNAVAILABLE', message, { host, port }, { cause });
}
