/** What a tenant uses where nothing else is chosen: one model of each kind, or none. */
import { id, instant, readOnly } from './columns.ts';
import type { ResourceColumn, ModelKind } from './declaration.ts';

function model(kind: ModelKind): ResourceColumn {
  return { type: id, nullable: true, update: true, names: { to: 'model', kind } };
}

/** A tenant has one row of them, so there is nothing to list, make or take away. */
export const defaults = {
  noun: 'defaults',
  title: 'Defaults',
  columns: {
    completion_model_id: model('completion'),
    transcription_model_id: model('transcription'),
    embedding_model_id: model('embedding'),
    updated_at: readOnly(instant, { nullable: true }),
  },
} as const;
