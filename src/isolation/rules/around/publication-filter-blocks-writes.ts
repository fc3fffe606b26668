import { listed } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';

/** PostgreSQL refuses an UPDATE or DELETE whose row filter it cannot ask of the old row. */
export const publicationFilterBlocksWrites: IsolationRule = {
  id: 'publication-filter-blocks-writes',
  summary:
    'a row filter of a publication reads a column outside the replica identity: updates and deletes fail',
  severity: 'warning',
  mend: 'advice',
  needs: ['publications'],
  find: ({ facts }) =>
    facts.publications.flatMap(({ name, tables, changes }) =>
      tables.flatMap(({ table, filterColumns, identity }) => {
        const outside = filterColumns.filter((column) => !identity.includes(column));
        if (!changes || outside.length === 0) return [];
        const message = `Its filter reads ${listed(outside)} of ${table}, outside the replica identity: UPDATE and DELETE there fail.`;
        return [{ at: { kind: 'publication', schema: '', name, part: table }, message }];
      }),
    ),
};
