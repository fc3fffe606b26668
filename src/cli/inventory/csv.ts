/** An inventory as CSV (RFC 4180): one line for each place, with what becomes of the model on each. */
import { csvText } from '../terminal/csv.ts';
import type { Occurrence, SchemaOccurrence } from '../../engine/inventory/occurrence.ts';
import { endOf } from '../../engine/inventory/report.ts';
import type { ModelReport } from '../../engine/inventory/report.ts';

const head = [
  'model',
  'status',
  'ends',
  'successor',
  'relation',
  'in',
  'place',
  'path',
  'form',
  'written',
  'rows',
  'samples',
];

export function inventoryCsv(reports: readonly ModelReport[]): string {
  return csvText(head, reports.flatMap(linesOf));
}

function linesOf(report: ModelReport): string[][] {
  const { model } = report;
  const lead = [model.id, model.status, endOf(model) ?? '', model.successor ?? ''];
  return [
    ...report.occurrences.map((each) => [...lead, 'model', ...rowFields(each)]),
    ...report.schema.map((each) => [...lead, 'model', ...schemaFields(each)]),
    ...report.related.map((each) => [...lead, 'related', ...rowFields(each)]),
    ...report.relatedSchema.map((each) => [...lead, 'related', ...schemaFields(each)]),
  ];
}

function rowFields({ table, column, path, form, spelling, rows, samples }: Occurrence): string[] {
  return ['rows', `${table}.${column}`, path ?? '', form, spelling, String(rows), samples.join(' ')];
}

function schemaFields({ part, object, written }: SchemaOccurrence): string[] {
  return [part, object, '', '', written, '', ''];
}
