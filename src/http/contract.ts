/**
 * What the application is, what its routes are given, and what each route states about itself. Everything else in
 * src/http builds on this file; it imports none of it.
 */
import type { Span } from '@opentelemetry/api';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { VerifyToken } from '../platform/access/authenticate.ts';
import type { AccessScope, Caller, Role } from '../platform/access/caller.ts';
import type { HeldKey } from '../platform/access/idempotency.ts';
import type { Platform } from '../platform/open.ts';
import type { Routing } from '../platform/workspaces/routing.ts';

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export interface AppSettings {
  readonly bodyLimitBytes: number;
  readonly requestsPerMinute: number;
  /** For each address. More wrong credentials are refused with 429; right ones from the same address are not. */
  readonly wrongCredentialsPerMinute: number;
  readonly corsOrigins: readonly string[];
  readonly trustProxy: boolean;
  /** `closed`: figures are for sysadmins; `open`: for whoever reaches the server. */
  readonly metrics: 'open' | 'closed';
}

export interface AppInput {
  readonly platform: Platform;
  readonly version: string;
  readonly build?: string;
  readonly settings?: Partial<AppSettings>;
  /** Silent by default. */
  readonly log?: Logger;
  /** Verifies tokens of an identity provider, where one is configured. */
  readonly verifyToken?: VerifyToken;
  /** The registry and the keys of secrets. Without them no workspace can be given a model. */
  readonly routing?: Routing;
  /** Checks of readiness, added to those of every server. */
  readonly checks?: readonly ReadinessCheck[];
  /** Figures, added to those of every server. */
  readonly gauges?: readonly Gauge[];
  /** Aborted when the server begins to stop: streams end, new requests are refused. */
  readonly stopping?: AbortSignal;
}

/** What routes are given. */
export interface AppDeps extends AppInput {
  readonly build: string;
  readonly settings: AppSettings;
  readonly stopping: AbortSignal;
}

/** Registers the routes of one noun. */
export type RegisterRoutes = (app: App, deps: AppDeps) => void;

/** Headers of answers that a route can state. */
export type AnswerHeader = 'ETag' | 'Location' | 'Deprecation' | 'Sunset' | 'Link';

export interface Access {
  /** The lowest role that may. */
  readonly role: Role;
  /** What a key must be allowed; null where any known caller may. */
  readonly scope: AccessScope | null;
}

/** Who reaches a route from outside: everybody, callers with a credential, or nobody. */
type Exposure = 'public' | 'authenticated' | 'internal';

/** A route of the application, for one method. */
export interface DeclaredRoute {
  readonly method: string;
  /** With `:name` for a segment, and `*` for the rest. */
  readonly url: string;
  readonly exposure: Exposure;
}

/** A check of readiness. */
export interface ReadinessCheck {
  readonly name: string;
  /** The server cannot work while this check fails. */
  readonly critical: boolean;
  /** A throw is a failure. */
  readonly run: () => Promise<CheckResult>;
  /** How long a good result holds; 2 s by default. One that is not good holds 2 s at most. */
  readonly holdsMs?: number;
  /**
   * The result of a check that does not end in time; `fail` by default. `stale` applies only after a good result: a
   * database that is busy is not gone.
   */
  readonly late?: 'fail' | 'stale';
}

export interface CheckResult {
  readonly status: 'ok' | 'fail' | 'stale' | 'skipped';
  /** For the operator of Drover; never shown to the public. */
  readonly detail?: string;
}

/** A figure that is read when it is asked for. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  /** Its words are few, and say nothing of a tenant: figures are open unless they are closed. */
  readonly label?: string;
  /** One value for each word of the label, or one without a word; none while it is not known. */
  readonly read: () => Promise<readonly { readonly word?: string; readonly value: number }[]>;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `none`: the route asks for no credential. */
    access?: Access | 'none';
    exposure?: Exposure;
    /** The route answers while the server stops, too. */
    whileStopping?: boolean;
    /** What a successful answer can have beside its body. */
    headers?: readonly AnswerHeader[];
    /** A successful answer holds a secret, and is stored nowhere. */
    shownOnce?: boolean;
  }
  interface FastifyRequest {
    /** Set before the handler runs, on every route whose access is not `none`. */
    caller: Caller | null;
    /** The idempotency key that this request holds until its answer is kept. */
    heldKey: HeldKey | null;
    /** The span of this request in its trace. */
    span: Span | null;
  }
  interface FastifyInstance {
    metrics: Registry;
    /** What the application answers. */
    known: {
      methodsOf(path: string): string[];
      readonly open: string[];
      readonly declared: DeclaredRoute[];
    };
  }
}
