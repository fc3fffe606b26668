/**
 * The fence: what in the database itself keeps the source out of a place once a migration is complete. Which places have one is decided
 * here, for the words of plans and results and for the trigger alike (`src/postgres/move/fence.ts`), so that they cannot disagree.
 */
import { findColumn } from '../catalogue/catalog.ts';
import { isRedirected } from '../rules/rows/redirect.ts';
import { ownMember } from '../own.ts';
import type { Mapping } from '../edit/value-rule.ts';
import type { RowCondition } from '../rules/conditions.ts';
import { canMove } from '../rules/place.ts';
import type { Place } from '../rules/place.ts';
import { tableOf } from '../rules/references.ts';
import type { Rules } from '../rules/references.ts';
import { isSharedRows } from '../tenant.ts';
import type { Intent } from './intent.ts';
import type { Snapshot } from './snapshot.ts';

type FenceGround = Pick<Snapshot, 'rules' | 'tenant' | 'source' | 'places'>;

/** A place in which rows of the unit could come to name the source. */
export interface FencedPlace {
  readonly place: Place;
  readonly mappings: readonly Mapping[];
  /** Whose rows are kept out. */
  readonly owner: Owned;
  /** Why nothing keeps the source out; undefined where something does. */
  readonly open?: string;
}

/** All rows; those of the tenant by a column of their own; those of nobody by the same column; nobody can tell by the row. */
export type Owned =
  | { readonly whose: 'all' }
  | { readonly whose: 'tenant'; readonly column: string; readonly tenant: string }
  | { readonly whose: 'nobody'; readonly column: string }
  | { readonly whose: 'unknown' };

/** Every place in which a row of the tenant, or of the shared rows, may name the source, and whether the database keeps it out. */
export function fencedPlaces(ground: FenceGround, intent: Pick<Intent, 'answers'>): FencedPlace[] {
  const { rules, places } = ground;
  const byId = new Map(rules.places.map((place) => [place.id, place]));
  return places.flatMap((group) =>
    group.places.flatMap((id): FencedPlace[] => {
      const place = byId.get(id);
      const mappings = ownMember(group.mappings, id) ?? [];
      if (place === undefined || mappings.length === 0 || !canMove(place)) return [];
      // Somebody said that the source stays there.
      if (place.role === 'ask' && ownMember(intent.answers, id) === 'keep') return [];
      const owner = ownedBy(ground, place);
      if (owner === undefined) return [];
      const open = whyOpen(rules, place, owner);
      return [{ place, mappings, owner, ...(open === undefined ? {} : { open }) }];
    }),
  );
}

/** Whose rows of the table the fence would be for; undefined where the unit has none there. */
function ownedBy({ rules, tenant, source }: FenceGround, place: Place): Owned | undefined {
  const ownership = rules.ownership.get(place.table);
  if (tenant === null || ownership?.kind === 'single') return { whose: 'all' };
  const shared = isSharedRows(tenant.key);
  if (ownership?.kind === 'global') return shared ? { whose: 'all' } : undefined;
  // The key of a tenant's own model identifies it in the rows of all tenants. One of everybody's others may go on using.
  if (place.byKey && typeof source.tenant === 'string') return { whose: 'all' };
  const paths = ownership?.kind === 'tenant' ? ownership.paths : [];
  const direct = paths.find((path) => path.hops.length === 0);
  if (direct === undefined) return { whose: 'unknown' };
  if (!shared) return { whose: 'tenant', column: direct.column, tenant: tenant.key };
  if (direct.notNull && paths.length === 1) return undefined;
  return paths.length === 1 ? { whose: 'nobody', column: direct.column } : { whose: 'unknown' };
}

function whyOpen(rules: Rules, place: Place, owner: Owned): string | undefined {
  const kind = rules.config.database?.fence ?? 'lock';
  if (isRedirected(rules, place))
    return isText(rules, place) ? 'only what is written like the key itself is redirected' : undefined;
  if (kind === 'lock') return 'the fence is a lock, which ends with the migration';
  if (kind === 'constraint') return whyUnkeyed(rules, place);
  if (owner.whose === 'unknown') return 'the row does not say whose it is';
  return rowConditions(place).some((condition) => condition.kind !== 'sql')
    ? 'rows of other tables say whether it is live'
    : undefined;
}

function isText(rules: Rules, { table, column }: Place): boolean {
  return findColumn(tableOf(rules, table), column)?.kind === 'text';
}

/** The trigger of Drover's own schema that holds the models which a document names (src/isolation/document-fence.ts). */
const holdingTrigger = 'drover_holds_models';

function whyUnkeyed(rules: Rules, place: Place): string | undefined {
  if (place.foreignKey !== undefined) return undefined;
  if (place.held !== true) return 'no foreign key stands there';
  const { triggers } = tableOf(rules, place.table);
  return triggers.some(({ name, enabled }) => name === holdingTrigger && enabled)
    ? undefined
    : 'only who holds the models that a row names is kept out';
}

/** What says whether a row of the place counts. */
function rowConditions({ conditions: { live, ask, guard }, among }: Place): RowCondition[] {
  const own = [live, ask, guard].filter((condition) => condition !== undefined);
  return [...own, ...(among?.own ?? []), ...(among?.others ?? []), ...(among?.beside ?? [])];
}
