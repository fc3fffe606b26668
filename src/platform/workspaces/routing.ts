/** What the endpoints of workspaces need beside the database: the registry, the keys of secrets, and the day. */
import type { Caller } from '../access/caller.ts';
import type { Platform } from '../open.ts';
import type { LiveRegistry } from './live-registry.ts';
import { fixedRegistry } from './live-registry.ts';
import type { SecretKeys } from '../secrets/keys.ts';

export interface Routing {
  readonly registry: LiveRegistry;
  /** Undefined: secrets can neither be sealed nor opened. */
  readonly keys: SecretKeys | undefined;
  readonly now: () => Date;
  /** Reads the registry again; absent where it is fixed. */
  readonly reload?: (() => Promise<{ changed: boolean; problems: readonly unknown[] }>) | undefined;
}

/** Who asks, and what routing needs to answer. */
export interface RoutingCall {
  readonly platform: Platform;
  readonly routing: Routing;
  readonly caller: Caller;
}

/** Without a registry and without keys: everything that needs one of them is refused. */
export const noRouting: Routing = {
  registry: fixedRegistry({ kind: 'invalid', problems: [] }),
  keys: undefined,
  now: () => new Date(),
};
