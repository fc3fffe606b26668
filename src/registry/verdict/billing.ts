/** Who pays for a pair. It follows from the verdict and is never stored, so it cannot disagree with the routing. */
import type { Verdict } from './routability.ts';

export interface Billing {
  /** `disabled`: nobody, because it would not run. */
  readonly mode: 'platform_managed' | 'byok' | 'disabled';
  /** What decided: the arm, a missing secret, or a refusal. */
  readonly decidedBy:
    | 'platform-arm'
    | 'tenant-arm'
    | 'open-runtime'
    | 'missing-credential'
    | 'refused'
    | 'no-model';
  readonly provider: string | null;
  /** Any one of these secrets would do, where one is missing. */
  readonly missing: readonly string[];
}

/** @param secrets the names of the secrets that are there. */
export function billingOf(verdict: Verdict, secrets: ReadonlySet<string>): Billing {
  if (verdict.verdict === 'not-asked')
    return { mode: 'disabled', decidedBy: 'no-model', provider: null, missing: [] };
  const { provider } = verdict;
  if (verdict.verdict === 'refuse') return { mode: 'disabled', decidedBy: 'refused', provider, missing: [] };
  if (verdict.by === 'open') return { mode: 'byok', decidedBy: 'open-runtime', provider, missing: [] };
  if (verdict.payer === 'platform')
    return { mode: 'platform_managed', decidedBy: 'platform-arm', provider, missing: [] };
  return verdict.needs.some((name) => secrets.has(name))
    ? { mode: 'byok', decidedBy: 'tenant-arm', provider, missing: [] }
    : { mode: 'disabled', decidedBy: 'missing-credential', provider, missing: verdict.needs };
}
