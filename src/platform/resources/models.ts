/**
 * The three kinds of models. A model is retired, never deleted: what happened keeps naming it. Retiring is refused while
 * anything live names it; moving what names it is a migration.
 */
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
import type { ResourceColumn, ModelKind, Resource, Values, Proposed } from './declaration.ts';
import { lockPair } from '../../postgres/records/pair-lock.ts';
import { DroverError } from '../../errors.ts';
import { tableLock } from '../../postgres/move/locks.ts';
import { listModelsOfKind } from '../../postgres/facts/model-rows.ts';
import { readRules } from '../../postgres/catalogue/rules.ts';
import { countUsage, listUses } from '../../postgres/usage/usage.ts';
import type { UsageByType } from '../../postgres/usage/usage.ts';

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

/*
 * Retiring a model by hand. Nothing live may name it. The fence guards foreign keys. Documents and all other places of the
 * configuration are looked at here, under the locks that a migration of the model would take.
 */

/** In the order of a migration: the model's own lock, the tables with documents; then its row. @throws MIGRATION_RUNNING */
async function lockForRetirement(
  kind: ModelKind,
  { tx, platform, caller, action, id }: Omit<Proposed, 'before' | 'after'>,
): Promise<void> {
  if (action !== 'retire') return;
  await lockPair(tx, { tenant: caller.tenantId, source: { kind, key: id, components: {} } });
  await tx.ask(tableLock(await readRules(tx, platform.site, caller.tenantId), { kind, shared: false }));
}

const namedRows = 20;

/** @throws MODEL_IN_USE with the rows that name it */
async function refuseWhileUsed(kind: ModelKind, proposed: Proposed): Promise<void> {
  const { tx, platform, caller, action, id, after } = proposed;
  if (action !== 'retire') return;
  const rules = await readRules(tx, platform.site, caller.tenantId);
  const scope = { rules, tenant: caller.tenantId };
  const models = await listModelsOfKind(tx, scope, kind);
  const model = models.find(({ key }) => key === id);
  if (model === undefined)
    throw new DroverError('INTERNAL', `The engine does not see the ${kind} model ${id}.`);
  const [usage = {}] = await countUsage(tx, { ...scope, models: [model] });
  const used = inUse(usage);
  if (used.length === 0) return;
  const uses = await listUses(tx, scope, { model, limit: namedRows * 10 });
  const named = uses.filter(({ state }) => state !== 'history').slice(0, namedRows);
  const where = used.map(({ type, rows }) => `${rows} in ${type}`).join(', ');
  throw new DroverError(
    'MODEL_IN_USE',
    `${String(after['name'])} is still named (${where}). Migrate it to another model, or choose another one there.`,
    { used, rows: named.map(({ type, key, name }) => ({ type, key, name })) },
  );
}

/** Deleted rows count: they can be restored, and the fence holds them, too. */
function inUse(usage: UsageByType): { type: string; rows: number; deleted: number }[] {
  return Object.entries(usage)
    .map(([type, { live, dead }]) => ({ type, rows: live + dead, deleted: dead }))
    .filter(({ rows }) => rows > 0);
}
