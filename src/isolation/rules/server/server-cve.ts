import type { IsolationRule } from '../../rule.ts';
import { securityFixes } from './security-fixes.ts';

/** The version that the server gives; what its vendor put into it besides, nobody can ask. */
export const serverCve: IsolationRule = {
  id: 'server-cve',
  summary: 'a server older than the mend of a known fault of row-level security',
  severity: 'warning',
  mend: 'advice',
  find: ({ facts }) => {
    const major = Math.floor(facts.version / 10_000);
    const minor = facts.version % 10_000;
    return securityFixes.flatMap(({ cve, fault, fixedIn, source }) => {
      const fixed = fixedIn[major];
      if (fixed === undefined || minor >= fixed) return [];
      return [
        {
          at: { kind: 'server' as const, schema: '', name: 'PostgreSQL', part: cve },
          message: `PostgreSQL ${major}.${minor} is older than ${major}.${fixed}, which mends ${cve}: ${fault} (${source}).`,
        },
      ];
    });
  },
};
