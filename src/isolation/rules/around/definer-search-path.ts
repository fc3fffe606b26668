import { listed } from '../../ground.ts';
import { mayCall, mayCreate, untrustedRoles } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** The caller's search path decides what names in it mean, and it runs as its owner. */
export const definerSearchPath: IsolationRule = {
  id: 'definer-search-path',
  summary:
    'a SECURITY DEFINER function without a search path of its own, and a caller who may create objects',
  severity: 'warning',
  mend: 'function',
  needs: ['functions'],
  find: (ground) =>
    ground.facts.functions
      .filter(
        ({ definer, settings }) => definer && !settings.some((setting) => setting.startsWith('search_path=')),
      )
      .flatMap((called) => {
        const roles = untrustedRoles(ground).filter(
          (role) =>
            !called.ofTrigger &&
            mayCall(ground, role, called) &&
            ground.facts.schemas.some(({ name }) => mayCreate(ground, role, name)),
        );
        if (roles.length === 0) return [];
        const message = `It runs as ${called.owner} with the search path of ${listed(roles)}, who may create what it then finds.`;
        const at = {
          kind: 'function' as const,
          schema: called.schema,
          name: called.name,
          part: called.arguments,
        };
        return [{ at, message, reachedBy: roles }];
      }),
};
