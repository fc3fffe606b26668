/** How much a caller may ask for: requests a minute, and refused requests a minute. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { DroverError } from '../../errors.ts';
import type { Caller } from '../../platform/access/caller.ts';
import type { App, AppSettings } from '../contract.ts';

type Budgets = Pick<AppSettings, 'requestsPerMinute' | 'wrongCredentialsPerMinute'>;

/**
 * Each credential has a budget of its own, by its id: two keys of one person and name have two, and a key has one wherever it comes from.
 * Requests without a credential share the budget of their address. Access is decided before.
 */
export async function limitRequests(app: App, { requestsPerMinute }: Budgets): Promise<void> {
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: '1 minute',
    hook: 'preParsing',
    cache: 20_000,
    keyGenerator: ({ caller, ip }) => (caller === null ? ip : ownerOf(caller)),
    errorResponseBuilder: (_request, { ttl }) => tooMany(ttl),
  });
}

/** Counts a request that was refused because of its credential: by the caller where it is known, otherwise by the address. */
export function countRefusals(
  app: App,
  { requestsPerMinute, wrongCredentialsPerMinute }: Budgets,
): (request: FastifyRequest) => Promise<void> {
  const budget = (max: number, keyGenerator: (request: FastifyRequest) => string) =>
    app.createRateLimit({ max, timeWindow: '1 minute', keyGenerator });
  const ofAddress = budget(wrongCredentialsPerMinute, ({ ip }) => `wrong ${ip}`);
  const ofCaller = budget(
    requestsPerMinute,
    ({ caller, ip }) => `refused ${caller === null ? ip : ownerOf(caller)}`,
  );
  return async (request) => {
    const counted = await (request.caller === null ? ofAddress : ofCaller)(request);
    if (!counted.isAllowed && counted.isExceeded) throw tooMany(counted.ttl);
  };
}

function ownerOf({ tenantId, credential }: Caller): string {
  return `${tenantId} ${credential}`;
}

function tooMany(waitMs: number): DroverError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new DroverError('RATE_LIMITED', `Too many requests; try again in ${seconds} seconds.`, {
    retry_after_seconds: seconds,
  });
}
