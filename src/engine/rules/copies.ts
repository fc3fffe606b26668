/**
 * Copies: places of one row that hold the same reference. Whoever says so at one of them says it of all. A copy that is no place of
 * its own becomes one, because what is stored twice must move twice.
 */
import { findColumn, findTable, type Column, type Table } from '../catalogue/catalog.ts';
import { columnPath, findNamedColumn, splitName } from '../catalogue/names.ts';
import { given } from '../given.ts';
import type { PlaceConfig } from './place-config.ts';
import type { Draft, Place } from './place.ts';
import { resolvePlace } from './resolve-place.ts';
import { parsePattern } from '../edit/json-pointer.ts';

/** A place as the configuration says it, with what it was resolved to. */
interface SaidPlace {
  readonly said: PlaceConfig;
  /** Its number in the configuration. */
  readonly at: number;
  readonly places: readonly Place[];
}

/** All places, each with its copies, and the copies that were no places. What does not fit is added to the draft's problems. */
export function linkCopies(draft: Draft, all: readonly SaidPlace[]): Place[] {
  const known = new Map(all.flatMap(({ places }) => places.map((place) => [place.id, place])));
  const places = all.flatMap((one) => one.places);
  const groups = new Map(places.map((place) => [place.id, new Set([place.id])]));
  const named = all.flatMap(({ said, at, places: own }) =>
    own.flatMap((place) => (said.copies ?? []).map((name) => ({ said, at, place, name }))),
  );
  for (const one of named)
    for (const copy of findCopies(draft, one, [...known.values()])) {
      if (!known.has(copy.id)) places.push(copy);
      known.set(copy.id, copy);
      joinGroups(groups, one.place.id, copy.id);
    }
  return places.map((place) => ({
    ...place,
    copies: [...(groups.get(place.id) ?? [])].filter((id) => id !== place.id),
  }));
}

function joinGroups(groups: Map<string, Set<string>>, a: string, b: string): void {
  const joined = new Set([...(groups.get(a) ?? [a]), ...(groups.get(b) ?? [b])]);
  for (const id of joined) groups.set(id, joined);
}

/** A name among the copies of a place. */
interface NamedCopy {
  readonly said: PlaceConfig;
  readonly at: number;
  readonly place: Place;
  readonly name: string;
}

/** The place that is meant. Empty where none can be. */
function findCopies(draft: Draft, named: NamedCopy, known: readonly Place[]): Place[] {
  const { place, name, at } = named;
  const refuse = (message: string): Place[] => {
    draft.problems.push({ path: ['places', at, 'copies'], message });
    return [];
  };
  const table = findTable(draft.scope.catalog, place.table);
  const { text, pointer } = apart(name);
  const column = table && columnIn(draft, table, text);
  if (table === undefined || column === undefined)
    return refuse(`${place.table} has no column ${text}; a copy lies in the same row`);
  const path = columnPath(draft.scope, table, column.name);
  const inColumn = known.filter(
    (other) => other.id !== place.id && other.table === table.id && other.column === column.name,
  );
  const exact = inColumn.find(({ id }) => id === path + pointer);
  const found = exact ?? (pointer === '' && inColumn.length === 1 ? inColumn[0] : undefined);
  if (found !== undefined) {
    const difference = differenceOf(place, found);
    return difference === undefined
      ? [found]
      : refuse(`${found.id} has another ${difference}; copies move together, so give both the same one`);
  }
  if (pointer === '' && inColumn.length > 1)
    return refuse(
      `${name} has several places: say which is the copy, ${inColumn.map(({ id }) => id).join(' or ')}`,
    );
  if (pointer === '' && ['json', 'jsonb'].includes(column.kind))
    return refuse(`${name} is a document: say where in it the copy is, such as ${name}/model`);
  const own = findColumn(table, place.column);
  const holdsName = pointer === '' && isText(column) && own !== undefined && !isText(own);
  return resolvePlace(draft, copyConfig(named, { path, pointer, holdsName }), at);
}

