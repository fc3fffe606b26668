import type { IsolationRule } from '../../rule.ts';
import { partOf, shownColumns } from './key-facts.ts';
import { leakyIndexes } from './leaky-parts.ts';

/** A condition whose function is not leakproof is asked after the policy: the index helps to find the tenant, and no further. */
export const indexNotLeakproof: IsolationRule = {
  id: 'index-not-leakproof',
  summary: 'an index whose columns after the tenant cannot be used under row-level security',
  severity: 'info',
  mend: 'index',
  find: (ground) =>
    leakyIndexes(ground).map(({ owned, index, parts }) => ({
      at: partOf(owned, index.name),
      message:
        `The equality of ${shownColumns(parts)} is not leakproof: under row-level security the index finds the tenant’s rows, ` +
        `and every one of them is read.`,
    })),
};
