/** What the routes of workspaces have in common. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { noRouting, type AtDoor } from '../platform/workspaces/routing.ts';
import { callerOf } from './access.ts';
import type { AppDeps } from './app.ts';

export function doorOf(request: FastifyRequest, { platform, routing = noRouting }: AppDeps): AtDoor {
  return { platform, routing, caller: callerOf(request) };
}

export const secretValue = z.string().min(1).max(16_384);
