/** Assistants: a prompt, a model and its parameters, in a space. */
import {
  completionModel,
  configured,
  deletedAt,
  flag,
  id,
  optional,
  parameters,
  prose,
  required,
  rowTimes,
  space,
} from './columns.ts';
import type { Resource } from './declaration.ts';
import { softDeleted } from './soft-deletion.ts';

export const assistants: Resource = {
  path: 'assistants',
  noun: 'assistant',
  title: 'Assistant',
  tag: 'assistants',
  table: 'assistants',
  owner: 'tenant',
  columns: {
    ...configured,
    space_id: required(id, { names: space }),
    prompt: optional(prose(100_000)),
    is_published: optional(flag),
    completion_model_id: completionModel,
    parameters,
    deleted_at: deletedAt,
    ...rowTimes,
  },
  filters: {
    space_id: { column: 'space_id', test: 'equals' },
    completion_model_id: { column: 'completion_model_id', test: 'equals' },
    is_published: { column: 'is_published', test: 'equals' },
    name: { column: 'name', test: 'equals' },
    ...softDeleted.filters,
  },
  retirement: softDeleted.retirement,
  access: {
    read: { role: 'viewer', scope: 'assistants:read' },
    write: { role: 'member', scope: 'assistants:write' },
  },
  space: 'space_id',
};
