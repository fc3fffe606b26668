/**
 * Templates for everybody. They belong to no tenant, so they name a model by what it is called and not by a tenant's
 * row; all read them, and sysadmins write them.
 */
import { DroverError } from '../../errors.ts';
import { id, line, optional, parameters, prose, readOnly, required, rowTimes } from './columns.ts';
import type { Proposed, Resource } from './declaration.ts';

const common = {
  tag: 'templates',
  owner: 'global',
  columns: {
    id: readOnly(id),
    name: required(line()),
    description: optional(prose(4000)),
    prompt: optional(prose(100_000)),
    completion_model_name: optional(line(), { nullable: true }),
    completion_model_family: optional(line(), { nullable: true }),
    parameters,
    ...rowTimes,
  },
  filters: {
    name: { column: 'name', test: 'equals' },
    completion_model_name: { column: 'completion_model_name', test: 'equals' },
  },
  retirement: { column: 'id', how: 'removal', word: 'deleted', summary: 'Deletes the template' },
  access: {
    read: { role: 'viewer', scope: 'templates:read' },
    write: { role: 'sysadmin', scope: 'templates:write' },
  },
  check: bothOrNone,
} as const;

export const globalAssistantTemplates: Resource = {
  ...common,
  path: 'global-assistant-templates',
  noun: 'global assistant template',
  title: 'GlobalAssistantTemplate',
  table: 'global_assistant_templates',
  unique: { global_assistant_templates_name_key: 'name' },
};

export const globalAppTemplates: Resource = {
  ...common,
  path: 'global-app-templates',
  noun: 'global app template',
  title: 'GlobalAppTemplate',
  table: 'global_app_templates',
  unique: { global_app_templates_name_key: 'name' },
};

/** A name alone could mean models of several families. */
function bothOrNone({ after }: Proposed): Promise<void> {
  const { completion_model_name: name = null, completion_model_family: family = null } = after;
  if ((name === null) === (family === null)) return Promise.resolve();
  throw new DroverError(
    'REFERENCE_INVALID',
    'A global template names a model by completion_model_name and completion_model_family together, or not at all.',
    { field: name === null ? 'completion_model_name' : 'completion_model_family' },
  );
}
