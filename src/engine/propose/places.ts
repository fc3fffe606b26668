/** Which columns name models, and what should happen to them. A place that is uncertain becomes `ask`, never nothing. */
import { given } from '../given.ts';
import type { Column, Table, TableId } from '../catalogue/catalog.ts';
import type { PlaceConfig, Role } from '../rules/config.ts';
import { columnPath } from '../catalogue/names.ts';
import { guessHistory, guessGrant, guessParameters } from './shape.ts';
import { findPointers, guessConditions } from './live.ts';
import { listTraces, type PlaceInput, type Trace } from './traces.ts';
import { namesModel, singularWords, snake } from './wording.ts';

/** A place and why. */
export interface PlaceGuess {
  readonly place: PlaceConfig;
  readonly reason: string;
  readonly table: TableId;
}

/** All places, in the order of the catalogue. */
export function guessPlaces(input: PlaceInput): PlaceGuess[] {
  const traces = listTraces(input);
  return traces.map((trace) =>
    decide(input, { ...trace, how: { ...trace.how, ...copiesOf(input, trace, traces) } }),
  );
}

function decide(input: PlaceInput, trace: Trace): PlaceGuess {
  const { table, column } = trace;
  const role = roleOf(input, trace);
  const kind = trace.kind === (input.models[0]?.kind ?? 'completion') ? undefined : trace.kind;
  const base: PlaceConfig = {
    at: columnPath(input.scope, table, column.name),
    ...(role.value === 'reference' ? {} : { role: role.value }),
    ...given({ kind }),
    ...trace.how,
  };
  const moving = role.value === 'reference' || role.value === 'grant';
  const extras = moving ? movingExtras(input, trace, role.value) : { extras: {}, reasons: [] };
  const place = { ...base, ...extras.extras };
  return {
    table: table.id,
    place: role.value === 'ask' ? { ...place, reason: role.reason } : place,
    reason: [trace.reason, role.reason, ...extras.reasons].filter((text) => text !== '').join('; '),
  };
}

function roleOf(input: PlaceInput, trace: Trace): { value: Role; reason: string } {
  const { table, column } = trace;
  if (input.models.some((model) => model.table === table.id))
    return { value: 'catalogue', reason: 'a fact about models' };
  const history = guessHistory(table);
  if (history?.value === 'history') return history;
  const words = [
    ...singularWords(table.name),
    ...singularWords(column.name),
    ...singularWords(trace.how.json ?? ''),
  ];
  if (trace.kind === 'embedding' || words.some((word) => /^(embed|vector)/.test(word)))
    return { value: 'data-bound', reason: 'stored vectors belong to the model that made them' };
  if (trace.doubt !== undefined) return { value: 'ask', reason: trace.doubt };
  const copied = 'a copy that is written again, perhaps: dead-copy, or does something read it?';
  if (words.some((word) => ['cache', 'index', 'projection', 'archive', 'backup'].includes(word)))
    return { value: 'ask', reason: copied };
  if (history !== undefined && findPointers(input, table).length === 0) return history;
  const grant = trace.how.json === undefined ? guessGrant(table, column.name) : undefined;
  return grant ?? { value: 'reference', reason: '' };
}

function movingExtras(
  input: PlaceInput,
  trace: Trace,
  role: Role,
): { extras: Partial<PlaceConfig>; reasons: string[] } {
  const { table, column } = trace;
  const parameters = trace.how.json === undefined ? guessParameters(table, column.name) : undefined;
  const owner = guessDefaultOf(table, column);
  const unique = table.uniqueIndexes.find((index) => index.columns.includes(column.name));
  const live = guessConditions(input, table);
  const onCollision = role === 'grant' ? ('drop-redundant' as const) : ('ask' as const);
  const collision = unique === undefined ? undefined : onCollision;
  return {
    extras: { ...given({ parameters, defaultOf: owner, collision }), ...live.conditions },
    reasons: [
      ...(unique === undefined || role === 'grant' ? [] : [`a moved row may break ${unique.name}`]),
      ...live.reasons,
    ],
  };
}

/** Whose choice it is that others start with. */
function guessDefaultOf(table: Table, column: Column): string | undefined {
  const words = singularWords(table.name);
  if (/(^|_)(default|preferred)(_|$)/.test(snake(column.name))) return words.at(-1);
  return words.includes('default')
    ? (words.find((word) => word !== 'default' && word !== 'model') ?? 'tenant')
    : undefined;
}

/** Two columns, and one text that holds both values, may be one reference that is stored twice. */
function copiesOf(input: PlaceInput, trace: Trace, all: readonly Trace[]): Partial<PlaceConfig> {
  const isPair = (each: Trace): boolean => each.how.partner !== undefined;
  const isText = (each: Trace): boolean =>
    each.how.as === '{provider}/{name}' && each.how.json === undefined && each.how.shape === undefined;
  const [mine, other] = isPair(trace) ? [isPair, isText] : [isText, isPair];
  const inTable = all.filter(
    (each) => each.table === trace.table && each.doubt === undefined && namesModel(each.column.name),
  );
  const twins = inTable.filter(other);
  if (!mine(trace) || twins.length !== 1 || inTable.filter(mine).length !== 1 || trace.doubt !== undefined)
    return {};
  return { copies: twins.map((twin) => columnPath(input.scope, twin.table, twin.column.name)) };
}

/** Tables of which some row names a model. */
export function concernedTables(places: readonly PlaceGuess[]): Set<TableId> {
  return new Set(places.filter(({ place }) => place.role !== 'catalogue').map(({ table }) => table));
}
