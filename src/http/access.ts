/**
 * Who may call a route. Every route states its access and its exposure once, in its `config`; a route that does not is
 * refused when the application is built, so none can be open by omission.
 */
import type { FastifyRequest, RouteOptions } from 'fastify';
import { DroverError } from '../errors.ts';
import { type AccessScope, allows, atLeast, type Caller, type Role } from '../platform/caller.ts';
import type { App } from './app.ts';

export interface Access {
  /** The lowest role that may. */
  readonly role: Role;
  /** What a key must be allowed; null where knowing who calls is enough. */
  readonly scope: AccessScope | null;
}

/** Who reaches a route at the edge: everybody, whoever has a credential, or nobody from outside. */
export type Exposure = 'public' | 'authenticated' | 'internal';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `none`: no credential is asked for. */
    access?: Access | 'none';
    exposure?: Exposure;
  }
  interface FastifyRequest {
    /** Set before the handler runs, on every route whose access is not `none`. */
    caller: Caller | null;
  }
}

export type Authenticate = (credential: string) => Promise<Caller>;

/** Guards every route that is registered after this. */
export function guardRoutes(app: App, authenticate: Authenticate): void {
  app.decorateRequest('caller', null);
  app.addHook('onRoute', requireDeclaration);
  app.addHook('onRequest', async (request) => {
    const { access } = request.routeOptions.config;
    if (access === undefined || access === 'none') return;
    request.caller = await authenticate(credentialOf(request));
    permit(request.caller, access);
  });
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

function credentialOf(request: FastifyRequest): string {
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
