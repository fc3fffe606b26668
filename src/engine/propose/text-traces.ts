/** Columns whose whole value names a model, and the provider beside it. */
import { given } from '../given.ts';
import { readsAsProse } from '../inventory/tally.ts';
import { isProviderName, shareOf } from './known-words.ts';
import type { KnownWords } from './known-words.ts';
import { filledOf, valuesOf } from './observation.ts';
import type { PlaceInput, Trace } from './trace.ts';
import { type KnownNames, writingOf } from './templates.ts';
import { serverDoubt } from './through.ts';
import type { OwnColumn } from './links.ts';
import type { Column, Table } from '../catalogue/catalog.ts';
import { holdsProse, namesModel, namesProvider, providesFor, snake } from '../catalogue/wording.ts';

export const prose = 'most values do not: it may hold text that people wrote';
export const coincidence = 'nothing in its name speaks of models: it may be text that people wrote';
const homonym = 'the same name is reached through several providers, and nothing here says which';

/** A name within a longer text. */
export function withinText(text = ''): string {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return `${JSON.stringify(shown)} holds the name within a longer text: does a program read it?`;
}

/** Does a plan ask about a name in it, because it stands in a longer text that does not read as prose? */
export function isAsked(words: KnownWords, value: string): boolean {
  return words.inside(value).some(({ at }) => !readsAsProse(value, at));
}

export function textTraces(input: PlaceInput, known: KnownNames, { table, column }: OwnColumn): Trace[] {
  const all = valuesOf(input.seen, table.id, column.name);
  // Documents are looked into place by place.
  const values = all.filter((value) => !/^\s*[{[]/.test(value));
  const { how, hits, left } = writingOf(known, values);
  const named = namesModel(column.name);
  const mentions = values.filter((value) => isAsked(input.words, value));
  const isPlace = hits.length > 0 || (named && values.length === all.length);
  // Prose that mentions a model here and there is no place.
  const isProse = left.length === hits.length && hits.length > 0 && hits.length * 2 < values.length;
  if (!isPlace || isProse) {
    if (mentions.length === 0) return [];
    const reason = `${mentions.length} of ${values.length} values hold the name of a model`;
    return [{ table, column, how: { shape: 'inside' }, reason, doubt: withinText(mentions[0]) }];
  }
  const beside = providerBeside(input, { table, column }, { named, isWhole: how.as !== undefined });
  const said =
    hits.length === 0
      ? 'named like a model'
      : `${hits.length} of ${values.length} values name models: ${JSON.stringify(hits[0])}`;
  const doubt =
    valueDoubt({ column: column.name, named, values, hits, left }) ??
    beside.doubt ??
    (beside.partner === undefined || how.also === undefined ? undefined : twice(beside.partner)) ??
    namelessDoubt(input, how, beside.partner) ??
    (beside.partner === undefined ? serverDoubt(input, { table, column }, how, hits) : undefined);
  const embeds = hits.length > 0 && hits.every((value) => input.words.model(value)?.kind === 'embedding');
  // What says its provider itself is not compared with the column beside it: config check refuses both.
  const { also: _, ...alone } = how;
  const written = left.length > 0 ? { shape: 'inside' as const } : beside.partner === undefined ? how : alone;
  const place = { ...written, ...given({ partner: beside.partner }) };
  return [{ table, column, how: place, reason: said, ...(embeds ? { embeds } : {}), ...given({ doubt }) }];
}

function twice(partner: string): string {
  return `some values say their provider themselves, and ${partner} beside it does, too`;
}

interface SeenText {
  readonly column: string;
  readonly named: boolean;
  readonly values: readonly string[];
  readonly hits: readonly string[];
  readonly left: readonly string[];
}

function valueDoubt({ column, named, values, hits, left }: SeenText): string | undefined {
  if (hits.length === 0) return 'no value in it names a known model';
  if (holdsProse(column)) return `a column called ${column} may hold text that people wrote`;
  if (left.length > 0) return withinText(left[0]);
  if (named) return undefined;
  if (hits.length * 2 < values.length) return prose;
  return new Set(hits).size < 2 ? coincidence : undefined;
}

/** A name alone, where another provider has a model of the same name. */
export function namelessDoubt(
  { hasProvider, hasHomonyms }: PlaceInput,
  how: Trace['how'],
  partner: unknown,
): string | undefined {
  const isName = how.as === undefined || how.as === '{name}';
  return hasProvider && hasHomonyms && isName && partner === undefined && how.fields === undefined
    ? homonym
    : undefined;
}

/** The provider beside a name, where the models have one that it can be compared with. */
function providerBeside(
  input: PlaceInput,
  { table, column }: OwnColumn,
  { named, isWhole }: { named: boolean; isWhole: boolean },
): { readonly partner?: string; readonly doubt?: string } {
  const found = named && !isWhole ? partnerOf(input, table, column.name) : undefined;
  if (found === undefined) return {};
  const values = valuesOf(input.seen, table.id, found.name);
  if (!input.hasProvider)
    return values.length === 0 && !namesProvider(found.name)
      ? {}
      : {
          doubt: `${found.name} beside it says through whom, and the models have no provider to compare with`,
        };
  const filled = (name: string): number => filledOf(input.seen, table.id, name);
  const [paired, all] = [filled(found.name), filled(column.name)];
  if (paired < all)
    return { doubt: `${all - paired} of ${all} rows have no ${found.name} that says through whom` };
  return isComparable(input, values)
    ? { partner: found.name }
    : { doubt: `${found.name} beside it holds none of the providers of the models` };
}

/** Are the values those that the models have for their providers? Ids of connections are none. */
export function isComparable(input: PlaceInput, values: readonly string[]): boolean {
  const own = providersOf(input);
  return own.length === 0 || values.length === 0 || values.some((value) => own.includes(fold(value)));
}

/** The providers of the tables of models, in the words that the models have for them. */
function providersOf({ seen, models, scope }: PlaceInput): string[] {
  return models.flatMap(({ table, value: { providers, columns } }) => {
    const holder = scope.catalog.tables.find(
      ({ id, name }) => id === providers?.table || name === providers?.table,
    );
    const values =
      providers === undefined
        ? valuesOf(seen, table, columns.provider)
        : valuesOf(seen, holder?.id ?? '', providers.name);
    return values.map(fold);
  });
}

function fold(text: string): string {
  return text.slice(text.lastIndexOf('/') + 1).toLowerCase();
}

/** `fallback_provider` for `fallback_model`, else the only one; by its values where it has another name. */
function partnerOf(input: PlaceInput, table: Table, column: string): Column | undefined {
  const holds = (other: Column): boolean =>
    shareOf(valuesOf(input.seen, table.id, other.name), (value) => isProviderName(input.words, value)) >= 0.5;
  const others = table.columns.filter(
    (other) =>
      other.name !== column &&
      ['text', 'enum'].includes(other.kind) &&
      !other.computed &&
      providesFor(other.name, `${table.name}_${column}`),
  );
  const named = others.filter((other) => namesProvider(other.name));
  const providers = named.length > 0 ? named : others.filter(holds);
  const prefix = (name: string): string =>
    snake(name).replace(/_?(models?|llm|engine|providers?|vendor)(_.*)?$/, '');
  return (
    providers.find((other) => prefix(other.name) === prefix(column)) ??
    (providers.length === 1 ? providers[0] : undefined)
  );
}
