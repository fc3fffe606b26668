/** How past migrations look in the API. */
import { z } from 'zod';
import { editedValue } from '../../../engine/edit/documents.ts';
import type { Edit } from '../../../engine/edit/value-rule.ts';
import type { MigrationStory } from '../../../platform/migrations/migration-history.ts';
import type { MigrationRecord } from '../../../postgres/records/history.ts';
import type { HistoryFilter, PagedChange } from '../../../postgres/records/history-page.ts';
import type { RollbackResult } from '../../../postgres/undo/result.ts';
import {
  completionSchema,
  countsByType,
  findingJson,
  findingSchema,
  leftBehindJson,
  leftBehindSchema,
  reasonText,
} from './migration-schemas.ts';
import { publicReason } from '../../api/problem.ts';
import { pageQuery } from '../../api/paging.ts';
import { moment, rowId, timestamp } from '../../schemas.ts';

const kinds = z.enum(['model', 'rekey', 'merge', 'rollback']);
const states = z.enum(['running', 'prepared', 'under_way', 'succeeded', 'failed']);

export const migrationFilter = pageQuery.extend({
  status: states.optional(),
  kind: kinds.optional(),
  model_kind: z.enum(['completion', 'transcription', 'embedding']).optional(),
  model: z
    .string()
    .min(1)
    .max(300)
    .optional()
    .describe('Id or name of a model, as source or target. The model may be gone'),
  actor: z.string().min(1).max(300).optional(),
  since: moment.optional().describe('Began at or after'),
  until: moment.optional().describe('Began before'),
});

/** The filter of a query. */
export function filterOf(query: z.infer<typeof migrationFilter>): HistoryFilter {
  const { status, kind, model_kind: modelKind, model, actor, since, until } = query;
  const given = Object.entries({ status, kind, modelKind, model, actor, since, until });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

const modelName = z.object({
  id: z.string().nullable(),
  name: z.string().nullable(),
  provider: z.string().nullable(),
});

const summaryShape = {
  id: rowId,
  kind: kinds,
  status: states,
  completion: completionSchema.nullable().describe('null until it succeeded'),
  model_kind: z.string().nullable(),
  from: modelName.describe('The name at that time; the model may be gone'),
  to: modelName,
  migrated_count: z.int(),
  actor: z.string().describe('Who did it'),
  reason: z.string().nullable(),
  forced: z.boolean(),
  parent_id: rowId.nullable().describe('Of a rollback: the migration that it takes back'),
  rolled_back: z.boolean().describe('A rollback took it back, and was not taken back itself'),
  plan_hash: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  started_at: timestamp,
  finished_at: timestamp.nullable(),
};

export const migrationSummary = z.object(summaryShape).meta({ id: 'Migration' });

const skippedSchema = z.object({ table: z.string(), id: z.string(), reason: z.string() });

export const migrationDetail = z
  .object({
    ...summaryShape,
    steps: z.array(
      z.object({
        step: z.int(),
        operation: z.string(),
        table: z.string(),
        type: z.string(),
        expected: z.int(),
        actual: z.int().nullable(),
      }),
    ),
    details: countsByType.describe('Row changes by entity type'),
    findings: z.array(findingSchema),
    left_behind: z.array(leftBehindSchema),
    skipped_count: z
      .int()
      .describe('Of a rollback: row changes that it left, because somebody changed the row since'),
    skipped: z.array(skippedSchema),
    children: z.array(migrationSummary).describe('Its rollbacks, failed ones included'),
  })
  .meta({ id: 'MigrationDetail' });

/** A migration in a list. */
export function migrationJson(record: MigrationRecord): z.infer<typeof migrationSummary> {
  const { from, to, errorCode, errorMessage } = record;
  return {
    id: record.id,
    kind: record.kind,
    status: record.status,
    completion: record.completion,
    model_kind: from.kind,
    from: { id: from.key, name: from.name, provider: from.provider },
    to: { id: to.key, name: to.name, provider: to.provider },
    migrated_count: record.migratedCount,
    actor: record.actor,
    reason: record.reason,
    forced: record.forced,
    parent_id: record.parentId,
    rolled_back: record.rolledBack,
    plan_hash: record.planHash,
    error:
      errorCode === null ? null : { code: errorCode, message: publicReason(errorCode, errorMessage ?? '') },
    started_at: record.startedAt,
    finished_at: record.finishedAt,
  };
}

/** A migration by itself. */
export function migrationDetailJson(story: MigrationStory): z.infer<typeof migrationDetail> {
  return {
    ...migrationJson(story),
    steps: story.steps.map(({ step, operation, table, entity, expected, actual }) => ({
      step,
      operation,
      table,
      type: entity,
      expected,
      actual,
    })),
    details: { ...story.counts },
    findings: story.findings.map(findingJson),
    left_behind: story.leftBehind.map(leftBehindJson),
    skipped_count: story.skippedCount,
    skipped: story.skipped.map(skippedJson),
    children: story.children.map(migrationJson),
  };
}

function skippedJson({
  table,
  key,
  reason,
}: RollbackResult['skipped'][number]): z.infer<typeof skippedSchema> {
  return { table, id: key, reason };
}

export const changesQuery = pageQuery.extend({
  step: z.coerce.number().int().min(1).optional().describe('Only changes of this step'),
});

export const changeSchema = z
  .object({
    step: z.int(),
    table: z.string(),
    action: z.enum(['set', 'delete', 'insert', 'edit']),
    row_id: z.string().describe('The key of the row, without the tenant; of several columns a JSON list'),
    before: z
      .unknown()
      .describe('The columns before the change; of an edit, the values in the document by JSON pointer'),
    after: z.unknown(),
  })
  .meta({ id: 'Change' });

export function changeJson(change: PagedChange): z.infer<typeof changeSchema> {
  const { step, table, key } = change;
  const action = change.action as z.infer<typeof changeSchema>['action'];
  const { before, after } = action === 'edit' ? editedValues(change.before) : change;
  return { step, table, action, row_id: key, before, after };
}

/** The journal keeps both sides of an edit as text. The answer shows the values: column → JSON pointer → value. */
function editedValues(stored: unknown): { before: unknown; after: unknown } {
  const { column, edits } = stored as { readonly column: string; readonly edits: readonly Edit[] };
  const side = (which: 'before' | 'after'): unknown => ({
    [column]: Object.fromEntries(edits.map((edit) => [edit.pointer, editedValue(edit, which)])),
  });
  return { before: side('before'), after: side('after') };
}

export const rollbackBody = z.strictObject({ reason: reasonText.optional() }).meta({ id: 'RollbackRequest' });

export const rollbackAnswer = z
  .object({
    migration_id: rowId.describe('The rollback is a migration of its own'),
    parent_id: rowId.describe('The migration that was taken back'),
    success: z.boolean(),
    complete: z.boolean().describe('Every row was restored'),
    restored_count: z.int(),
    skipped_count: z.int(),
    skipped: z
      .array(skippedSchema)
      .describe('Rows that were not restored, with the reason; up to a thousand'),
    duration_seconds: z.number(),
  })
  .meta({ id: 'RollbackResult' });

export function rollbackJson(result: RollbackResult): z.infer<typeof rollbackAnswer> {
  return {
    migration_id: result.migrationId,
    parent_id: result.parentId,
    success: true,
    complete: result.complete,
    restored_count: result.restored,
    skipped_count: result.skippedCount,
    skipped: result.skipped.map(skippedJson),
    duration_seconds: result.durationMs / 1000,
  };
}
