/**
 * What happens to the parameters of moved references, value by value. What is lost is a warning, with counts and examples. Where the
 * configuration says that all members of a document are parameters of the model (`parameterMembers: all`), that is expected, and
 * said as information.
 */
import { rowCount, verbOf } from '../plan/row-text.ts';
import { compareText } from '../order.ts';
import type { ParameterChange } from '../models/parameters.ts';
import { finding } from '../finding.ts';
import type { Finding, Severity } from '../finding.ts';
import type { Decisions } from '../plan/decide.ts';
import { parameterChanges } from '../plan/parameter-changes.ts';
import type { ParameterDocuments, CompanionValues, Snapshot } from '../plan/snapshot.ts';
import { modelLabel } from '../models/model.ts';
import { ownMember } from '../own.ts';
import { changeOnTarget } from '../plan/companion-columns.ts';
import type { Place } from '../rules/place.ts';

/** One finding per parameter and kind of change, or one for all that is reset. */
export function parameterFindings(input: Decisions): Finding[] {
  const { parameters } = input.intent;
  if (parameters === 'keep') return [];
  return input.snapshot.parameters.flatMap((entry) =>
    parameters === 'reset' ? resetFindings(input, entry) : translationFindings(input, entry),
  );
}

/** One parameter and what happens to it, with how many rows have which of its values. */
interface ParameterTally {
  readonly name: string;
  readonly change: ParameterChange['change'];
  readonly rows: number;
  readonly values: ReadonlyMap<string, number>;
}

function translationFindings(input: Decisions, entry: ParameterDocuments): Finding[] {
  const place = `${entry.table}.${entry.column}`;
  const changed = parameterChanges(input.snapshot, entry, 'translate');
  if (changed === undefined) return supportUnknown(place, entry);
  return tallyChanges(changed).map(({ name, change, rows, values }) => {
    const message = `${name} is ${change} in ${rowCount(rows)} of ${place}: ${valuesText(values)}.`;
    const severity = isLoss(change) ? severityOf(input, entry) : 'info';
    const takes = change === 'dropped' ? 'does not take' : 'takes less of';
    const told = `The new model ${takes} ${name}, which ${rowCount(rows)} ${verbOf(rows, 'have')} set: ${valuesText(values)}.`;
    return finding(severity, 'PARAMETER_CHANGES', message, {
      place,
      count: rows,
      ...(isLoss(change) ? { told } : {}),
    });
  });
}

function resetFindings(input: Decisions, entry: ParameterDocuments): Finding[] {
  const { place, unset } = entry;
  const changed = parameterChanges(input.snapshot, entry, 'reset') ?? [];
  const lost = changed.filter(({ changes }) => changes.length > 0);
  const count = lost.reduce((sum, { rows }) => sum + rows, 0);
  const removed = tallyChanges(lost).map(({ name, values }) => `${name} (${valuesText(values)})`);
  const lines =
    `The parameters of ${rowCount(count)} of ${place} are removed: ${removed.join('; ')}. ` +
    'What else the documents hold stays, and the old values are in the journal.';
  const told = `Parameters of ${rowCount(count)} are removed, and the defaults of the new model hold: ${removed.join('; ')}.`;
  const filled = `${rowCount(unset)} of ${place} ${verbOf(unset, 'have')} no parameters, and ${verbOf(unset, 'get')} an empty document.`;
  return [
    ...(count === 0
      ? []
      : [finding(severityOf(input, entry), 'PARAMETERS_RESET', lines, { place, count, told })]),
    ...(unset === 0 ? [] : [finding('info', 'PARAMETERS_EMPTY', filled, { place, count: unset })]),
  ];
}

function isLoss(change: ParameterChange['change']): boolean {
  return change === 'dropped' || change === 'clamped';
}

function severityOf({ snapshot }: Decisions, { place: id }: ParameterDocuments): Severity {
  const place = snapshot.rules.places.find((one) => one.id === id);
  return place?.parameterMembers === 'all' ? 'info' : 'warning';
}

function tallyChanges(changed: NonNullable<ReturnType<typeof parameterChanges>>): ParameterTally[] {
  const counts = new Map<string, ParameterTally>();
  for (const { rows, changes } of changed)
    for (const change of changes.filter((each) => each.change !== 'kept')) {
      const id = JSON.stringify([change.name, change.change]);
      counts.set(id, withChange(counts.get(id), change, rows));
    }
  return [...counts.values()].toSorted((a, b) => compareText(a.name, b.name));
}

