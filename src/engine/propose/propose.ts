/**
 * Proposes a configuration for a database of which nothing is known. It guesses from names, keys and sampled values, and gives a
 * reason for each guess. What is uncertain becomes a question and is never left out. `src/postgres/facts/observe.ts` reads the
 * samples.
 */
import { given, unlessEmpty } from '../given.ts';
import { type Catalog, findTable, type Table, type TableId } from '../catalogue/catalog.ts';
import type { Config } from '../rules/config.ts';
import { type NameScope, tablePath } from '../catalogue/names.ts';
import type { Observations } from './observation.ts';
import { guessModelTables, type ModelGuess } from './models.ts';
import { concernedTables, guessPlaces, type PlaceGuess } from './places.ts';
import { guessDead, guessDisplay, guessHistory } from './shape.ts';
import { guessSpellings } from './spellings.ts';
import { guessRoot, type RootGuess } from './root.ts';
import { guessTenant } from './tenant.ts';
import { namesModel } from './wording.ts';

export interface Proposal {
  readonly config: Config;
  /** By path in the configuration (`places.3`, `tenant.root`), why it was guessed. */
  readonly reasons: Readonly<Record<string, string>>;
  /** What a person should know or do before using it. */
  readonly notes: readonly string[];
}

/** The whole proposal. */
export function propose(catalog: Catalog, schemas: readonly string[], seen: Observations): Proposal {
  const scope = { catalog, schemas: withOtherSchemas(catalog, schemas) };
  const root = guessRoot(catalog);
  const models = guessModelTables(scope, seen, (table) => tenantColumnOf(table, root));
  const places = withEnables(scope, guessPlaces({ scope, seen, models }), root);
  const tenant = guessTenant({
    scope,
    seen,
    root,
    modelTables: new Set(models.map((model) => model.table)),
    concerned: concernedTables(places),
  });
  const dead = collect(scope, places, (table) =>
    guessHistory(table)?.value === 'history' ? undefined : guessDead(table, seen),
  );
  const display = collect(scope, places, (table) => withReason(guessDisplay(table)));
  const keys = keylessTables(catalog, places);
  const spellings = guessSpellings(seen, models);
  const config: Config = {
    version: 1,
    database: { schemas: scope.schemas },
    model: { ...modelPart(models, places), ...given({ spellings: unlessEmpty(spellings) }) },
    tenant: tenant.tenant,
    places: places.map((guess) => guess.place),
    ...given({ dead: unlessEmpty(byName(dead)), display: unlessEmpty(byName(display)) }),
  };
  const reasons = {
    ...tenant.reasons,
    ...modelReasons(models),
    ...placeReasons(places),
    ...Object.fromEntries(dead.map(({ name, reason }) => [`dead.${name}`, reason])),
  };
  return { config, reasons, notes: [...notes(seen, models, places), ...tenant.notes, ...keys] };
}

/** Tables of other schemas that a foreign key ties in are part of the picture; their schemas come last. */
function withOtherSchemas(catalog: Catalog, schemas: readonly string[]): string[] {
  return [...new Set([...schemas, ...catalog.tables.map((table) => table.schema)])];
}

function tenantColumnOf(table: Table, root: RootGuess | undefined): string | undefined {
  const key = table.foreignKeys.find(
    (candidate) => candidate.references === root?.table.id && candidate.columns.length === 1,
  );
  return key?.columns[0] ?? table.columns.find((column) => column.name === root?.column)?.name;
}

function modelPart(models: readonly ModelGuess[], places: readonly PlaceGuess[]): Config['model'] {
  if (models.length > 0) return { tables: models.map((model) => model.value) };
  const hasProvider = places.some(
    ({ place }) =>
      place.partner !== undefined || place.fields !== undefined || place.as === '{provider}/{name}',
  );
  return { identity: hasProvider ? ['provider', 'name'] : ['name'] };
}

