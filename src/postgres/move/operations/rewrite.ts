/**
 * rewrite-json, rewrite-text, rewrite-array: references inside the values of one column. Documents come through a cursor a few
 * hundred at a time, are edited by the pure editors byte for byte, and go back in one UPDATE per batch.
 * A document that somebody changed between reading and writing is not overwritten: its old text must still be there, otherwise
 * the count differs from the plan and the migration rolls back.
 */
import { editDocument } from '../../../engine/rules/documents.ts';
import type { RewriteStep } from '../../../engine/plan/plan-types.ts';
import type { Edit } from '../../../engine/edit/value-rule.ts';
import { visitDocuments } from '../../facts/documents.ts';
import type { Document } from '../../facts/documents.ts';
import { quoteIdent, quoteRows } from '../../sql/identifiers.ts';
import { writeChunk } from '../journal.ts';
import { keyMatches } from '../../sql/keys.ts';
import type { RowKey } from '../../sql/keys.ts';
import { columnOf } from '../../sql/match.ts';
import { mineSql } from '../../sql/row.ts';
import type { RowContext } from '../../sql/match.ts';
import { openStep, placeOf } from './step-context.ts';
import type { StepContext } from './step-context.ts';

export interface ChangedDocument {
  readonly key: string;
  readonly old: string;
  readonly text: string;
  readonly elements: readonly (string | null)[] | null;
  readonly edits: readonly Edit[];
}

/** Carries the step out and returns how many rows it changed. */
export async function rewrite(context: StepContext, step: RewriteStep): Promise<number> {
  const { table } = openStep(context, step);
  const places = step.places.map((id) => ({
    place: placeOf(context, id),
    mappings: step.rules[id]?.mappings ?? [],
  }));
  let touched = 0;
  let chunk = 0;
  await visitDocuments(
    context.tx,
    { rules: context.rules, table, column: step.column, tenant: context.tenant, pair: context.pair, places },
    async (batch) => {
      const changed = batch.flatMap((document) => change(context, step, document));
      if (changed.length === 0) return;
      const { key, row } = openStep(context, step);
      touched += await writeDocuments(context, { row, key, column: step.column, documents: changed });
      chunk += 1;
      await writeChunk(context.tx, context.journal, {
        step: step.id,
        chunk,
        action: 'edit',
        table,
        key,
        keys: changed.map((document) => document.key),
        befores: changed.map((document) => ({
          column: step.column,
          carrier: places[0]?.place.carrier,
          edits: document.edits,
        })),
      });
      context.onRows(changed.length);
    },
  );
  return touched;
}

function change(context: StepContext, step: RewriteStep, document: Document): ChangedDocument[] {
  if ((context.tenant !== undefined && document.owner !== 'mine') || (document.dead && !step.includeDead))
    return [];
  const rules = step.places.flatMap((id, at) => {
    const rule = step.rules[id];
    return rule === undefined || !rule.states.includes(document.states[at] ?? 'L')
      ? []
      : [{ place: placeOf(context, id), mappings: rule.mappings }];
  });
  const edited = rules.length === 0 ? undefined : editDocument(rules, document);
  if (edited === undefined || edited.kind === 'unreadable' || edited.edits.length === 0) return [];
  return [
    {
      key: document.key,
      old: document.text,
      text: edited.value.text,
      elements: edited.value.elements,
      edits: edited.edits,
    },
  ];
}

export interface DocumentWrite {
  readonly row: RowContext;
  readonly key: RowKey;
  readonly column: string;
  readonly documents: readonly ChangedDocument[];
}

/** Writes documents back where the old text is still there; returns how many. */
export async function writeDocuments(
  context: Pick<StepContext, 'tx'>,
  { row, key, column, documents }: DocumentWrite,
): Promise<number> {
  const { type, kind } = columnOf(row.table, column);
  const name = quoteIdent(column);
  const isArray = kind.endsWith('[]');
  const keys = row.binder.bind(
    documents.map((document) => document.key),
    `text[]::${key.type}[]`,
  );
  const old = row.binder.bind(
    documents.map((document) => document.old),
    'text[]',
  );
  const values = row.binder.bind(
    documents.map((document) => (isArray ? JSON.stringify(document.elements) : document.text)),
    'text[]',
  );
  const value = isArray
    ? `(SELECT coalesce(array_agg(e.v ORDER BY e.n), '{}') FROM jsonb_array_elements_text(d.value::jsonb) WITH ORDINALITY e (v, n))::${type}`
    : `d.value::${type}`;
  const sql = `UPDATE ${quoteRows(row.table)} t SET ${name} = ${value} FROM unnest(${keys}, ${old}, ${values}) d (k, old, value)
    WHERE ${keyMatches(key, 't', 'd.k')} AND ${mineSql(row)} AND t.${name}::text = d.old`;
  return context.tx.run(sql, row.binder.values);
}
