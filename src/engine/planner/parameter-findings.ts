/** What happens to the parameters of moved references, value by value. */
import { compareText } from '../order.ts';
import { type ParameterChange, translateParameters } from '../models/parameters.ts';
import { type Finding, finding } from '../finding.ts';
import type { Decisions } from '../plan/decide.ts';
import type { ParameterDocuments, Snapshot } from '../plan/snapshot.ts';

/** One finding per parameter and kind of change. */
export function parameterFindings({ intent, snapshot }: Decisions): Finding[] {
  if (intent.parameters !== 'translate') return [];
  return snapshot.parameters.flatMap((entry) => tableFindings(snapshot, entry));
}

/** One parameter and what happens to it, with how many rows have which of its values. */
interface Tally {
  readonly name: string;
  readonly change: string;
  readonly rows: number;
  readonly values: ReadonlyMap<string, number>;
}

function tableFindings(snapshot: Snapshot, { table, column, documents }: ParameterDocuments): Finding[] {
  const place = `${table}.${column}`;
  const counts = new Map<string, Tally>();
  for (const { text, rows } of documents) {
    const result = translateParameters(text, snapshot.source, snapshot.target);
    if ('unknown' in result) return [supportUnknown(place)];
    if ('invalid' in result) continue;
    for (const change of result.changes.filter((each) => each.change !== 'kept')) {
      const id = `${change.name} ${change.change}`;
      counts.set(id, withChange(counts.get(id), change, rows));
    }
  }
  return [...counts.values()].map(({ name, change, rows, values }) => {
    const message = `${name} is ${change} in ${rows} row(s) of ${place}: ${valuesText(values)}.`;
    return finding('info', 'PARAMETER_CHANGES', message, { place, count: rows });
  });
}

function withChange(
  before: Tally | undefined,
  { name, change, before: was, after }: ParameterChange,
  rows: number,
): Tally {
  const value = after === undefined || after === was ? shown(was) : `${shown(was)} → ${shown(after)}`;
  const values = new Map(before?.values).set(value, (before?.values.get(value) ?? 0) + rows);
  return { name, change, rows: (before?.rows ?? 0) + rows, values };
}

const valuesShown = 5;
const longestValue = 24;

/** A long value is somebody's text, and not needed to decide. */
function shown(value: string): string {
  return value.length > longestValue ? 'longer values' : value;
}

/** `"high" → "medium" in 12, "low" → "minimal" in 3`, those of the most rows first. */
function valuesText(values: ReadonlyMap<string, number>): string {
  const all = [...values].toSorted(([a, some], [b, others]) => others - some || compareText(a, b));
  const most = all.slice(0, valuesShown).map(([value, rows]) => `${value} in ${rows}`);
  const more = all.length - valuesShown;
  return [...most, ...(more > 0 ? [`${more} other value(s)`] : [])].join(', ');
}

function supportUnknown(place: string): Finding {
  const message =
    `Nobody says which parameters the target supports, so ${place} cannot be translated: ` +
    'use reset or keep, or map facts.parameters.';
  return finding('error', 'PARAMETER_SUPPORT_UNKNOWN', message, { place });
}
