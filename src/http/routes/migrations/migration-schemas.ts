/** How plans and migrations look in the API. */
import type { MigrateAnswer } from '../../../platform/migrations/migrate-model.ts';
import { z } from 'zod';
import type { Finding } from '../../../engine/finding.ts';
import { accountNames } from '../../../engine/plan/accounts.ts';
import { completions } from '../../../engine/plan/completion.ts';
import type { LeftBehind } from '../../../engine/plan/plan-types.ts';
import { toConfirm } from '../../../engine/finding.ts';
import { publicReason } from '../../api/problem.ts';
import { rowId } from '../../schemas.ts';

export const parameterPolicy = z
  .enum(['reset', 'keep', 'translate'])
  .default('reset')
  .describe(
    'Parameters of moved rows: `reset` empties them, `keep` keeps them, `translate` keeps what the target knows',
  );

/** All that a migration can be narrowed to, of any kind of model; a test compares it with the configuration. */
export const entityTypeNames = [
  'app_templates',
  'apps',
  'assistant_templates',
  'assistants',
  'global_app_templates',
  'global_assistant_templates',
  'services',
  'space_completion_models',
  'space_defaults',
  'space_embedding_models',
  'space_transcription_models',
  'tenant_defaults',
  'workspaces',
] as const;

/** The engine refuses what is none of them: it knows which of them the kind of model and the tenant have, and names those. */
export const entityTypes = z
  .array(
    z
      .string()
      .max(100)
      .meta({ enum: [...entityTypeNames] }),
  )
  .max(100)
  .optional()
  .describe(
    'Only these entity types; by default all. An empty list, a type that nothing of this kind of model moves in, and the models ' +
      'of spaces without what relies on them are refused. `global_*` are for the shared rows',
  );

export const reasonText = z.string().trim().min(1).max(2000).describe('Why; it is recorded');

export const findingSchema = z
  .object({
    severity: z.enum(['error', 'warning', 'info']),
    code: z.string().describe('Stable; see docs/findings.md'),
    message: z.string(),
    entity: z.string().optional(),
    place: z.string().optional().describe('The column, or the path in a document'),
    count: z.int().optional(),
    forceable: z.boolean().optional().describe('An error that `force_override` with a reason passes'),
  })
  .meta({ id: 'Finding' });

/** Every question of a plan can be answered where it is asked. */
export const answersShape = z
  .record(z.string().min(1).max(300), z.enum(['move', 'keep']))
  .default({})
  .describe(
    'What a plan asks (ASK_OPEN), by the place that the finding names: `{ "workspaces.model": "keep" }`',
  );

export const countsByType = z.record(z.string(), z.int());

const namedRow = z.object({ id: z.string(), name: z.string().nullable() });

export const completionSchema = z
  .enum(completions)
  .describe(
    '`complete`: nothing live names the source. `complete for the tenant`: only rows that belong to no single tenant do. ' +
      '`partial`: live rows of the tenant do',
  )
  .meta({ id: 'Completion' });

const accountsSchema = z
  .partialRecord(z.enum(accountNames), z.int())
  .describe('How many occurrences of the source have which account; their sum is what was found')
  .meta({ id: 'Accounts' });

export const leftBehindSchema = z
  .object({
    type: z.string(),
    place: z.string(),
    reason: z.string(),
    live: z
      .boolean()
      .describe('Configuration that still names the source; nothing is complete while it does'),
    count: z.int().describe('Rows of the place'),
    occurrences: z
      .int()
      .optional()
      .describe('Values of these rows that name the source; left out where each row has one'),
    message: z.string(),
    written: z.string().optional().describe('How the source is written there, where no place writes it'),
    rows: z.array(namedRow).describe('Up to fifty of them'),
  })
  .meta({ id: 'LeftBehind' });

