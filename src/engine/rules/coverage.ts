/** What the rules speak about, and what is left for the scan of values. */
import { findColumn, type Table, type TableId } from '../catalogue/catalog.ts';
import { findNamedTable } from '../catalogue/names.ts';
import type { Rules } from './references.ts';

/** Columns that say who a row is or belongs to, not which model it names: keys and foreign keys to other tables. */
export function identifyingColumns(rules: Rules, table: Table): Set<string> {
  const models = new Set(rules.modelTables.map((model) => model.table.id));
  const keys = table.foreignKeys.filter((key) => !models.has(key.references)).flatMap((key) => key.columns);
  const tenant = rules.config.tenant.column;
  return new Set([
    ...table.primaryKey.filter((column) => findColumn(table, column)?.kind === 'uuid'),
    ...keys,
    ...(tenant === undefined ? [] : [tenant]),
  ]);
}

/** A value found in a document: does one of the places in that column lead there? */
export function isCovered(rules: Rules, hit: { table: TableId; column: string; pointer?: string }): boolean {
  return rules.places.some((place) => {
    if (place.table !== hit.table || place.column !== hit.column || place.json === undefined) return false;
    const members =
      place.json.fields === undefined ? [[]] : Object.values(place.json.fields).map((member) => [member]);
    const elements = place.shape === 'list' ? [['*']] : [[]];
    const tails = elements.flatMap((element) => members.map((member) => [...element, ...member]));
    return tails.some((tail) =>
      covers([...steps(place.json?.pointer ?? ''), ...tail], steps(hit.pointer ?? '')),
    );
  });
}

function steps(pointer: string): string[] {
  return pointer.split('/').slice(1);
}

/** `*` stands for one step, `**` for any number; for steps into strings and for names of members neither does. */
function covers(pattern: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  const [step] = path;
  const isPlain = step !== undefined && !/^~(?:json|key)$/.test(step);
  if (first === '**') return covers(rest, path) || (isPlain && covers(pattern, path.slice(1)));
  return step !== undefined && (first === step || (first === '*' && isPlain)) && covers(rest, path.slice(1));
}

/** Does the configuration leave the table out altogether? */
export function isIgnored(rules: Pick<Rules, 'config' | 'scope'>, id: TableId): boolean {
  return (rules.config.database?.ignore ?? []).some((name) => findNamedTable(rules.scope, name)?.id === id);
}
