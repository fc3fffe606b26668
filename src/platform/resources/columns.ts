/** The columns that many resources have, and short words to declare the others with. */
import type { ResourceColumn, Reference, ValueType } from './declaration.ts';

export const flag: ValueType = { kind: 'flag' };
export const id: ValueType = { kind: 'id' };
export const instant: ValueType = { kind: 'instant' };
export const day: ValueType = { kind: 'day' };
export const decimal: ValueType = { kind: 'decimal' };

/** One line, such as a name; never empty. */
export function line(max = 200): ValueType {
  return { kind: 'text', min: 1, max, form: 'line' };
}

export function prose(max: number): ValueType {
  return { kind: 'text', max };
}

export function choice(...values: [string, ...string[]]): ValueType {
  return { kind: 'choice', values };
}

const largestInteger = 2_147_483_647;

export function integer(min = 0): ValueType {
  return { kind: 'integer', min, max: largestInteger };
}

export function object(maxBytes: number): ValueType {
  return { kind: 'object', maxBytes };
}

type More = Omit<ResourceColumn, 'type' | 'create' | 'update'>;

/** Must be given, and can be changed. */
export function required(type: ValueType, more: More = {}): ResourceColumn {
  return { type, create: 'required', update: true, ...more };
}

/** Can be given, and changed. */
export function optional(type: ValueType, more: More = {}): ResourceColumn {
  return { type, create: 'optional', update: true, ...more };
}

/** Must be given, and stays. */
export function fixed(type: ValueType, more: More = {}): ResourceColumn {
  return { type, create: 'required', ...more };
}

/** Written by Drover only. */
export function readOnly(type: ValueType, more: More = {}): ResourceColumn {
  return { type, ...more };
}

export const space: Reference = {
  to: 'row',
  table: 'spaces',
  noun: 'space',
  gone: { column: 'archived_at', when: 'set', word: 'archived' },
};

export const provider: Reference = {
  to: 'row',
  table: 'model_providers',
  noun: 'model provider',
  gone: { column: 'is_active', when: 'false', word: 'deactivated' },
};

export const rowTimes = { created_at: readOnly(instant), updated_at: readOnly(instant) } as const;

/** What a tenant configures has in common. */
export const configured = {
  id: readOnly(id),
  user_id: readOnly(id, { filled: 'caller', about: 'Who made it' }),
  name: required(line()),
  description: optional(prose(4000)),
} as const;

export const completionModel: ResourceColumn = optional(id, {
  nullable: true,
  names: { to: 'model', kind: 'completion' },
  about: 'The completion model; null: the default of the space or of the organisation',
});

export const transcriptionModel: ResourceColumn = optional(id, {
  nullable: true,
  names: { to: 'model', kind: 'transcription' },
  about: 'The transcription model',
});

export const parameters: ResourceColumn = optional(object(65_536), {
  about: 'Of the completion model, such as temperature',
});

export const deletedAt: ResourceColumn = readOnly(instant, {
  nullable: true,
  about: 'Since when it is deleted',
});

export const pipeline: ResourceColumn = optional(
  { kind: 'object', maxBytes: 524_288, form: 'pipeline' },
  { about: 'Nodes; each may name a completion model in data.model, by id and by name' },
);
