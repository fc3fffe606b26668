import type { IsolationRule } from '../../rule.ts';

/** PostgreSQL asks a leakproof function before the policies: it sees rows of all tenants. */
export const functionLeakproof: IsolationRule = {
  id: 'function-leakproof',
  summary: 'a function of the user’s is declared LEAKPROOF and is asked before policies',
  severity: 'warning',
  mend: 'function',
  needs: ['functions'],
  find: ({ facts }) =>
    facts.functions
      .filter(({ leakproof }) => leakproof)
      .map(({ schema, name, arguments: part }) => ({
        at: { kind: 'function', schema, name, part },
        message:
          'It is asked before the policies, with values of rows of every tenant; what it raises or writes tells them.',
      })),
};
