import type { FunctionFact } from '../../../engine/isolation/facts.ts';
import { listed, ownedTables } from '../../ground.ts';
import type { Ground } from '../../ground.ts';
import { exposureTo, isExempt, mayCall } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';
import { names, touchedTables } from './touched.ts';

/** A SECURITY DEFINER function works as its owner. */
export const definerFunctionOpen: IsolationRule = {
  id: 'definer-function-open',
  summary: 'a SECURITY DEFINER function that touches a tenant’s table as an owner whom no policy binds',
  severity: 'by reach',
  mend: 'function',
  needs: ['functions'],
  find: (ground) =>
    ground.facts.functions
      .filter(({ definer, ofTrigger }) => definer && !ofTrigger)
      .flatMap((called) => {
        const tables = touchedTables(ground, called).filter(
          (relation) => !relation.secured || isExempt(ground, called.owner, relation),
        );
        const exposed =
          tables.length === 0 ? undefined : exposureTo(ground, (role) => mayCall(ground, role, called));
        if (exposed === undefined) return [];
        const touched = listed(tables.map(({ id }) => id));
        const isGated = comparesOwner(ground, called);
        const how = isGated ? ', though its body compares the owner with a setting' : '';
        return [
          {
            at: { kind: 'function', schema: called.schema, name: called.name, part: called.arguments },
            message: `It touches ${touched} as ${called.owner}, whom no policy binds${how}; ${listed(exposed.reachedBy)} may call it.`,
            ...exposed,
            ...(isGated ? { severity: 'warning' as const } : {}),
          },
        ];
      }),
};

function comparesOwner(ground: Ground, { body }: FunctionFact): boolean {
  const owners = ownedTables(ground).flatMap(({ ownerColumn }) => ownerColumn ?? []);
  return /current_setting/i.test(body) && owners.some((column) => names(body, column));
}
