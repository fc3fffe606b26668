/** Spaces, in which people of a tenant work together. A space's default is one of the models that it may use. */
import { id, integer, line, optional, prose, readOnly, required, rowTimes, instant } from './columns.ts';
import type { Resource } from './declaration.ts';

export const spaces: Resource = {
  path: 'spaces',
  noun: 'space',
  title: 'Space',
  tag: 'spaces',
  table: 'spaces',
  owner: 'tenant',
  columns: {
    id: readOnly(id),
    name: required(line()),
    description: optional(prose(4000)),
    security_classification: optional(integer(), {
      about: 'What is used in the space must have this class or a higher one',
    }),
    // A new space may use no model yet, so a default can be chosen later only.
    default_completion_model_id: {
      type: id,
      nullable: true,
      update: true,
      names: { to: 'model', kind: 'completion' },
      about: 'Used where an assistant chooses none; the space must be allowed to use it',
    },
    archived_at: readOnly(instant, { nullable: true, about: 'Since when it is archived' }),
    ...rowTimes,
  },
  filters: {
    name: { column: 'name', test: 'equals' },
    default_completion_model_id: { column: 'default_completion_model_id', test: 'equals' },
    archived: { column: 'archived_at', test: 'presence', default: 'false' },
  },
  retirement: {
    column: 'archived_at',
    how: 'stamp',
    word: 'archived',
    summary: 'Archives the space with all that is in it; it can be restored',
  },
  access: {
    read: { role: 'viewer', scope: 'spaces:read' },
    write: { role: 'admin', scope: 'spaces:write' },
  },
  space: 'id',
};
