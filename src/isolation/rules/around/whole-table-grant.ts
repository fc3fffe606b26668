import type { RelationFact } from '../../../engine/isolation/facts.ts';
import { listed, objectOf } from '../../ground.ts';
import type { Ground } from '../../ground.ts';
import { ownedRelations } from '../../owned-relations.ts';
import { exposureTo, mayCreate, mayUse, rightsOf } from '../../reach.ts';
import type { IsolationRule, Sighting } from '../../rule.ts';

/** No policy is asked for these. */
const rights = {
  truncate: 'removes the rows of every tenant',
  trigger: 'can hang a trigger on the table that sees every row written',
  references: 'can make a table whose foreign key tells whether a row of another tenant exists',
} as const;

export const wholeTableGrant: IsolationRule = {
  id: 'whole-table-grant',
  summary: 'TRUNCATE, TRIGGER or REFERENCES on a tenant’s table: no policy is asked for them',
  severity: 'by reach',
  mend: 'grant',
  find: (ground) =>
    [...ownedRelations(ground).values()].flatMap((relation) =>
      (Object.keys(rights) as (keyof typeof rights)[]).flatMap((right) =>
        sightingOf(ground, relation, right),
      ),
    ),
};

function sightingOf(ground: Ground, relation: RelationFact, right: keyof typeof rights): Sighting[] {
  // Who owns the table has every right on it; role-owns says that.
  const isOwner = (role: string): boolean => rightsOf(ground, role).includes(relation.owner);
  const exposed = exposureTo(
    ground,
    (role) => !isOwner(role) && mayUse(ground, role, { relation, privileges: [right] }),
  );
  if (exposed === undefined) return [];
  const isIdle =
    right === 'references' &&
    !exposed.reachedBy.some((role) => ground.facts.schemas.some(({ name }) => mayCreate(ground, role, name)));
  if (isIdle) return [];
  return [
    {
      at: objectOf('table', relation, right),
      message: `${listed(exposed.reachedBy)} has ${right.toUpperCase()}: it ${rights[right]}.`,
      ...exposed,
      ...(right === 'truncate' ? {} : { severity: 'warning' as const }),
    },
  ];
}
