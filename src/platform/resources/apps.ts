/** Apps: models, parameters, and a pipeline whose nodes name models inside a document. */
import {
  choice,
  completionModel,
  configured,
  deletedAt,
  id,
  optional,
  parameters,
  pipeline,
  required,
  rowTimes,
  space,
  transcriptionModel,
} from './columns.ts';
import type { Resource } from './declaration.ts';
import { softDeleted } from './soft-deletion.ts';

export const apps: Resource = {
  path: 'apps',
  noun: 'app',
  title: 'App',
  tag: 'apps',
  table: 'apps',
  owner: 'tenant',
  columns: {
    ...configured,
    space_id: required(id, { names: space }),
    input_type: optional(choice('text', 'audio', 'file', 'image')),
    completion_model_id: completionModel,
    transcription_model_id: transcriptionModel,
    parameters,
    pipeline,
    deleted_at: deletedAt,
    ...rowTimes,
  },
  filters: {
    space_id: { column: 'space_id', test: 'equals' },
    completion_model_id: { column: 'completion_model_id', test: 'equals' },
    transcription_model_id: { column: 'transcription_model_id', test: 'equals' },
    name: { column: 'name', test: 'equals' },
    ...softDeleted.filters,
  },
  retirement: softDeleted.retirement,
  access: {
    read: { role: 'viewer', scope: 'apps:read' },
    write: { role: 'member', scope: 'apps:write' },
  },
  space: 'space_id',
};
