/** Which columns somebody has said something about, so that the value scan need not look there. */
import { findColumn } from '../catalogue/catalog.ts';
import type { Table, TableId } from '../catalogue/catalog.ts';
import { findNamedTable } from '../catalogue/names.ts';
import type { Draft, Place } from './place.ts';
import type { Rules } from './references.ts';

/** Column names by table; `*` for all of a table. A document counts only where its places cover it (see `isCovered`). */
export function classify(draft: Draft, places: readonly Place[]): Map<TableId, Set<string>> {
  const classified = new Map<TableId, Set<string>>();
  const add = (table: TableId, columns: readonly string[]): void => {
    const set = classified.get(table) ?? new Set<string>();
    for (const column of columns) set.add(column);
    classified.set(table, set);
  };
  for (const model of draft.modelTables) {
    add(model.table.id, ['*']);
    const providers =
      model.config.providers === undefined
        ? undefined
        : findNamedTable(draft.scope, model.config.providers.table);
    if (providers !== undefined) add(providers.id, ['*']);
  }
  for (const place of places) {
    const own = place.json === undefined ? [place.column, ...place.columns.map((part) => part.column)] : [];
    add(place.table, [...own, ...place.copies]);
  }
  for (const place of draft.config.places ?? []) {
    const table = place.at.endsWith('.*') ? findNamedTable(draft.scope, place.at.slice(0, -2)) : undefined;
    if (table !== undefined) add(table.id, ['*']);
  }
  for (const name of draft.config.database?.ignore ?? []) {
    const table = findNamedTable(draft.scope, name);
    if (table !== undefined) add(table.id, ['*']);
  }
  return classified;
}

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
    const elements = place.json.shape === 'list' ? [['*']] : [[]];
    const tails = elements.flatMap((element) => members.map((member) => [...element, ...member]));
    return tails.some((tail) =>
      covers([...steps(place.json?.pointer ?? ''), ...tail], steps(hit.pointer ?? '')),
    );
  });
}

function steps(pointer: string): string[] {
  return pointer.split('/').slice(1);
}

/** `*` stands for one step, `**` for any number. */
function covers(pattern: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  if (first === '**') return covers(rest, path) || (path.length > 0 && covers(pattern, path.slice(1)));
  return path.length > 0 && (first === '*' || first === path[0]) && covers(rest, path.slice(1));
}

/** Does the configuration leave the table out altogether? */
export function isIgnored(rules: Pick<Rules, 'config' | 'scope'>, id: TableId): boolean {
  return (rules.config.database?.ignore ?? []).some((name) => findNamedTable(rules.scope, name)?.id === id);
}
