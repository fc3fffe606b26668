/**
 * The three kinds of models. A model is retired, never deleted: what happened keeps naming it. Retiring is refused while
 * anything live names it; moving what names it is a migration.
 */
import { refuseWhileUsed, lockForRetirement } from './model-use.ts';
import {
  choice,
  day,
  decimal,
  fixed,
  flag,
  id,
  instant,
  integer,
  line,
  object,
  optional,
  provider,
  readOnly,
  required,
  rowTimes,
} from './columns.ts';
import type { ResourceColumn, ModelKind, Resource, Values } from './declaration.ts';

const head = {
  id: readOnly(id),
  // Documents and global templates name a model by these; by another name it is another model.
  name: fixed(line(), { about: 'What the provider calls it' }),
  family: fixed(line(), { about: 'Models of one family replace each other' }),
  provider_id: required(id, { names: provider }),
  is_enabled: optional(flag, { about: 'May it be chosen?' }),
  is_deprecated: optional(flag),
} as const;

const tail = {
  price_in: optional(decimal, { nullable: true }),
  price_out: optional(decimal, { nullable: true }),
  region: optional(line(100), { nullable: true }),
  security_classification: optional(integer(), { about: 'Spaces that demand a higher one cannot use it' }),
  supported_parameters: optional(object(65_536)),
  ...rowTimes,
} as const;

const tokens = optional(integer(), { nullable: true });

function lifecycle(kind: ModelKind): Record<string, ResourceColumn> {
  return {
    lifecycle: optional(choice('active', 'deprecated', 'withdrawn'), {
      about: 'Also `retired`, by DELETE; withdrawn and retired ones can no longer be chosen',
    }),
    deprecated_at: readOnly(instant, { nullable: true, about: 'Since when it is deprecated or withdrawn' }),
    retired_at: readOnly(instant, { nullable: true }),
    successor_id: optional(id, {
      nullable: true,
      names: { to: 'successor', kind },
      about: 'The model to use instead',
    }),
    shutdown_on: optional(day, { nullable: true, about: 'The day on which its provider ends it' }),
  };
}

function modelsOf(kind: ModelKind, title: string, facts: Readonly<Record<string, ResourceColumn>>): Resource {
  const table = `${kind}_models`;
  return {
    path: `${kind}-models`,
    noun: `${kind} model`,
    title,
    tag: 'models',
    table,
    owner: 'tenant',
    columns: { ...head, ...lifecycle(kind), ...facts, ...tail },
    filters: {
      lifecycle: {
        column: 'lifecycle',
        test: 'lifecycle',
        live: ['active', 'deprecated', 'withdrawn'],
        gone: ['retired'],
      },
      enabled: { column: 'is_enabled', test: 'equals' },
      deprecated: { column: 'is_deprecated', test: 'equals' },
      name: { column: 'name', test: 'equals' },
      family: { column: 'family', test: 'equals' },
      provider_id: { column: 'provider_id', test: 'equals' },
    },
    retirement: {
      column: 'lifecycle',
      how: 'lifecycle',
      word: 'retired',
      summary: 'Retires the model, which nothing live may name any more; its records keep naming it',
      takes: ['successor_id'],
    },
    access: {
      read: { role: 'viewer', scope: 'models:read' },
      write: { role: 'admin', scope: 'models:write' },
    },
    unique: { [`${table}_name_family_provider_key`]: ['name', 'family', 'provider_id'] },
    derive: followLifecycle,
    lock: (about) => lockForRetirement(kind, about),
    check: (proposed) => refuseWhileUsed(kind, proposed),
  };
}

/** The fence follows the lifecycle: a model that comes back can be named again. So does the date of deprecation. */
function followLifecycle(change: Values, before: Values | undefined): Values {
  const comesBack = change['lifecycle'] !== undefined && before?.['lifecycle'] === 'retired';
  const [was, is] = [isDeprecated(before ?? {}), isDeprecated({ ...before, ...change })];
  return {
    ...(comesBack ? { is_live: true, retired_at: null } : {}),
    ...(was === is ? {} : { deprecated_at: is ? new Date().toISOString() : null }),
  };
}

function isDeprecated({ is_deprecated: marked, lifecycle = 'active' }: Values): boolean {
  return marked === true || lifecycle !== 'active';
}

export const completionModels = modelsOf('completion', 'CompletionModel', {
  context_tokens: tokens,
  output_tokens: tokens,
  supports_vision: optional(flag),
  supports_tools: optional(flag),
  supports_reasoning: optional(flag),
  supports_audio: optional(flag),
  supports_structured: optional(flag),
});

export const transcriptionModels = modelsOf('transcription', 'TranscriptionModel', {});

export const embeddingModels = modelsOf('embedding', 'EmbeddingModel', {
  context_tokens: tokens,
  // Vectors that are there have this many dimensions.
  dimensions: { type: integer(1), create: 'required' },
});
