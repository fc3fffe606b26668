/**
 * Proposes a configuration for a database of which nothing is known. It guesses from keys, sampled values and names, and gives a
 * reason for each guess. What is uncertain becomes a question and is never left out. `src/postgres/facts/observe.ts` reads the
 * samples.
 */
import { given, unlessEmpty } from '../given.ts';
import { findTable } from '../catalogue/catalog.ts';
import type { Catalog, Table, TableId } from '../catalogue/catalog.ts';
import type { Config } from '../rules/config.ts';
import { tablePath } from '../catalogue/names.ts';
import type { NameScope } from '../catalogue/names.ts';
import { guessHistory } from './history.ts';
import type { KnownWords } from './known-words.ts';
import { findModelTables, idsOf, mainModelTables } from './model-evidence.ts';
import { byColumn, valuesOf } from './observation.ts';
import type { Observations } from './observation.ts';
import { describeModelTables } from './models.ts';
import type { ModelGuess } from './models.ts';
import { concernedTables, guessPlaces } from './places.ts';
import type { PlaceGuess } from './places.ts';
import { guessDisplay } from './shape.ts';
import { guessSpellings } from './spellings.ts';
import { guessDead, guessSuspended } from './states.ts';
import { accountOf, listNotes, listQuestions } from './questions.ts';
import { guessRoot } from './root.ts';
import type { RootGuess } from './root.ts';
import { guessTenant } from './tenant.ts';
import { seesHomonyms } from './traces.ts';
import { namesModel, namesProvider } from '../catalogue/wording.ts';

export interface Proposal {
  readonly config: Config;
  /** By path in the configuration (`places.3`, `tenant.root`), why it was guessed. */
  readonly reasons: Readonly<Record<string, string>>;
  /** What a person must decide, the most important first. */
  readonly questions: readonly string[];
  /** What a person should know before using it. */
  readonly notes: readonly string[];
  /** What becomes of the places in which the samples name models, in one sentence. */
  readonly account: string;
}

/** What a proposal is made from. */
interface ProposalInput {
  readonly catalog: Catalog;
  readonly schemas: readonly string[];
  readonly seen: Observations;
  readonly words: KnownWords;
  /** Schemas of which each seems to be a tenant, as the configuration names them. The first of `schemas` stands for all of them. */
  readonly tenants?: string | readonly string[];
}

/** The whole proposal. */
export function propose({ catalog, schemas, seen: observed, words, tenants }: ProposalInput): Proposal {
  const seen = byColumn(observed);
  const scope = { catalog, schemas: withOtherSchemas(catalog, schemas) };
  const candidates = findModelTables({ catalog, seen, words });
  const main = mainModelTables(candidates);
  const root = tenants === undefined ? guessRoot(catalog, idsOf(candidates)) : undefined;
  const models = describeModelTables({ scope, seen, words }, main, (table) => tenantColumnOf(table, root));
  const lists = new Set([...idsOf(candidates)].filter((id) => !idsOf(main).has(id)));
  const found = placesOf({ scope, seen, words, models, lists });
  const places = questionsFirst(withEnables(scope, found, root));
  const modelTables = new Set(models.map((model) => model.table));
  const tenant =
    tenants === undefined
      ? guessTenant({ scope, seen, root, modelTables, concerned: concernedTables(places) })
      : {
          tenant: { schemas: tenants },
          reasons: { 'tenant.schemas': 'these schemas hold the same tables' },
          unplaced: [],
        };
  const suspended = root === undefined ? undefined : guessSuspended(root.table, seen);
  const dead = collect(scope, places, (table) =>
    guessHistory(table)?.value === 'history' ? undefined : guessDead(table, seen),
  );
  const display = collect(scope, places, (table) => withReason(guessDisplay(table)));
  const spellings = guessSpellings(seen, models);
  const config: Config = {
    version: 1,
    database: { schemas: tenants === undefined ? scope.schemas : everybodys(scope.schemas) },
    model: { ...modelPart(models, places), ...given({ spellings: unlessEmpty(spellings) }) },
    tenant: withSuspended(tenant.tenant, suspended?.value),
    places: places.map((guess) => guess.place),
    ...given({ dead: unlessEmpty(byName(dead)), display: unlessEmpty(byName(display)) }),
  };
  const reasons = {
    ...tenant.reasons,
    ...given({ 'tenant.suspended': suspended?.reason }),
    ...modelReasons(models),
    ...placeReasons(places),
    ...Object.fromEntries(dead.map(({ name, reason }) => [`dead.${name}`, reason])),
  };
  const about = { scope, seen, models, places, root, tenants, unplaced: tenant.unplaced };
  return {
    config,
    reasons,
    questions: listQuestions(about),
    notes: listNotes(about),
    account: accountOf(places),
  };
}

