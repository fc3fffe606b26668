/** What happens to the parameters of moved references, value by value where they are translated. */
import type { FindingInput } from './findings.ts';
import { translateParameters } from './parameters.ts';
import type { Finding } from './plan-types.ts';
import type { ParameterDocuments, Snapshot } from './snapshot.ts';

/** `PARAMETERS_RESET`, or one finding per parameter and kind of change. */
export function parameterFindings(input: FindingInput): Finding[] {
  if (input.intent.parameters === 'reset') return resetFindings(input);
  return input.intent.parameters === 'translate' ? translateFindings(input.snapshot) : [];
}

function resetFindings({ decided }: FindingInput): Finding[] {
  const counts = new Map<string, number>();
  for (const { group, outcomes } of decided) {
    for (const [place, outcome] of outcomes) {
      const rows = place.parameters === undefined ? 0 : (group.side[place.parameters] ?? 0);
      if (outcome.kind === 'move' && rows > 0) counts.set(place.id, (counts.get(place.id) ?? 0) + rows);
    }
  }
  return [...counts].map(([place, count]) => ({
    severity: 'info',
    code: 'PARAMETERS_RESET',
    place,
    count,
    message: `The parameters of ${count} row(s) of ${place} are reset to {}; their old values are in the journal.`,
  }));
}

function translateFindings(snapshot: Snapshot): Finding[] {
  return snapshot.parameters.flatMap((entry) => tableFindings(snapshot, entry));
}

function tableFindings(snapshot: Snapshot, { table, column, documents }: ParameterDocuments): Finding[] {
  const place = `${table}.${column}`;
  const counts = new Map<string, { name: string; change: string; rows: number }>();
  for (const { text, rows } of documents) {
    const result = translateParameters(text, snapshot.source, snapshot.target);
    if ('unknown' in result) return [supportUnknown(place)];
    if ('invalid' in result) continue;
    for (const { name, change } of result.changes) {
      if (change === 'kept') continue;
      const id = `${name} ${change}`;
      counts.set(id, { name, change, rows: (counts.get(id)?.rows ?? 0) + rows });
    }
  }
  return [...counts.values()].map(({ name, change, rows }) => ({
    severity: 'info',
    code: 'PARAMETER_CHANGES',
    place,
    count: rows,
    message: `${name} is ${change} in ${rows} row(s) of ${place}.`,
  }));
}

function supportUnknown(place: string): Finding {
  return {
    severity: 'error',
    code: 'PARAMETER_SUPPORT_UNKNOWN',
    place,
    message: `Nobody says which parameters the target supports, so ${place} cannot be translated: use reset or keep, or map facts.parameters.`,
  };
}
