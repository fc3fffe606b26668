/** How much a caller may ask for: requests a minute, wrong credentials a minute, and how deep a body may be. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { DroverError } from '../../errors.ts';
import type { App } from '../server/app.ts';
import type { RequestFault } from './problem.ts';
import { isStorableText } from '../storable.ts';

export interface Budgets {
  readonly requestsPerMinute: number;
  readonly wrongCredentialsPerMinute: number;
}

/** Each credential has a budget of its own; who has none shares that of the address. Counted after access is decided. */
export async function limitRequests(app: App, { requestsPerMinute }: Budgets): Promise<void> {
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: '1 minute',
    hook: 'preParsing',
    cache: 20_000,
    keyGenerator: ({ caller, ip }) => (caller === null ? ip : `${caller.tenantId} ${caller.actor}`),
    errorResponseBuilder: (_request, { ttl }) => tooMany(ttl),
  });
}

/** Counts a request that is refused for who sends it: a caller's by the caller, anybody else's by the address. */
export function countRefusals(
  app: App,
  { requestsPerMinute, wrongCredentialsPerMinute }: Budgets,
): (request: FastifyRequest) => Promise<void> {
  const budget = (max: number, keyGenerator: (request: FastifyRequest) => string) =>
    app.createRateLimit({ max, timeWindow: '1 minute', keyGenerator });
  const ofAddress = budget(wrongCredentialsPerMinute, ({ ip }) => `wrong ${ip}`);
  const ofCaller = budget(requestsPerMinute, ({ caller }) => `refused ${caller?.tenantId} ${caller?.actor}`);
  return async (request) => {
    const counted = await (request.caller === null ? ofAddress : ofCaller)(request);
    if (!counted.isAllowed && counted.isExceeded) throw tooMany(counted.ttl);
  };
}

function tooMany(waitMs: number): DroverError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new DroverError('RATE_LIMITED', `Too many requests; try again in ${seconds} seconds.`, {
    retry_after_seconds: seconds,
  });
}

const maxDepth = 50;

/** Refuses bodies that are nested too deep, and text that no database can hold, before anything works with them. */
export function limitShapes(app: App): void {
  app.addHook('preValidation', (request, _reply, done) => {
    const errors = [
      ...findFaults('path', request.params),
      ...findFaults('query', request.query),
      ...findFaults('body', request.body),
    ];
    if (errors.length === 0) return done();
    const [{ in: part, pointer, message } = { in: 'body', pointer: '', message: '' }] = errors;
    done(
      new DroverError('REQUEST_INVALID', `The request is not as described: ${part} ${pointer}: ${message}.`, {
        errors,
      }),
    );
  });
}

/** Walks without recursion, because depth is what it is looking for; stops at the first few faults. */
function findFaults(part: string, root: unknown): RequestFault[] {
  const faults: RequestFault[] = [];
  const open: { value: unknown; path: readonly string[] }[] = [{ value: root, path: [] }];
  for (let next = open.pop(); next !== undefined && faults.length < 5; next = open.pop()) {
    const { value, path } = next;
    if (path.length > maxDepth) {
      faults.push(fault(part, path.slice(0, 3), `is nested deeper than ${maxDepth} levels`));
    } else if (typeof value === 'string') {
      if (!isStorableText(value)) faults.push(fault(part, path, 'holds a character that no text can hold'));
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value)) {
        if (!isStorableText(key))
          faults.push(fault(part, path, 'has a key with a character that no text can hold'));
        open.push({ value: child, path: [...path, key] });
      }
    }
  }
  return faults;
}

function fault(part: string, path: readonly string[], message: string): RequestFault {
  const pointer = path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return { in: part, pointer, message };
}
