/** Services: one question to a model, with an answer of a given form. */
import {
  choice,
  completionModel,
  configured,
  deletedAt,
  id,
  object,
  optional,
  parameters,
  required,
  rowTimes,
  space,
  transcriptionModel,
} from './columns.ts';
import type { Resource } from './declaration.ts';
import { softDeleted } from './soft-deletion.ts';

export const services: Resource = {
  path: 'services',
  noun: 'service',
  title: 'Service',
  tag: 'services',
  table: 'services',
  owner: 'tenant',
  columns: {
    ...configured,
    space_id: required(id, { names: space }),
    output_format: optional(choice('text', 'json', 'list', 'boolean')),
    output_schema: optional(object(65_536), { nullable: true, about: 'JSON Schema of the answer' }),
    completion_model_id: completionModel,
    transcription_model_id: transcriptionModel,
    parameters,
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
    read: { role: 'viewer', scope: 'services:read' },
    write: { role: 'member', scope: 'services:write' },
  },
  space: 'space_id',
};