/** `steps.params/model_id` is a column with a pointer into it. A slash within quotes is part of a name. */
function apart(name: string): { text: string; pointer: string } {
  const [, text = name, pointer = ''] = /^((?:"[^"]*"|[^"/])*)(\/.*)?$/s.exec(name) ?? [];
  return { text, pointer };
}

/** A column of the table, with or without the table's name. */
function columnIn(draft: Draft, table: Table, text: string): Column | undefined {
  const [only, ...others] = splitName(text) ?? [];
  if (others.length === 0) return findColumn(table, only ?? '');
  const found = findNamedColumn(draft.scope, text);
  return found?.table.id === table.id ? found.column : undefined;
}

function differenceOf(place: Place, copy: Place): string | undefined {
  if (place.role !== copy.role) return 'role';
  return place.kind === copy.kind ? undefined : 'kind';
}

function isText({ kind }: Column): boolean {
  return /^(text|citext|enum)$/.test(kind);
}

/**
 * A copy that no place speaks of is written like the place, and moves on the same conditions. Beside a key that is no text, a column of
 * text holds the name.
 */
function copyConfig(
  { said, place }: NamedCopy,
  {
    path,
    pointer,
    holdsName,
  }: { readonly path: string; readonly pointer: string; readonly holdsName: boolean },
): PlaceConfig {
  const own = place.columns[0]?.template ?? '{name}';
  const template = own === '{key}' && holdsName ? '{name}' : own;
  const { role, live, ask, guard, reason } = said;
  return {
    at: path,
    as: template === '{key}' ? 'key' : template,
    kind: place.kind,
    ...given({ role, live, ask, guard, reason, json: pointer === '' ? undefined : pointer }),
  };
}

/**
 * Rivals: places of one row that must not come to name the same model, because one steps in where the other fails. A move that makes
 * a fallback of a model itself is a question. What does not fit is added to the draft's problems.
 */
export function linkRivals(draft: Draft, all: readonly SaidPlace[], places: readonly Place[]): Place[] {
  const pairs = places.flatMap((place) => {
    const one = all.find((each) => each.places.some(({ id }) => id === place.id));
    const rivals =
      one?.said.differs === undefined
        ? rivalsByName(place, places)
        : rivalsSaid(draft, one, { place, places });
    return rivals.map((rival): [string, string] => [place.id, rival.id]);
  });
  return places.map((place) => ({
    ...place,
    rivals: [...new Set(pairs.flatMap(([a, b]) => (a === place.id ? [b] : b === place.id ? [a] : [])))],
  }));
}

function rivalsSaid(
  draft: Draft,
  { said, at }: SaidPlace,
  { place, places }: { readonly place: Place; readonly places: readonly Place[] },
): Place[] {
  return (said.differs ?? []).flatMap((name) => {
    const found = places.filter(
      (other) =>
        other.table === place.table && (other.id === name || other.column === name) && other.id !== place.id,
    );
    if (found.length === 0)
      draft.problems.push({
        path: ['places', at, 'differs'],
        message: `no other place ${name} in ${place.table}`,
      });
    return found;
  });
}

/** The nearest models of which a place that is called a fallback may be one: those of its document, else those beside it. */
function rivalsByName(place: Place, places: readonly Place[]): Place[] {
  if (!isFallback(place) || !moves(place)) return [];
  const others = places.filter(
    (other) =>
      other.table === place.table &&
      other.kind === place.kind &&
      moves(other) &&
      !isFallback(other) &&
      !place.copies.includes(other.id),
  );
  const inDocument = others.filter(({ carrier, column }) => carrier !== 'columns' && column === place.column);
  return inDocument.length > 0 ? inDocument : others.filter(({ carrier }) => carrier === 'columns');
}

function moves({ role }: Place): boolean {
  return role === 'reference' || role === 'ask';
}

function isFallback({ column, json }: Place): boolean {
  const steps = parsePattern(json?.pointer ?? '').steps.flatMap((step) =>
    typeof step === 'object' ? [step.literal] : [],
  );
  const names = [...(json === undefined ? [column] : []), ...steps, ...Object.values(json?.fields ?? {})];
  return names.some((name) => /fall_?back|fail_?over|back_?up|secondary/i.test(name));
}
