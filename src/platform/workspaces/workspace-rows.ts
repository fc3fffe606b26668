/**
 * What a workspace is to a caller. Its routing is written by set-routing.ts alone, so no column can be written by the ways
 * of other resources.
 */
import {
  choice,
  id,
  integer,
  line,
  object,
  optional,
  prose,
  readOnly,
  required,
  rowTimes,
} from '../resources/columns.ts';
import type { Resource, ValueType } from '../resources/declaration.ts';

/** A model's name. Blank is none, and whether there must be one depends on the runtime. */
export const modelName: ValueType = { kind: 'text', max: 200, min: 0, form: 'line' };

export const workspaces: Resource = {
  path: 'workspaces',
  noun: 'workspace',
  title: 'Workspace',
  tag: 'workspaces',
  table: 'workspaces',
  owner: 'tenant',
  columns: {
    id: readOnly(id),
    user_id: readOnly(id, { filled: 'caller', about: 'Who made it' }),
    name: required(line()),
    role: optional(prose(200), { about: 'What it is for' }),
    tier: optional(choice('small', 'standard', 'large')),
    runtime: required(line(), { about: 'What runs in it: an id of GET /runtimes' }),
    model: optional(modelName, { nullable: true, about: 'As its runtime spells it; null: none yet' }),
    compute: optional(object(16_384), { about: 'What it runs on, such as memory and disk' }),
    version: readOnly(integer(), { about: 'Grows with each change through the API' }),
    ...rowTimes,
  },
  filters: {
    runtime: { column: 'runtime', test: 'equals' },
    model: { column: 'model', test: 'equals' },
    name: { column: 'name', test: 'equals' },
    tier: { column: 'tier', test: 'equals' },
  },
  access: { read: { role: 'viewer', scope: 'workspaces:read' } },
  unique: { workspaces_name_key: 'name' },
};

/** What PATCH takes beside the routing. */
export const patchable = ['name', 'role', 'tier', 'compute'] as const;
