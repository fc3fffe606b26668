import { exposureOf } from '../../reach.ts';
import type { Exposed } from '../../reach.ts';
import type { Ground } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';
import { onColumns, partOf, shownColumns, shownRoles, writersOf } from './key-facts.ts';
import { coveredBy, looseKeys } from './loose-keys.ts';
import type { KeyBetween } from './loose-keys.ts';

/** The action of a key runs as the owner of the table and asks no policy: what one tenant deletes goes with another. */
export const keyActsAcrossTenants: IsolationRule = {
  id: 'key-acts-across-tenants',
  summary:
    'a foreign key without the tenant whose CASCADE, SET NULL or SET DEFAULT changes other tenants’ rows',
  severity: 'by reach',
  mend: 'key',
  explains: ['key-crosses-tenants', 'child-without-tenant-column'],
  find: (ground) =>
    looseKeys(ground).flatMap((between) => {
      const { child, parent, key } = between;
      const actions = actionsOf(between);
      const exposed = actions.length === 0 ? undefined : worst(whoActs(ground, between));
      if (exposed === undefined) return [];
      return [
        {
          at: partOf(child, key.name),
          message:
            `${shownColumns(key.columns)} names a row of ${parent.id} without the tenant, and has ${actions.join(' and ')}: ` +
            `${shownRoles(exposed)} write one of the two, and what becomes of the named row reaches rows of every tenant that name it.`,
          covers: coveredBy(between),
          ...exposed,
        },
      ];
    }),
};

function acts(action: string): boolean {
  return action !== 'no action' && action !== 'restrict';
}

function actionsOf({ key }: KeyBetween): string[] {
  return [
    ...(acts(key.onDelete) ? [`ON DELETE ${key.onDelete.toUpperCase()}`] : []),
    ...(acts(key.onUpdate) ? [`ON UPDATE ${key.onUpdate.toUpperCase()}`] : []),
  ];
}

/** Who makes a row name another tenant's, and who sets the action off. */
function whoActs(ground: Ground, { child, parent, key }: KeyBetween): (Exposed | undefined)[] {
  const relation = onColumns(parent.relation, key.referencedColumns);
  return [
    writersOf(ground, child, key.columns),
    acts(key.onDelete) ? exposureOf(ground, { relation, privileges: ['delete'] }) : undefined,
    acts(key.onUpdate) ? exposureOf(ground, { relation, privileges: ['update'] }) : undefined,
  ];
}

function worst(exposures: readonly (Exposed | undefined)[]): Exposed | undefined {
  const known = exposures.filter((each) => each !== undefined);
  const severity = known.some((each) => each.severity === 'error') ? 'error' : 'warning';
  const reachedBy = known.filter((each) => each.severity === severity).flatMap((each) => each.reachedBy);
  return known.length === 0 ? undefined : { severity, reachedBy: [...new Set(reachedBy)] };
}
