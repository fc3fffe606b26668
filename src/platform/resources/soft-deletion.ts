/** Rows that are deleted softly: they leave the lists, keep what they are, and can be restored. */
import type { Filter, RowRemoval } from './declaration.ts';

export const softDeleted: {
  readonly filters: { readonly deleted: Filter };
  readonly retirement: RowRemoval;
} = {
  filters: { deleted: { column: 'deleted_at', test: 'presence', default: 'false' } },
  retirement: {
    column: 'deleted_at',
    how: 'stamp',
    word: 'deleted',
    summary: 'Deletes softly: the row leaves the lists and can be restored',
  },
};
