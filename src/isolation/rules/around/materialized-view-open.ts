import { listed, objectOf } from '../../ground.ts';
import { ownedRelations, readAtAnyDepth } from '../../owned-relations.ts';
import { exposureOf } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** It holds the rows that its owner saw, and takes no policies. */
export const materializedViewOpen: IsolationRule = {
  id: 'materialized-view-open',
  summary: 'a materialized view of tenants’ rows, which takes no policies',
  severity: 'by reach',
  mend: 'grant',
  find: (ground) =>
    ground.facts.relations
      .filter(({ kind }) => kind === 'materialized view')
      .flatMap((view) => {
        const tables = [...readAtAnyDepth(ground, view)].filter((id) => ownedRelations(ground).has(id));
        const exposed =
          tables.length === 0 ? undefined : exposureOf(ground, { relation: view, privileges: ['select'] });
        if (exposed === undefined) return [];
        const message = `It holds rows of ${listed(tables)} under no policy: ${listed(exposed.reachedBy)} reads those of every tenant.`;
        return [{ at: objectOf('view', view), message, ...exposed }];
      }),
};
