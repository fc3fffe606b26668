import type { IsolationObject } from '../../../engine/isolation/report.ts';
import { listed } from '../../ground.ts';
import { ownedRelations } from '../../owned-relations.ts';
import type { IsolationRule } from '../../rule.ts';

/** The process that sends changes asks no policy. */
export const publicationUnfiltered: IsolationRule = {
  id: 'publication-unfiltered',
  summary: 'a publication sends a tenant’s table without a row filter',
  severity: 'warning',
  mend: 'advice',
  needs: ['publications'],
  find: (ground) =>
    ground.facts.publications.flatMap(({ name, tables }) => {
      const whole = tables.filter(
        ({ table, filter }) => filter === undefined && ownedRelations(ground).has(table),
      );
      const at: IsolationObject = { kind: 'publication', schema: '', name };
      const message = `It sends the rows of every tenant of ${listed(whole.map(({ table }) => table))}; no policy is asked.`;
      return whole.length === 0 ? [] : [{ at, message }];
    }),
};
