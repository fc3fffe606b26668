/** What moving a value means, in plain JavaScript: said once more, in another way than the engine does it. */
import type { PlaceDef, Template, World } from './world.ts';

/** One way to write the source, and how the target is written then. */
export interface Pair {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

export function isNoDocument(text: string): boolean {
  return parse(text) === undefined;
}

/** Does a name of the source, or its key, stand by itself in the text? */
export function speaksOfSource({ spellings, source }: World, text: string): boolean {
  const names = spellings.name.find((list) => list[0] === source.name) ?? [source.name];
  return [...names, source.key ?? ''].some(
    (name) => name !== '' && text.replaceAll(`${name}-`, '').includes(name),
  );
}

/** The ways in which a place can name the source, the plain spelling first. */
export function pairsOf(world: World, place: PlaceDef): Pair[] {
  let pairs: Pair[] = [{ from: [], to: [] }];
  for (const template of place.templates) {
    const ways = waysOf(world, template);
    pairs = pairs.flatMap((pair) =>
      ways.map(([from, to]) => ({ from: [...pair.from, from], to: [...pair.to, to] })),
    );
  }
  const others = place.also === undefined ? [] : waysOf(world, place.also);
  return [...pairs, ...others.map(([from, to]) => ({ from: [from], to: [to] }))];
}

function waysOf(world: World, template: Template): [from: string, to: string][] {
  if (template === 'key') return [[world.source.key ?? '', world.target.key ?? '']];
  if (template === 'tenant') return [[world.me, world.me]];
  if (template !== 'provider/name') return component(world, template);
  return component(world, 'provider').flatMap(([p, q]) =>
    component(world, 'name').map(([a, b]): [string, string] => [`${p}/${a}`, `${q}/${b}`]),
  );
}

/** A spelling keeps its number; the target is written plainly where it has none of that number. */
function component(world: World, name: 'name' | 'provider'): [string, string][] {
  const all = world.spellings[name];
  const from = all.find((list) => list[0] === world.source[name]) ?? [world.source[name]];
  const to = all.find((list) => list[0] === world.target[name]) ?? [world.target[name]];
  return from.map((spelling, at) => [spelling, from[0] === to[0] ? spelling : (to[at] ?? to[0] ?? '')]);
}

type Json = string | number | boolean | null | Json[] | { [member: string]: Json };

export type Moved = { readonly text: string } | 'unreadable' | 'colliding' | undefined;

/** The value of a column of documents after the move; undefined where it does not name the source. */
export function moveDocument(world: World, place: PlaceDef, text: string): Moved {
  const pairs = pairsOf(world, place);
  if (place.carrier === 'comma') return changed(text, moveParts(text, [', ', ','], pairs));
  if (place.carrier === 'bars') return changed(text, moveParts(text, [' | ', '|'], pairs));
  if (place.carrier === 'inside') return changed(text, moveLines(text, pairs));
  const value = parse(text);
  if (value === undefined)
    return pairs.some((pair) => pair.from.some((from) => text.includes(from))) ? 'unreadable' : undefined;
  const write = writerOf(text, value);
  const after = place.carrier === 'array' ? moveList(value, pairs) : moveJson(value, place, pairs);
  return after === undefined ? 'colliding' : changed(text, write(after));
}

interface Holder {
  readonly s?: string;
  readonly order?: string;
  readonly limits?: { [name: string]: Json };
}

function moveJson(value: Json, place: PlaceDef, pairs: readonly Pair[]): Json | undefined {
  const { s = '', order = '', limits = {} } = value as Holder;
  const rest = value as { [member: string]: Json };
  if (place.form === 'json-in-string') {
    const pointer = place.pointer.replace('/s/~json', '');
    return { ...rest, s: JSON.stringify(moveWithin(JSON.parse(s) as Json, { ...place, pointer }, pairs)) };
  }
  if (place.form === 'json-comma') return { ...rest, order: moveParts(order, [','], pairs) };
  if (place.form !== 'json-member') return moveWithin(value, place, pairs);
  const moved = moveNames(limits, place, pairs);
  return moved && { ...rest, limits: moved };
}

function movedName(name: string, pairs: readonly Pair[]): string {
  return pairs.find((one) => one.from[0] === name)?.to[0] ?? name;
}

/** Undefined where a member would be there twice. A name is given once: to the member that has it, or else to the first that would get it. */
function moveNames(
  limits: { [name: string]: Json },
  { collision }: PlaceDef,
  pairs: readonly Pair[],
): { [name: string]: Json } | undefined {
  const wanted = Object.keys(limits).map((name) => movedName(name, pairs));
  const isRedundant = (name: string, at: number): boolean =>
    wanted[at] !== name && (Object.hasOwn(limits, wanted[at] ?? '') || wanted.indexOf(wanted[at] ?? '') < at);
  const names = Object.keys(limits);
  if (names.some(isRedundant) && collision !== 'drop-redundant') return undefined;
  return Object.fromEntries(
    names.flatMap((name, at) =>
      isRedundant(name, at) ? [] : [[wanted[at] ?? '', limits[name] ?? null] as const],
    ),
  );
}

function moveLines(text: string, pairs: readonly Pair[]): string {
  const start = '- model: ';
  const lines = text.split('\n').map((line) => {
    return line.startsWith(start) ? `${start}${movedName(line.slice(start.length), pairs)}` : line;
  });
  return lines.join('\n');
}

function changed(before: string, after: string): Moved {
  return before === after ? undefined : { text: after };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Documents are written in one of three ways; the moved one is written in the same. */
function writerOf(text: string, value: Json): (value: Json) => string {
  const writers = [
    (one: Json) => JSON.stringify(one),
    (one: Json) => JSON.stringify(one, null, 2),
    asPostgres,
  ];
  const same = writers.find((write) => write(value) === text);
  if (same === undefined) throw new Error(`the oracle does not know how this is written: ${text}`);
  return same;
}

function asPostgres(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(asPostgres).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value)
    .sort(
      ([a], [b]) =>
        Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b)),
    )
    .map(([name, member]) => `${JSON.stringify(name)}: ${asPostgres(member)}`)
    .join(', ')}}`;
}

function moveWithin(root: Json, place: PlaceDef, pairs: readonly Pair[]): Json {
  const wanted = expression(place.pointer);
  const visit = (value: Json, path: string): Json => {
    const inner = mapMembers(value, (member, step) => visit(member, `${path}/${step}`));
    if (!wanted.test(path)) return inner;
    if (place.fields !== undefined) return moveMembers(inner, place, pairs);
    return place.list ? moveList(inner, pairs) : moveScalar(inner, pairs);
  };
  return visit(root, '');
}

/** Steps are joined by a character that no member name holds here, so that a regular expression can say the pattern. */
function expression(pointer: string): RegExp {
  const steps = pointer.split('/').slice(1);
  const parts = steps.map((step) => {
    if (step === '**') return '(/[^/]+)*';
    if (step === '*') return '/[^/]+';
    return `/${step.replaceAll('~1', '\u0001').replaceAll('~2', String.raw`\*`)}`;
  });
  return new RegExp(`^${parts.join('')}$`);
}

function mapMembers(value: Json, change: (member: Json, step: string) => Json): Json {
  if (Array.isArray(value)) return value.map((member, at) => change(member, String(at)));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, change(member, name.replaceAll('/', '\u0001'))]),
  );
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function moveScalar(value: Json, pairs: readonly Pair[]): Json {
  const pair = pairs.find((one) => one.from[0] === textOf(value));
  if (pair === undefined) return value;
  return typeof value === 'number' ? Number(pair.to[0]) : (pair.to[0] ?? null);
}

function moveMembers(value: Json, { fields = {}, templates }: PlaceDef, pairs: readonly Pair[]): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const members = templates.map((template) => fields[template] ?? template);
  const pair = pairs.find((one) => members.every((member, at) => textOf(value[member]) === one.from[at]));
  if (pair === undefined) return value;
  return { ...value, ...Object.fromEntries(members.map((member, at) => [member, pair.to[at] ?? ''])) };
}

/** A list that names the source names the target once: where the first of both stood. */
function moveList(value: Json, pairs: readonly Pair[]): Json {
  if (!Array.isArray(value)) return value;
  const isSource = (element: Json): boolean => pairs.some((one) => one.from[0] === textOf(element));
  const arriving = new Set(value.filter(isSource).map((element) => textOf(moveScalar(element, pairs))));
  const there = new Set<string | undefined>();
  return value.flatMap((element) => {
    const after = isSource(element) ? moveScalar(element, pairs) : element;
    const name = textOf(after);
    if (!arriving.has(name)) return [element];
    if (there.has(name)) return [];
    there.add(name);
    return [after];
  });
}

function moveParts(text: string, separators: readonly string[], pairs: readonly Pair[]): string {
  const between = separators.find((separator) => text.includes(separator)) ?? ',';
  const after = moveList(text.split(between), pairs);
  return (after as string[]).join(between);
}
