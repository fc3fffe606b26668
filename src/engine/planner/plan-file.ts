/** A plan as a file, for people and machines. It is believed only if its content has the hash that it carries. */
import { hashOf } from './plan.ts';
import type { Plan } from '../plan/plan-types.ts';

/** The text of a plan file. */
export function writePlan(plan: Plan): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/** Reads a plan file; `invalid` says why it is not one. `digest` is the one the plan was made with (sha-256, hex). */
export function readPlan(
  text: string,
  digest: (text: string) => string,
): Plan | { readonly invalid: string } {
  const value = parse(text);
  if (!isPlan(value)) return { invalid: 'it is not a plan of this version of Drover' };
  return hashOf(value, digest) === value.hash
    ? value
    : {
        invalid: 'its content does not have the hash that it carries; a plan is not edited, it is made again',
      };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPlan(value: unknown): value is Plan {
  const members = ['intent', 'source', 'target', 'steps', 'findings', 'leftBehind', 'facts', 'hash'];
  return (
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    value.version === 1 &&
    members.every((member) => member in value)
  );
}
