/**
 * A configuration as a re-key sees it: what is named is the rows of one table, and what names them are the places under `names`. So the
 * facts, the plan and the steps of a re-key are those of any move, from the key of a row to another key of the same row.
 */
import { given } from '../../given.ts';
import type { Config, ConfigProblem, NameConfig, RowsConfig } from '../config.ts';
import type { PlaceConfig } from '../place-config.ts';

interface RowsView extends Config {
  /** The entry of `rows` whose rows are meant. */
  readonly subject: RowsConfig;
}

/** The entry of `rows` that a view is of; undefined in a configuration that is about models. */
export function subjectOf(config: Config | RowsView): RowsConfig | undefined {
  return 'subject' in config ? config.subject : undefined;
}

/** A place of a view, and which entry of `names` it comes from. */
interface ViewedPlace {
  readonly place: PlaceConfig;
  readonly name: number;
}

/**
 * The view of an entry. Fences of models say nothing of rows, and what retires a model is none of theirs; their tables are locked as by
 * default.
 */
export function seenFromRows(config: Config, subject: RowsConfig): RowsView {
  const { fence: _fence, ...database } = config.database ?? {};
  const { model: _model, places: _places, unlistedForeignKeys: _unlisted, intent: _intent, ...rest } = config;
  return {
    ...rest,
    database,
    model: {},
    places: viewedPlaces(subject).map(({ place }) => place),
    subject,
  };
}

/** A problem of the view, at its place in the file. `entry` is the number of the entry in `rows`. */
export function problemOfRows(
  { path: [section, first, ...more], message }: ConfigProblem,
  { subject, entry }: { readonly subject: RowsConfig; readonly entry: number },
): ConfigProblem {
  if (section === 'subject') return { path: ['rows', entry, ...[first, ...more].filter(isStep)], message };
  if (section !== 'places' || typeof first !== 'number')
    return { path: [section, first, ...more].filter(isStep), message };
  const name = viewedPlaces(subject)[first]?.name ?? 0;
  const said =
    subject.names?.[name]?.when === undefined ? more : more.map((step) => (step === 'live' ? 'when' : step));
  return { path: ['rows', entry, 'names', name, ...said], message };
}

function isStep(step: string | number | undefined): step is string | number {
  return step !== undefined;
}

/** Where only rows of one type mean the table, the others are none of its business. */
function viewedPlaces({ names = [] }: RowsConfig): ViewedPlace[] {
  return names.flatMap((name, at): ViewedPlace[] => {
    const own = { place: placeOf(name), name: at };
    if (name.when === undefined) return [own];
    const others: PlaceConfig = { ...placeOf(name), role: 'ignore', live: `(${name.when}) IS NOT TRUE` };
    return [{ place: others, name: at }, own];
  });
}

function placeOf({ at, as = 'key', shape, within, when, live, merge, ...rest }: NameConfig): PlaceConfig {
  return {
    ...rest,
    at,
    as,
    ...given({ shape: within === undefined ? shape : ('inside' as const), live: when ?? live }),
    ...(merge === 'keep-target' ? { collision: 'drop-redundant' as const } : {}),
    ...(as === 'key' || !as.includes('{key}') ? {} : { also: [as.replaceAll('{key}', '{spelling}')] }),
  };
}