export const migrateBody = z
  .strictObject({
    to_model_id: rowId,
    entity_types: entityTypes,
    confirm_migration: z.boolean().default(false).describe('Warnings were read and accepted'),
    force_override: z
      .boolean()
      .default(false)
      .describe('Passes the errors that may be forced; needs a reason'),
    reason: reasonText.optional(),
    answers: answersShape,
    parameters: parameterPolicy,
    dry_run: z.boolean().default(false).describe('Plan only: nothing is written, not even a record'),
    rehearse: z
      .boolean()
      .default(false)
      .describe('A dry run that also tries all of it, and takes it back; it takes the locks of a migration'),
    plan_hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'is the `plan_hash` of an earlier answer')
      .optional()
      .describe('Apply only this plan. If facts have changed since, 409 PLAN_STALE names them'),
  })
  .meta({ id: 'MigrateRequest' });

const rehearsalSchema = z
  .object({
    refusals: z.array(
      z.object({
        step: z.int().optional().describe('Left out where constraints are checked at the end'),
        table: z.string().optional(),
        constraint: z.string().optional(),
        trigger: z.string().optional(),
        code: z.string(),
        message: z.string(),
        rows: z.array(z.string()).describe('Keys of refused rows, of the first ten of the step'),
      }),
    ),
  })
  .meta({ id: 'Rehearsal' });

export const migrateAnswer = z
  .object({
    migration_id: rowId.nullable().describe('null in a dry run'),
    success: z.boolean().describe('The migration was done; false in a dry run'),
    dry_run: z.boolean(),
    replayed: z
      .boolean()
      .describe('This plan was applied before. The answer is its result; nothing was done now'),
    completion: completionSchema,
    from_model_id: rowId,
    to_model_id: rowId,
    migrated_count: z
      .int()
      .describe('Row changes, all types together (see `details`); in a dry run, those that would be made'),
    failed_count: z.int().describe('Always 0: a migration is done as a whole or not at all'),
    details: countsByType.describe(
      'Row changes by entity type; in a dry run, those that would be made. ' +
        'A row counts twice if both a column and a document of it change',
    ),
    accounts: accountsSchema,
    left_behind: z.array(leftBehindSchema).describe('What still names the source, and why'),
    findings: z.array(findingSchema),
    duration_seconds: z.number(),
    plan_hash: z.string(),
    requires_confirmation: z.boolean().describe('There are warnings: `confirm_migration` accepts them'),
    rehearsal: rehearsalSchema
      .nullable()
      .describe(
        'What the database refused. null where it was not tried: not asked for, or the plan has errors',
      ),
  })
  .meta({ id: 'MigrationResult' });

type MigrateJson = z.infer<typeof migrateAnswer>;

/** The answer as JSON. */
export function migrateJson(
  answer: MigrateAnswer,
  { from, to }: { readonly from: string; readonly to: string },
): MigrateJson {
  return {
    migration_id: answer.migrationId,
    success: !answer.dryRun,
    dry_run: answer.dryRun,
    replayed: answer.replayed,
    completion: answer.completion,
    from_model_id: from,
    to_model_id: to,
    migrated_count: answer.movedRows,
    failed_count: 0,
    details: { ...answer.counts },
    accounts: { ...answer.accounts },
    left_behind: answer.leftBehind.map(leftBehindJson),
    findings: answer.findings.map(findingJson),
    duration_seconds: answer.durationMs / 1000,
    plan_hash: answer.planHash,
    requires_confirmation: toConfirm(answer.findings).length > 0,
    rehearsal: rehearsalJson(answer.rehearsal),
  };
}

function rehearsalJson(rehearsal: MigrateAnswer['rehearsal']): MigrateJson['rehearsal'] {
  if (rehearsal === null) return null;
  const refusals = rehearsal.refusals.map(({ rows, message, ...refusal }) => ({
    ...refusal,
    message: publicReason(refusal.code, message),
    rows: [...rows],
  }));
  return { refusals };
}

export function findingJson(finding: Finding): z.infer<typeof findingSchema> {
  return { ...finding };
}

export function leftBehindJson(entry: LeftBehind): z.infer<typeof leftBehindSchema> {
  const { entity, rows, ...rest } = entry;
  return { ...rest, type: entity, rows: rows.map(({ key, name }) => ({ id: key, name: name ?? null })) };
}
