/** Which columns name models, and what should happen to them. A place that is uncertain becomes `ask`, never nothing. */
import { given } from '../given.ts';
import type { Column, Table, TableId } from '../catalogue/catalog.ts';
import type { PlaceConfig, PlaceRole } from '../rules/place-config.ts';
import { columnPath, splitName } from '../catalogue/names.ts';
import { mayListModels } from '../catalogue/listed-models.ts';
import { guessHistory, guessWaiting } from './history.ts';
import { describesModel, guessGrant, guessParameters } from './shape.ts';
import { guessConditions, tellsCurrent } from './live.ts';
import type { PlaceInput, Trace } from './trace.ts';
import { listTraces } from './traces.ts';
import { forbidsModels, isModelWord, namesModel, singularWords, snake } from '../catalogue/wording.ts';

/** A place and why. */
export interface PlaceGuess {
  readonly place: PlaceConfig;
  readonly reason: string;
  readonly table: TableId;
}

/** All places, in the order of the catalogue. */
export function guessPlaces(input: PlaceInput): PlaceGuess[] {
  const traces = listTraces(input);
  const guesses = traces.map((trace) =>
    decide(input, { ...trace, how: { ...trace.how, ...copiesOf(input, trace, traces) } }, traces),
  );
  return withCopies(guesses);
}

/** A key in a column and under the same name in a document of the row is one reference, stored twice: said once, it moves as one. */
function withCopies(guesses: readonly PlaceGuess[]): PlaceGuess[] {
  const copies = new Map<PlaceGuess, PlaceGuess>();
  for (const guess of guesses) {
    const twin = guesses.find((other) => isCopy(guess, other));
    if (twin !== undefined && !copies.has(twin)) copies.set(guess, twin);
  }
  const gone = new Set(copies.values());
  return guesses.flatMap((guess) => {
    const twin = copies.get(guess);
    if (gone.has(guess)) return [];
    if (twin === undefined) return [guess];
    const place = { ...guess.place, copies: [twin.place.at + (twin.place.json ?? '')] };
    return [{ ...guess, place, reason: `${guess.reason}; ${twin.reason}: perhaps the same reference` }];
  });
}

function isCopy({ table, place }: PlaceGuess, { table: other, place: copy }: PlaceGuess): boolean {
  const member = copy.json?.split('/').at(-1) ?? '';
  const column = splitName(place.at)?.at(-1) ?? '';
  return (
    table === other &&
    place.role === undefined &&
    copy.role === undefined &&
    place.json === undefined &&
    copy.as === 'key' &&
    copy.shape === undefined &&
    /^(\/[^/*]+)+$/.test(copy.json ?? '') &&
    snake(member) === snake(column)
  );
}

function decide(input: PlaceInput, trace: Trace, all: readonly Trace[]): PlaceGuess {
  const { table, column } = trace;
  const role = roleOf(input, trace);
  const kind = trace.kind === (input.models[0]?.kind ?? 'completion') ? undefined : trace.kind;
  const base: PlaceConfig = {
    at: columnPath(input.scope, table, column.name),
    ...(role.value === 'reference' ? {} : { role: role.value }),
    ...given({ kind }),
    ...trace.how,
    ...given({ live: trace.how.live ?? role.live }),
  };
  const moving = role.value === 'reference' || role.value === 'grant';
  const extras = moving ? movingExtras(input, trace, { role: role.value, all }) : { extras: {}, reasons: [] };
  const place = { ...base, ...extras.extras, ...trace.how };
  if (role.value === 'ask')
    return { table: table.id, place: { ...place, reason: role.reason }, reason: trace.reason };
  const reasons = [trace.reason, role.reason, ...extras.reasons].filter((text) => text !== '');
  return { table: table.id, place, reason: reasons.join('; ') };
}

interface RoleDecision {
  readonly value: PlaceRole;
  readonly reason: string;
  /** Only these rows are live. */
  readonly live?: string;
}

function roleOf(input: PlaceInput, trace: Trace): RoleDecision {
  const { table, column } = trace;
  if (input.models.some((model) => model.table === table.id)) return roleInModels(trace);
  if (input.lists.has(table.id))
    return { value: 'ask', reason: 'another list of models, to which nothing refers: catalogue, or in use?' };
  const history = guessHistory(table);
  if (history?.value === 'history') return waitingOr(input, table, history);
  if (isDenyList(trace))
    return {
      value: 'deny',
      reason: 'its name says that these models are forbidden: it stays, and must not name the target',
    };
  const words = [
    ...singularWords(table.name),
    ...singularWords(column.name),
    ...singularWords(trace.how.json ?? ''),
  ];
  if (trace.kind === 'embedding' || words.some((word) => /^(embed|vector)/.test(word)))
    return { value: 'data-bound', reason: 'stored vectors belong to the model that made them' };
  if (trace.embeds === true)
    return words.some((word) => /^(default|setting|config|preference)/.test(word))
      ? { value: 'ask', reason: 'a choice of an embedding model for data to come, or of data that is there?' }
      : { value: 'data-bound', reason: 'what an embedding model made belongs to it' };
  if (describesModel(input.scope, table, column.name))
    return { value: 'catalogue', reason: 'its rows say something about the model, such as its price' };
  if (trace.doubt !== undefined) return { value: 'ask', reason: trace.doubt };
  const isKey = trace.kind !== undefined || trace.how.as === 'key';
  if (!isKey && mayListModels(table))
    return { value: 'ask', reason: 'a list of models, or of models that are in use?' };
  const copied = 'a copy that is written again, perhaps: dead-copy, or does something read it?';
  if (words.some((word) => ['cache', 'index', 'projection', 'archive', 'backup'].includes(word)))
    return { value: 'ask', reason: copied };
  if (history !== undefined && !tellsCurrent(input, table)) return history;
  const grant = trace.how.json === undefined ? guessGrant(table, column.name) : undefined;
  return grant ?? { value: 'reference', reason: '' };
}

/** Does its name say that what it lists is forbidden, and do its values leave no doubt that they are models? */
function isDenyList({ table, column, how, doubt }: Trace): boolean {
  const names = [column.name, ...(how.json ?? '').split('/')];
  if (how.shape === 'inside' || ![table.name, ...names].some(forbidsModels)) return false;
  return doubt === undefined || names.some(namesModel);
}

/** In a table of models. */
function roleInModels({ describes, doubt }: Trace): RoleDecision {
  if (describes === true) return { value: 'catalogue', reason: 'what a model is called or can do' };
  return doubt === undefined
    ? { value: 'catalogue', reason: 'a fact about models' }
    : { value: 'ask', reason: doubt };
}

/** Records keep their model, except work that still waits: that is asked about. */
function waitingOr({ seen }: PlaceInput, table: Table, history: RoleDecision): RoleDecision {
  const waiting = guessWaiting(table, seen);
  return waiting === undefined
    ? history
    : { value: 'ask', reason: `${history.reason}; but ${waiting.reason}`, live: waiting.value };
}

function movingExtras(
  input: PlaceInput,
  trace: Trace,
  { role, all }: { role: PlaceRole; all: readonly Trace[] },
): { extras: Partial<PlaceConfig>; reasons: string[] } {
  const { table, column } = trace;
  const references = new Set(all.filter((each) => each.table === table).map((each) => each.column.name));
  const parameters =
    trace.how.json === undefined
      ? guessParameters(table, column.name, { seen: input.seen, words: input.words, references })
      : undefined;
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
    ? (words.find((word) => word !== 'default' && !isModelWord(word)) ?? 'tenant')
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
