/** What the routes of workspaces have in common. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { noRouting } from '../../../platform/workspaces/routing.ts';
import { callerOf } from '../../api/access.ts';
import type { AppDeps } from '../../contract.ts';

/** Who calls, and what the call may use. */
export function callOf(request: FastifyRequest, { platform, routing = noRouting }: AppDeps) {
  return { platform, routing, caller: callerOf(request) };
}

/** The value of a secret. A blank one would count as a key, and be none. */
export const secretValue = z.string().max(16_384).regex(/\S/, 'must not be blank');
