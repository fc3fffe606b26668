/**
 * A plan as a file, for people and machines. It is believed only if its content has the hashes that it carries: that of the plan, which
 * leaves out what only illustrates, and that of all that was shown, rows included.
 */
import { canonicalText } from '../canonical.ts';
import { hashOf } from './plan.ts';
import type { Plan } from '../plan/plan-types.ts';

/** A plan with the hash of all that it shows. `digest` is the one the plan was made with (sha-256, hex). */
export function sealPlan(
  plan: Plan,
  digest: (text: string) => string,
): Plan & { readonly shownHash: string } {
  return { ...plan, shownHash: digest(canonicalText(plan)) };
}

/** The text of a plan file. */
export function writePlan(plan: Plan, digest: (text: string) => string): string {
  return `${JSON.stringify(sealPlan(plan, digest), null, 2)}\n`;
}

/** Reads a plan file; `invalid` says why it is not one. `digest` is the one the plan was made with. */
export function readPlan(
  text: string,
  digest: (text: string) => string,
): Plan | { readonly invalid: string } {
  const value = parse(text);
  if (!isPlan(value)) return { invalid: 'it is not a plan of this version of Drover' };
  const { shownHash, ...plan } = value;
  return digest(canonicalText(plan)) === shownHash && hashOf(plan, digest) === plan.hash
    ? plan
    : {
        invalid:
          'its content does not have the hashes that it carries; a plan is not edited, it is made again',
      };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPlan(value: unknown): value is ReturnType<typeof sealPlan> {
  const members = [
    'intent',
    'source',
    'target',
    'steps',
    'findings',
    'leftBehind',
    'facts',
    'hash',
    'shownHash',
  ];
  return (
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    value.version === 1 &&
    members.every((member) => member in value)
  );
}
