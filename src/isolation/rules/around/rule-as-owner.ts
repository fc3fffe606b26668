import { listed, objectOf } from '../../ground.ts';
import { ownedRelations } from '../../owned-relations.ts';
import { exposureTo, isExempt, mayUse } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** What a rewrite rule does it does as the owner of its table. */
export const ruleAsOwner: IsolationRule = {
  id: 'rule-as-owner',
  summary: 'a rewrite rule touches a tenant’s table as an owner whom no policy binds',
  severity: 'by reach',
  mend: 'advice',
  find: (ground) =>
    ground.facts.relations.flatMap((relation) =>
      relation.rewrites.flatMap(({ name, touches }) => {
        const open = touches
          .flatMap((id) => ownedRelations(ground).get(id) ?? [])
          .filter((table) => isExempt(ground, relation.owner, table));
        const privileges = ['insert', 'update', 'delete'];
        const exposed =
          open.length === 0
            ? undefined
            : exposureTo(ground, (role) => mayUse(ground, role, { relation, privileges }));
        if (exposed === undefined) return [];
        const tables = listed(open.map(({ id }) => id));
        const message = `The rule touches ${tables} as ${relation.owner}, whom no policy binds; ${listed(exposed.reachedBy)} sets it off.`;
        return [
          { at: objectOf(relation.kind === 'view' ? 'view' : 'table', relation, name), message, ...exposed },
        ];
      }),
    ),
};
