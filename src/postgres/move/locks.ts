/**
 * What a migration locks, in this order: the pair (tenant, source) by an advisory lock, so that two migrations of one source
 * never mix; the referencing tables, by id, where the fence is a lock; the model rows. A writer that holds a row lock on the
 * source is waited for, and one that comes later waits and then meets the fence.
 */
import { modelTableOf } from '../../engine/rules/references.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import type { ModelPair } from '../../engine/rules/mapping.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { affected, inOrder, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { askEach, readEach } from '../facts/member.ts';
import { castFor, columnOf } from '../sql/cast.ts';
import { mineSql } from '../sql/row.ts';
import { column, each, list, raw, rowsOf, sql, tableName } from '../sql/sql.ts';

/** What a lock calls a model: its key, or where no table holds the models what a record keeps of it, in one order. */
export function identityOf({ key, components }: Pick<ModelFacts, 'key' | 'components'>): string {
  return key ?? JSON.stringify([components['provider'] ?? null, components['name'] ?? null]);
}

/** What is locked for one tenant: the pair of tenant and source. */
export interface LockedPair {
  readonly tenant: string | undefined;
  readonly source: string;
}

/** Locks pairs for the length of the transaction. MIGRATION_RUNNING for each that another process holds. */
export async function lockPairs(tx: Tx, pairs: readonly LockedPair[]): Promise<(DroverError | undefined)[]> {
  const names = pairs.map(({ tenant, source }) => JSON.stringify([tenant ?? null, source]));
  const rows = await readEach<{ free: boolean }>(
    tx,
    pairs.length,
    sql`SELECT pg_try_advisory_xact_lock(hashtextextended(${each(names, 'text')}, 6420)) AS free`,
  );
  return pairs.map((pair, at) => (rows[at]?.[0]?.free === true ? undefined : running(pair)));
}

/** @throws MIGRATION_RUNNING where another process holds the pair */
export async function lockPair(tx: Tx, tenant: string | undefined, source: string): Promise<void> {
  const [refused] = await lockPairs(tx, [{ tenant, source }]);
  if (refused !== undefined) throw refused;
}

function running(pair: LockedPair): DroverError {
  const message = `A migration of ${pair.source} is running for this tenant.`;
  return new DroverError('MIGRATION_RUNNING', message, { ...pair });
}

/**
 * Keeps writers out of the tables with places that can move, until the transaction ends; readers go on. Where foreign keys
 * are the fence (`constraint`), only tables with places that no foreign key guards: documents, names, lists. None of the places whose
 * writers hold the models that they name (`held`): the lock on the source makes them wait, and afterwards they see it retired.
 */
export function tableLock(rules: Rules, kind: string): Question<void> {
  const byConstraint = rules.config.database?.fence === 'constraint';
  const tables = fencedTables(
    rules,
    kind,
    (place) => place.held !== true && (!byConstraint || place.foreignKey === undefined),
  );
  if (tables.length === 0) return { statements: [], read: () => undefined };
  const lock = sql`LOCK TABLE ${list(tables.map(tableName))} IN SHARE ROW EXCLUSIVE MODE`;
  return readAs(affected(lock), () => undefined);
}

/** The tables that this tenant's rows may be in, with places of that kind that can move, by id. */
function fencedTables(rules: Rules, kind: string, counts: (place: Place) => boolean): Table[] {
  const owned = (place: Place): boolean => rules.ownership.get(place.table)?.kind !== 'global';
  const moving = (place: Place): boolean => ['reference', 'grant', 'ask'].includes(place.role);
  const places = rules.places.filter(
    (place) => place.kind === kind && moving(place) && owned(place) && counts(place),
  );
  return [...new Set(places.map((place) => place.table))].toSorted().map((id) => tableOf(rules, id));
}

/** Locks each source against new references, and each target against being retired meanwhile, in the order of the members. */
export function modelLocks(
  rules: Rules,
  members: readonly { readonly pair: ModelPair; readonly tenant: string | undefined }[],
): Question<void> {
  const model = modelTableOf(rules, members[0]?.pair.source.kind ?? '');
  if (model === undefined) return { statements: [], read: () => undefined };
  const size = members.length;
  const tenants = members[0]?.tenant === undefined ? undefined : members.map(({ tenant }) => tenant ?? '');
  const lockOf = (side: 'source' | 'target', mode: string): Question<unknown> => {
    const shared = members[0]?.pair[side].tenant === null;
    const mine = shared ? raw('true') : mineSql({ rules, table: model.table, size, tenants });
    const keys = members.map(({ pair }) => pair[side].key ?? '');
    const key = each(keys, castFor(columnOf(model.table, model.key)));
    return askEach(
      size,
      sql`SELECT 1 AS locked FROM ${rowsOf(model.table)} t WHERE ${mine} AND ${column('t', model.key)} = ${key} ${raw(mode)}`,
    );
  };
  const locks = inOrder([lockOf('source', 'FOR UPDATE'), lockOf('target', 'FOR SHARE')]);
  return readAs(locks, () => undefined);
}