/** Without the tenant's own; a configuration names at least one. */
function everybodys([, ...others]: readonly string[]): readonly string[] {
  return others.length === 0 ? ['public'] : others;
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

interface ProposalGround {
  readonly scope: NameScope;
  readonly seen: Observations;
  readonly words: KnownWords;
  readonly models: readonly ModelGuess[];
  readonly lists: ReadonlySet<TableId>;
}

/** Where no table holds the models, they have a provider if some place has one beside the name. */
function placesOf(ground: ProposalGround): PlaceGuess[] {
  const { words, models } = ground;
  const names = namesSeen(ground);
  const hasHomonyms = seesHomonyms(words, providersSeen(ground), names);
  const first = guessPlaces({
    ...ground,
    hasHomonyms,
    hasProvider: models.length === 0 || models.some(({ value }) => value.columns.provider !== undefined),
  });
  if (models.length > 0 || pairs(first).length > 0) return first;
  return guessPlaces({ ...ground, hasHomonyms, hasProvider: false });
}

function pairs(places: readonly PlaceGuess[]): readonly PlaceGuess[] {
  return places.filter(({ place }) => place.partner !== undefined || place.fields !== undefined);
}

function namesSeen({ seen, models }: ProposalGround): string[] {
  const own = models.flatMap(({ table, value }) => valuesOf(seen, table, value.columns.name));
  const columns = seen.columns.filter(({ column }) => namesModel(column)).flatMap(({ distinct }) => distinct);
  return [...own, ...columns];
}

function providersSeen({ seen, models, scope }: ProposalGround): string[] {
  const tables = models.flatMap(({ table, value: { providers, columns } }) => {
    const holder = scope.catalog.tables.find((each) => tablePath(scope, each) === providers?.table);
    return providers === undefined
      ? valuesOf(seen, table, columns.provider)
      : valuesOf(seen, holder?.id ?? '', providers.name);
  });
  const columns = seen.columns
    .filter(({ column }) => namesProvider(column) && !/_id$/i.test(column))
    .flatMap(({ distinct }) => distinct);
  return [...tables, ...(models.length > 0 ? [] : columns)];
}

/** What a person must decide stands first. */
function questionsFirst(places: readonly PlaceGuess[]): PlaceGuess[] {
  const isQuestion = ({ place }: PlaceGuess): boolean => place.role === 'ask';
  return [...places.filter(isQuestion), ...places.filter((place) => !isQuestion(place))];
}

function modelPart(models: readonly ModelGuess[], places: readonly PlaceGuess[]): Config['model'] {
  if (models.length > 0) return { tables: models.map((model) => model.value) };
  return { identity: pairs(places).length > 0 ? ['provider', 'name'] : ['name'] };
}

function withSuspended(tenant: Config['tenant'], suspended: string | undefined): Config['tenant'] {
  const { root, key, display, column, ...rest } = tenant;
  return { ...given({ root, key, display, column, suspended }), ...rest };
}

interface NamedValue {
  readonly name: string;
  readonly value: string;
  readonly reason: string;
}

function byName(all: readonly NamedValue[]): Record<string, string> {
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
): NamedValue[] {
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

/* Where a moved row needs the target to be on offer: a grant of the same kind of model, and the column that both share. */

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
      const fits = each.table !== guess.table && each.place.kind === guess.place.kind;
      return via === undefined || !fits ? [] : [{ grant: each.place.at, via }];
    });
    const { role, json, defaultOf } = guess.place;
    if (grant === undefined || role !== undefined || json !== undefined || defaultOf !== undefined)
      return guess;
    const reason = `${guess.reason}; ${grant.grant} says what is on offer for each ${grant.via}`;
    return { ...guess, place: { ...guess.place, enables: grant }, reason };
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
