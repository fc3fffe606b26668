/** What a person must decide about a proposal, and what they should know. */
import type { Table, TableId } from '../catalogue/catalog.ts';
import { type NameScope, tablePath } from '../catalogue/names.ts';
import type { ModelGuess } from './models.ts';
import type { Observations } from './observation.ts';
import type { PlaceGuess } from './places.ts';
import type { RootGuess } from './root.ts';

interface ProposalFindings {
  readonly scope: NameScope;
  readonly seen: Observations;
  readonly models: readonly ModelGuess[];
  readonly places: readonly PlaceGuess[];
  readonly root: RootGuess | undefined;
  readonly tenants: string | readonly string[] | undefined;
  /** Tables with references that lead to no tenant. */
  readonly unplaced: readonly Table[];
}

/** The most important first: whose the rows are, then what the places are. */
export function listQuestions({
  scope,
  models,
  places,
  root,
  tenants,
  unplaced,
}: ProposalFindings): string[] {
  const noModels =
    'No table of models was found: models are taken to be named by text only. If one holds them, name it under model.tables.';
  // Of no table nothing is known, and a question about tenants would sound as if something were.
  if (scope.catalog.tables.length === 0)
    return [
      `Is it the database that you mean, and are these its schemas? There is no table in ${scope.schemas.join(', ')}.`,
    ];
  return [
    ...rootQuestions({ scope, root, tenants }),
    ...unplaced.map(
      (table) =>
        `Whose are the rows of ${tablePath(scope, table)}? Nothing leads from it to a tenant, so it is listed under ` +
        'tenant.global: its rows stay and are counted. Or add a link under tenant.links, or list it under database.ignore.',
    ),
    ...keylessTables(scope, places),
    ...(models.length === 0 ? [noModels] : []),
    ...placeQuestions(places),
  ];
}

function rootQuestions({
  scope,
  root,
  tenants,
}: Pick<ProposalFindings, 'scope' | 'root' | 'tenants'>): string[] {
  if (tenants !== undefined)
    return [
      `Is each schema a tenant (${[tenants].flat().join(', ')})? They hold the same tables, so that is proposed. If not, list them under ` +
        'database.schemas, and name the table of tenants under tenant.root.',
    ];
  if (root === undefined)
    return [
      'Is there one tenant only? No tenant table was found; if there is one, name it under tenant.root.',
    ];
  if (root.rival === undefined) return [];
  const [own, other] = [root.table, root.rival].map((table) => tablePath(scope, table));
  return [`Who are the tenants: ${own} or ${other}? ${own} is taken; for the other change tenant.root.`];
}

function placeQuestions(places: readonly PlaceGuess[]): string[] {
  const asked = places.filter(({ place }) => place.role === 'ask');
  if (asked.length === 0) return [];
  const names = asked.map(
    ({ place }) => place.at + (place.json === undefined ? '' : ` at ${place.json || '/'}`),
  );
  const shown = names.slice(0, 8).join(', ') + (names.length > 8 ? `, and ${names.length - 8} more` : '');
  const what = asked.length === 1 ? 'is this place' : `are these ${asked.length} places`;
  return [`What ${what} (role: ask): ${shown}? Write another role, or none where it moves.`];
}

function keylessTables({ catalog }: NameScope, places: readonly PlaceGuess[]): string[] {
  const concerned: ReadonlySet<TableId> = new Set(places.map((guess) => guess.table));
  return catalog.tables
    .filter((table) => table.primaryKey.length === 0 && concerned.has(table.id))
    .map(
      (table) =>
        `${table.id} has no primary key: which columns tell its rows apart? Say so under database.keys.`,
    );
}

/** What was not looked at. */
export function listNotes({ seen }: ProposalFindings): string[] {
  const unread =
    `This login may not read ${seen.unreadable.join(', ')}: ` +
    'nothing is known about the values there, and a plan will need to read them.';
  return [
    ...(seen.unreadable.length > 0 ? [unread] : []),
    ...(seen.hidden.length > 0 ? [hiddenRows(seen)] : []),
    ...(seen.sampled.length > 0
      ? [`Only a sample of the rows was read: ${seen.sampled.join(', ')}. A plan reads all.`]
      : []),
  ];
}

function hiddenRows({ hidden, columns }: ProposalFindings['seen']): string {
  const blind = hidden.filter((id) => !columns.some(({ table, filled }) => table === id && filled > 0));
  const nothing = blind.length === 0 ? '' : ` No value was seen in ${blind.join(', ')}.`;
  return (
    `Row-level security may hide rows of ${hidden.join(', ')} from this login: what is guessed there rests on what it sees.${nothing} ` +
    'Run `drover init` by a login with BYPASSRLS, too, and compare.'
  );
}

/** For the end of the file: what becomes of the places in which the samples name models. */
export function accountOf(places: readonly PlaceGuess[]): string {
  const roles = places.map(({ place }) => place.role ?? 'reference');
  const asks = roles.filter((role) => role === 'ask').length;
  const moves = roles.filter((role) => role === 'reference' || role === 'grant').length;
  return `${roles.length} places name models: ${moves} move, ${roles.length - moves - asks} stay, ${asks} are asked about.`;
}
