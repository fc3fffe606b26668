/** Which entity types may be asked for by themselves, and which of them need others beside them. */
import { compareText } from '../order.ts';
import { isSharedRows } from '../tenant.ts';
import type { TenantKey } from '../tenant.ts';
import { canMove } from './place.ts';
import type { Place } from './place.ts';
import type { Rules } from './references.ts';

/** Why a list of entity types is refused. */
type TypesRefused =
  | { readonly code: 'ENTITY_TYPE_UNKNOWN'; readonly message: string; readonly types: readonly string[] }
  | { readonly code: 'ENTITY_TYPES_INCOMPLETE'; readonly message: string; readonly types: readonly string[] };

/** Whose rows the types are asked for. `tenants` are those of some tenant, or of a run over tenants. */
export type TypesOf = 'tenants' | 'shared';

/** Left out, the rows are those of the only tenant. */
export function typesOf(tenant: TenantKey): TypesOf {
  return isSharedRows(tenant) ? 'shared' : 'tenants';
}

/**
 * The entity types of which something can move there, in order. What is only a record, a list of what may be had, or everybody's while
 * tenants are asked about, is none: asked for by itself it would be a silent zero. Data that is bound to its model is one, because a
 * plan refuses it with a way out.
 */
export function movableTypes(
  rules: Pick<Rules, 'places' | 'ownership'>,
  kind: string,
  of: TypesOf,
): string[] {
  const own = rules.places.filter((place) => place.kind === kind && isMovable(rules, place, of));
  return [...new Set(own.map(({ entity }) => entity))].toSorted(compareText);
}

function isMovable({ ownership }: Pick<Rules, 'ownership'>, place: Place, of: TypesOf): boolean {
  const moves = canMove(place) || place.role === 'data-bound';
  return moves && (of === 'shared' || ownership.get(place.table)?.kind !== 'global');
}

/**
 * Why these types cannot be asked for: the list is empty, one of them is none, or only rows of everybody would be left to move; or
 * a grant would move away from rows that rely on it and stay.
 */
export function typesRefused(
  rules: Pick<Rules, 'places' | 'ownership'>,
  { kind, asked, of }: { readonly kind: string; readonly asked: readonly string[]; readonly of: TypesOf },
): TypesRefused | undefined {
  const types = movableTypes(rules, kind, of);
  const anywhere = movableTypes(rules, kind, 'shared');
  const wrong = asked.filter((type) => !anywhere.includes(type));
  const useless = asked.some((type) => types.includes(type)) ? [] : asked;
  const refused = wrong.length > 0 ? wrong : useless;
  if (asked.length === 0 || refused.length > 0)
    return {
      code: 'ENTITY_TYPE_UNKNOWN',
      message: `${whatIsWrong(rules, kind, refused)}; there are: ${types.join(', ')}.`,
      types,
    };
  return withoutReliant(rules, kind, asked);
}

function whatIsWrong({ places }: Pick<Rules, 'places'>, kind: string, refused: readonly string[]): string {
  if (refused.length === 0) return 'The list of entity types is empty';
  const quoted = refused.map((type) => `"${type}"`).join(', ');
  const known = refused.every((type) => places.some((place) => place.kind === kind && place.entity === type));
  return known
    ? `Nothing of entity type ${quoted} moves with a tenant's ${kind} models`
    : `Unknown entity type ${quoted}`;
}

/** A grant that moves is taken from the rows that rely on it, so these move with it. */
function withoutReliant(
  { places }: Pick<Rules, 'places'>,
  kind: string,
  asked: readonly string[],
): TypesRefused | undefined {
  for (const grant of places) {
    if (grant.kind !== kind || !asked.includes(grant.entity)) continue;
    const reliant = places.filter(
      (place) => place.enables?.grant === grant.id && canMove(place) && !asked.includes(place.entity),
    );
    const missing = [...new Set(reliant.map(({ entity }) => entity))].toSorted(compareText);
    if (missing.length === 0) continue;
    const message =
      `"${grant.entity}" says which models may be used, and it moves only together with what uses them: ` +
      `add ${missing.join(', ')}, or leave it out; then each row that moves takes its target along.`;
    return { code: 'ENTITY_TYPES_INCOMPLETE', message, types: missing };
  }
  return undefined;
}