/** A row in a space that listed the source needs the target there. The grant is the one that shares a column with the place. */
function withEnables(
  scope: NameScope,
  places: readonly PlaceGuess[],
  root: RootGuess | undefined,
): PlaceGuess[] {
  const grants = places.filter((guess) => guess.place.role === 'grant' && guess.place.json === undefined);
  return places.map((guess) => {
    const table = findTable(scope.catalog, guess.table);
    const [grant] = grants.flatMap((each) => {
      const via = sharedColumn(table, findTable(scope.catalog, each.table), root);
      return via === undefined || each.table === guess.table ? [] : [{ grant: each.place.at, via }];
    });
    const fits =
      grant !== undefined &&
      guess.place.role === undefined &&
      guess.place.json === undefined &&
      guess.place.defaultOf === undefined;
    return fits
      ? {
          ...guess,
          place: { ...guess.place, enables: grant },
          reason: `${guess.reason}; ${grant.grant} says what is on offer for each ${grant.via}`,
        }
      : guess;
  });
}

function sharedColumn(
  place: Table | undefined,
  grant: Table | undefined,
  root: RootGuess | undefined,
): string | undefined {
  const keys = grant?.uniqueIndexes.flatMap((index) => index.columns) ?? [];
  const shared = grant?.foreignKeys
    .flatMap((key) => key.columns)
    .filter((column) => keys.includes(column) && column !== root?.column && !namesModel(column));
  return shared?.find((column) =>
    place?.foreignKeys.some((key) => key.columns.includes(column) && key.references !== root?.table.id),
  );
}

interface Named {
  readonly name: string;
  readonly value: string;
  readonly reason: string;
}

function byName(all: readonly Named[]): Record<string, string> {
  return Object.fromEntries(all.map(({ name, value }) => [name, value]));
}

function withReason(value: string | undefined): { value: string; reason: string } | undefined {
  return value === undefined ? undefined : { value, reason: '' };
}

/** One guess for each table that has places that can move. */
function collect(
  scope: NameScope,
  places: readonly PlaceGuess[],
  guess: (table: Table) => { value: string; reason: string } | undefined,
): Named[] {
  const moving = new Set(
    places
      .filter(({ place }) => place.role === undefined || place.role === 'ask' || place.role === 'grant')
      .map(({ table }) => table),
  );
  return scope.catalog.tables
    .filter((table) => moving.has(table.id))
    .flatMap((table) => {
      const found = guess(table);
      return found === undefined ? [] : [{ name: tablePath(scope, table), ...found }];
    });
}

function modelReasons(models: readonly ModelGuess[]): Record<string, string> {
  return Object.fromEntries(models.map((model, at) => [`model.tables.${at}`, model.reason]));
}

function placeReasons(places: readonly PlaceGuess[]): Record<string, string> {
  return Object.fromEntries(places.map((guess, at) => [`places.${at}`, guess.reason]));
}

function keylessTables(catalog: Catalog, places: readonly PlaceGuess[]): string[] {
  const concerned: ReadonlySet<TableId> = new Set(places.map((guess) => guess.table));
  return catalog.tables
    .filter((table) => table.primaryKey.length === 0 && concerned.has(table.id))
    .map(
      (table) => `${table.id} has no primary key: say under database.keys which columns tell its rows apart.`,
    );
}

function notes(seen: Observations, models: readonly ModelGuess[], places: readonly PlaceGuess[]): string[] {
  const asks = places.filter(({ place }) => place.role === 'ask').length;
  const noModels = 'No table of models was found: models are taken to be named by text only.';
  const questions = asks === 1 ? '1 place is a question' : `${asks} places are questions`;
  const unread =
    `This login may not read ${seen.unreadable.join(', ')}: ` +
    'nothing is known about the values there, and a plan will need to read them.';
  return [
    ...(models.length === 0 ? [noModels] : []),
    ...(asks > 0 ? [`${questions} (role: ask): decide them before the first plan.`] : []),
    ...(seen.unreadable.length > 0 ? [unread] : []),
    ...(seen.sampled.length > 0
      ? [`Only a sample of the rows was read: ${seen.sampled.join(', ')}. A plan reads all.`]
      : []),
  ];
}
