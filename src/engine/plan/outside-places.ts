/** What becomes of occurrences that no place of the configuration writes: they stay, and this says why, and whether they may. */
import { ownMember } from '../own.ts';
import { isUuid } from '../uuid.ts';
import { findTable } from '../catalogue/catalog.ts';
import { columnPath } from '../catalogue/names.ts';
import type { Place } from '../rules/place.ts';
import { deadRowsMove, forbidden, historyKept, type DecisionGround, type RowOutcome } from './decide.ts';
import type { Intent } from './intent.ts';
import type { Uncovered } from './snapshot.ts';

/** Why a mention is one where a place of the role `prose` says so. */
export const writtenToBeRead = 'people wrote it to be read, by the configuration';

type Stay = Extract<RowOutcome, { kind: 'stay' }>;

/** How an uncovered occurrence is called in plans, answers and the configuration: `flows.body`, `agents.settings/a/model`. */
export function uncoveredId(
  { rules }: Pick<DecisionGround, 'rules'>,
  { table, column, path }: Uncovered,
): string {
  const found = findTable(rules.catalog, table);
  return `${found === undefined ? `${table}.${column}` : columnPath(rules.scope, found, column)}${path ?? ''}`;
}

/** Whose row it is and what leads there come first; then what the configuration leaves open. */
export function decideUncovered(ground: DecisionGround, intent: Intent, found: Uncovered): Stay {
  const places = ground.rules.places.filter(({ id }) => found.places.includes(id));
  const settled = byRole(ground, places) ?? byOwner(ground, places, found) ?? byLife(ground, places, found);
  if (settled !== undefined) return settled;
  const form = byForm(intent, { places, found, id: uncoveredId(ground, found) });
  // What is asked about a row that is no tenant's is asked where such rows move. A column of which nobody says anything stops all.
  return form.reason === 'ask' && isNobodys(ground, found) ? ofNobody(found) : form;
}

function stay(reason: Stay['reason'], live: boolean, message: string): Stay {
  return { kind: 'stay', reason, live, message };
}

function byRole(ground: Pick<DecisionGround, 'rules'>, places: readonly Place[]): Stay | undefined {
  const has = (role: Place['role']): boolean => places.some((place) => place.role === role);
  if (has('history')) return stay('history', false, historyKept(ground));
  if (has('dead-copy')) return stay('dead-copy', false, 'a copy that nothing reads');
  if (has('deny')) return stay('denied', false, forbidden);
  if (has('prose')) return stay('mention', false, writtenToBeRead);
  if (has('data-bound'))
    return stay('data-bound', true, 'data made with the model belongs to it; it must be made again');
  return undefined;
}

function byOwner(
  { tenant }: DecisionGround,
  places: readonly Place[],
  { owner }: Uncovered,
): Stay | undefined {
  if (owner === 'mine' || tenant === null) return undefined;
  if (owner === 'other') return stay('other-tenant', false, 'the row of another tenant');
  if (owner === 'disagree')
    return stay('disagreeing-owners', true, 'two ways to its owner lead to different tenants');
  return places.length === 0 ? undefined : ofNobody({ owner });
}

function isNobodys({ tenant }: DecisionGround, { owner }: Uncovered): boolean {
  return tenant !== null && owner !== 'mine';
}

function ofNobody({ owner }: Pick<Uncovered, 'owner'>): Stay {
  return stay(owner === 'global' ? 'global' : 'no-owner', true, 'the row belongs to no single tenant');
}

function byLife(
  ground: DecisionGround,
  places: readonly Place[],
  { dead, past }: Uncovered,
): Stay | undefined {
  if (past && places.length > 0) return stay('history', false, 'not live, by the configuration');
  if (!dead || deadRowsMove(ground)) return undefined;
  return stay('dead', false, 'soft-deleted or archived rows stay, by the configuration');
}

function byForm(
  intent: Intent,
  {
    places,
    found,
    id,
  }: { readonly places: readonly Place[]; readonly found: Uncovered; readonly id: string },
): Stay {
  const { form, by, prose, kind, spelling } = found;
  if (form === 'inside' && prose) return stay('mention', false, 'the name stands in running text');
  if (ownMember(intent.answers, id) === 'keep') return stay('kept', false, 'kept by answer');
  if (places.length > 0) return stay('ask', true, 'it is written in a way that the place does not move');
  if (by === 'key' && !isUuid(spelling))
    return stay('ask', true, 'the value is the key of the model, and its name speaks of a model');
  if (form === 'inside') return stay('ask', true, 'the name stands inside a longer text');
  if (!isEditable(kind)) return stay('ask', true, `no place can be in a value of this type (${kind})`);
  return stay('unaccounted', true, 'no place of the configuration says what it is');
}

function isEditable(kind: string): boolean {
  return /^(text|citext|enum|json|jsonb|uuid)(\[\])?$/.test(kind);
}
