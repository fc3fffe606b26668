/**
 * Who may call a route. Every route states its access and its exposure once, in its `config`. The application does not
 * build with a route that states none, so no route is open by omission.
 */
import type { FastifyRequest, RouteOptions } from 'fastify';
import { DroverError, type ErrorCode } from '../../errors.ts';
import { allows, atLeast, type Caller } from '../../platform/access/caller.ts';
import { authenticateKey, authenticateToken, unauthenticated } from '../../platform/access/authenticate.ts';
import type { Access, App, AppDeps } from '../contract.ts';
import { countRefusals } from './limits.ts';

/** Guards every route that is registered after this. */
export function guardRoutes(app: App, deps: AppDeps): void {
  const countRefusal = countRefusals(app, deps.settings);
  app.addHook('onRoute', requireDeclaration);
  app.addHook('onRequest', async (request, reply) => {
    const { access } = request.routeOptions.config;
    if (access === undefined || access === 'none') return;
    // No cache on the way may keep the answer to one caller.
    reply.header('cache-control', 'no-store');
    const credential = credentialOf(request);
    try {
      request.caller = await authenticate(deps, credential);
      permit(request.caller, access);
    } catch (error) {
      // A request that is refused here never reaches the limit of requests.
      const refused = error instanceof DroverError && refusals.has(error.code) && credential !== '';
      if (refused) await countRefusal(request);
      throw error;
    }
  });
}

/** A token that the provider cannot be asked about is nobody's either: during an outage anybody may send any. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'UNAUTHENTICATED',
  'IDENTITY_UNAVAILABLE',
  'TENANT_SUSPENDED',
  'FORBIDDEN',
]);

/** The caller of a credential: an API key of Drover, or a token of the identity provider where one is configured. */
export async function authenticate(
  { platform, verifyToken }: Pick<AppDeps, 'platform' | 'verifyToken'>,
  credential: string,
): Promise<Caller> {
  if (credential === '') throw unauthenticated();
  if (verifyToken === undefined || credential.startsWith('drover_'))
    return authenticateKey(platform, credential);
  return authenticateToken(platform, verifyToken, credential);
}

/** The caller of a route whose access is not `none`. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller !== null) return request.caller;
  throw new DroverError('INTERNAL', 'A route that asks for no credential asked who calls.');
}

function requireDeclaration(route: RouteOptions): void {
  const { access, exposure } = route.config ?? {};
  if (access !== undefined && exposure !== undefined) return;
  throw new DroverError(
    'INTERNAL',
    `${String(route.method)} ${route.url} does not state its access and exposure.`,
  );
}

/** The credential after `Bearer`; empty without one. */
export function credentialOf(request: FastifyRequest): string {
  const [, credential = ''] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
  return credential;
}

function permit(caller: Caller, { role, scope }: Access): void {
  if (!atLeast(caller.role, role)) {
    throw new DroverError('FORBIDDEN', `This needs the role ${role}; yours is ${caller.role}.`);
  }
  if (scope !== null && !allows(caller.scopes, scope)) {
    throw new DroverError('FORBIDDEN', `This needs a key with the scope ${scope}.`);
  }
}
