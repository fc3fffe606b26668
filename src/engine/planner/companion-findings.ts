/** Settings in columns beside a reference: what the configuration changes, and what the target does not take. */
import { type Finding, finding } from '../finding.ts';
import { modelLabel } from '../models/model.ts';
import { ownMember } from '../own.ts';
import { changeOnTarget } from '../plan/companion-columns.ts';
import type { Decisions } from '../plan/decide.ts';
import type { CompanionValues, Snapshot } from '../plan/snapshot.ts';
import type { Place } from '../rules/place.ts';
import { valuesText } from './values-text.ts';

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
  const message = `${column} ${what} in ${count} row(s) of ${place}: ${valuesText(shown)}.`;
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
    `${column} stays in ${count} row(s) of ${place}, and ${modelLabel(snapshot.target)} does not take it as it is: ` +
    `${valuesText(shown)}. Say what becomes of it: "companions: { ${column}: drop }", or keep, or a map of values.`;
  const told = `${column} stays as it is in ${count} row(s), though the new model does not take it so: ${valuesText(shown)}.`;
  return [finding('warning', 'COMPANION_UNSUPPORTED', message, { place, count, told })];
}