function withChange(
  before: ParameterTally | undefined,
  { name, change, before: was, after }: ParameterChange,
  rows: number,
): ParameterTally {
  const value = after === undefined || after === was ? shown(was) : `${shown(was)} → ${shown(after)}`;
  const values = new Map(before?.values).set(value, (before?.values.get(value) ?? 0) + rows);
  return { name, change, rows: (before?.rows ?? 0) + rows, values };
}

const longestValue = 24;

/** A long value is somebody's text, and not needed to decide. */
function shown(value: string): string {
  return value.length > longestValue ? 'longer values' : value;
}

function supportUnknown(place: string, { documents }: ParameterDocuments): Finding[] {
  const count = documents.reduce((sum, { rows }) => sum + rows, 0);
  if (count === 0) return [];
  const message =
    `Nobody says which parameters the target supports, so those of ${rowCount(count)} of ${place} stay as they are: ` +
    'look whether the target takes them, or map facts.parameters.';
  return [finding('warning', 'PARAMETER_SUPPORT_UNKNOWN', message, { place, count })];
}

/** One finding for each column. */
export function companionFindings({ snapshot }: Decisions): Finding[] {
  const places = new Map(snapshot.rules.places.map((place) => [place.id, place]));
  return snapshot.companions.flatMap((entry) => {
    const place = places.get(entry.place);
    if (place === undefined) return [];
    return entry.parameter === undefined
      ? configured(place, entry)
      : unsupported(snapshot, entry, entry.parameter);
  });
}

/** What the configuration clears is lost; what it maps has another value. */
function configured({ companions }: Place, { place, column, values }: CompanionValues): Finding[] {
  const rule = ownMember(companions, column);
  if (rule === undefined || rule === 'keep') return [];
  const map = new Map(rule === 'drop' ? [] : Object.entries(rule.map));
  const changed = values.filter(({ text }) => rule === 'drop' || map.has(text));
  const count = changed.reduce((sum, { rows }) => sum + rows, 0);
  if (count === 0) return [];
  const shown = new Map(
    changed.map(({ text, rows }) => [rule === 'drop' ? text : `${text} → ${map.get(text) ?? ''}`, rows]),
  );
  const what = rule === 'drop' ? 'is set to NULL' : 'changes with the model';
  const message = `${column} ${what} in ${rowCount(count)} of ${place}: ${valuesText(shown)}.`;
  return [finding(rule === 'drop' ? 'warning' : 'info', 'COMPANION_CHANGES', message, { place, count })];
}

/** A setting of which nobody has said what becomes of it stays; where the target does not take it, somebody must know. */
function unsupported(
  snapshot: Snapshot,
  { place, column, values }: CompanionValues,
  parameter: string,
): Finding[] {
  const refused = values.flatMap(({ text, rows }) => {
    const change = changeOnTarget(snapshot, parameter, text);
    return change === undefined ? [] : [{ text, rows, after: change.after }];
  });
  const count = refused.reduce((sum, { rows }) => sum + rows, 0);
  if (count === 0) return [];
  const shown = new Map(
    refused.map(({ text, rows, after }) => [after === undefined ? text : `${text} would be ${after}`, rows]),
  );
  const message =
    `${column} stays in ${rowCount(count)} of ${place}, and ${modelLabel(snapshot.target)} does not take it as it is: ` +
    `${valuesText(shown)}. Say what becomes of it: "companions: { ${column}: drop }", or keep, or a map of values.`;
  const told = `${column} stays as it is in ${rowCount(count)}, though the new model does not take it so: ${valuesText(shown)}.`;
  return [finding('warning', 'COMPANION_UNSUPPORTED', message, { place, count, told })];
}

const valuesShown = 5;

/** `"high" → "medium" in 12, "low" → "minimal" in 3`, those of the most rows first. */
function valuesText(values: ReadonlyMap<string, number>): string {
  const all = [...values].toSorted(([a, some], [b, others]) => others - some || compareText(a, b));
  const most = all.slice(0, valuesShown).map(([value, rows]) => `${value} in ${rows}`);
  const more = all.length - valuesShown;
  return [...most, ...(more > 0 ? [`${more} other ${more === 1 ? 'value' : 'values'}`] : [])].join(', ');
}
