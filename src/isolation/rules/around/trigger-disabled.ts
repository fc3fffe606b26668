import { objectOf } from '../../ground.ts';
import { ownedRelations } from '../../owned-relations.ts';
import type { IsolationRule } from '../../rule.ts';

/** DISABLE TRIGGER ALL switches foreign keys off, and they still look valid. */
export const triggerDisabled: IsolationRule = {
  id: 'trigger-disabled',
  summary: 'a trigger of a tenant’s table is off; of a foreign key it is an error',
  severity: 'warning',
  mend: 'advice',
  find: (ground) =>
    [...ownedRelations(ground).values()].flatMap((relation) => {
      // A partition has the triggers of its table once more.
      const above = ground.relations.get(relation.root ?? '')?.triggers ?? [];
      const isCopy = (name: string): boolean => above.some((other) => other.name === name && !other.enabled);
      const off = relation.triggers.filter(({ enabled, name }) => !enabled && !isCopy(name));
      const keys = [...new Set(off.flatMap(({ constraint }) => constraint ?? []))];
      return [
        ...keys.map((key) => ({
          at: objectOf('table', relation, key),
          message: `The triggers that check the foreign key ${key} are off: it is not enforced, though it is called valid.`,
          severity: 'error' as const,
        })),
        ...off
          .filter(({ constraint }) => constraint === undefined)
          .map(({ name }) => ({
            at: objectOf('table', relation, name),
            message: `The trigger ${name} does not fire.`,
          })),
      ];
    }),
};
