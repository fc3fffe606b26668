/** One arm of a runtime with what an answer says about it. */
import { vendorOf } from '../load/registry.ts';
import type { Arm, Provider } from '../load/shape.ts';

export type Payer = 'platform' | 'tenant';

export interface Route {
  readonly provider: string;
  /** Whose model ids it takes. */
  readonly vendor: string;
  readonly payer: Payer;
  /** Any one of these secrets is enough; empty where the platform pays. */
  readonly needs: readonly string[];
  readonly protocol: Provider['protocol'];
  /** The variable into which the secret is projected. */
  readonly variable: string | null;
  /** Where the protocol is spoken; null where the tenant or the operator says. */
  readonly baseUrl: string | null;
}

/** What an arm says itself goes before what its provider says. */
export function routeOf(arm: Arm, provider: Provider): Route {
  return Object.freeze({
    provider: provider.id,
    vendor: vendorOf(provider),
    payer: provider.payer,
    needs: provider.secrets,
    protocol: arm.protocol ?? provider.protocol,
    variable: arm.variable ?? provider.variable ?? null,
    baseUrl: arm.baseUrl ?? provider.baseUrl ?? null,
  });
}

/** Is one of the secrets there that the arm needs? */
export function accepts({ needs }: Route, secrets: ReadonlySet<string> | undefined): boolean {
  return secrets !== undefined && needs.some((name) => secrets.has(name));
}
