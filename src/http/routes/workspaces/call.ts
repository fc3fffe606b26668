/** What the routes of workspaces have in common. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { noRouting, type AtDoor } from '../../../platform/workspaces/routing.ts';
import { callerOf } from '../../api/access.ts';
import type { AppDeps } from '../../server/app.ts';

export function doorOf(request: FastifyRequest, { platform, routing = noRouting }: AppDeps): AtDoor {
  return { platform, routing, caller: callerOf(request) };
}

/** Blank is no key, and would count as one. */
export const secretValue = z.string().max(16_384).regex(/\S/, 'must not be blank');
