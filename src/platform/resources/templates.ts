/** Templates of a tenant, which its assistants and apps start from. */
import {
  completionModel,
  configured,
  deletedAt,
  optional,
  parameters,
  pipeline,
  prose,
  rowTimes,
} from './columns.ts';
import type { Resource } from './declaration.ts';
import { softDeleted } from './soft-deletion.ts';

const common = {
  tag: 'templates',
  owner: 'tenant',
  filters: {
    completion_model_id: { column: 'completion_model_id', test: 'equals' },
    name: { column: 'name', test: 'equals' },
    ...softDeleted.filters,
  },
  retirement: softDeleted.retirement,
  access: {
    read: { role: 'viewer', scope: 'templates:read' },
    write: { role: 'admin', scope: 'templates:write' },
  },
} as const;

const columns = {
  ...configured,
  prompt: optional(prose(100_000)),
  completion_model_id: completionModel,
  parameters,
};

const times = { deleted_at: deletedAt, ...rowTimes };

export const assistantTemplates: Resource = {
  ...common,
  path: 'assistant-templates',
  noun: 'assistant template',
  title: 'AssistantTemplate',
  table: 'assistant_templates',
  columns: { ...columns, ...times },
};

export const appTemplates: Resource = {
  ...common,
  path: 'app-templates',
  noun: 'app template',
  title: 'AppTemplate',
  table: 'app_templates',
  columns: { ...columns, pipeline, ...times },
};
