/**
 * What a migration locks, in this order: the pair (tenant, source) by an advisory lock, so that two migrations of one source
 * never mix; the referencing tables, by id, where the fence is a lock; the model rows. A writer that holds a row lock on the
 * source is waited for, and one that comes later waits and then meets the fence.
 */
import type { Table } from '../../engine/catalogue/catalog.ts';
import type { ModelPair } from '../../engine/rules/mapping.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { tableOf } from '../../engine/rules/references.ts';
import { modelTableOf } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import { Binder, castFor } from '../sql/binder.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteRows, quoteTable } from '../sql/identifiers.ts';
import { columnOf } from '../sql/match.ts';
import { mineSql } from '../sql/row.ts';

/** What a lock calls a model: its key, or where no table holds the models what a record keeps of it, in one order. */
export function identityOf({ key, components }: Pick<ModelFacts, 'key' | 'components'>): string {
  return key ?? JSON.stringify([components['provider'] ?? null, components['name'] ?? null]);
}

/** @throws MIGRATION_RUNNING where another process holds the pair */
export async function lockPair(tx: Tx, tenant: string | undefined, source: string): Promise<void> {
  const { free } = await tx.one<{ free: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtextextended($1::text, 6420)) AS free`,
    [JSON.stringify([tenant ?? null, source])],
  );
  if (!free)
    throw new DroverError('MIGRATION_RUNNING', `A migration of ${source} is running for this tenant.`, {
      tenant,
      source,
    });
}

/**
 * Keeps writers out of the tables with places that can move, until the transaction ends; readers go on. Where foreign keys
 * are the fence (`constraint`), only tables with places that no foreign key guards: documents, names, lists. None of the places whose
 * writers hold the models that they name (`held`): the lock on the source makes them wait, and afterwards they see it retired.
 */
export async function lockTables(tx: Tx, rules: Rules, kind: string): Promise<void> {
  const byConstraint = rules.config.database?.fence === 'constraint';
  const tables = fencedTables(
    rules,
    kind,
    (place) => place.held !== true && (!byConstraint || place.foreignKey === undefined),
  );
  if (tables.length === 0) return;
  await tx.run(
    `LOCK TABLE ${tables.map((table) => quoteTable(table)).join(', ')} IN SHARE ROW EXCLUSIVE MODE`,
  );
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

/** Locks the source against new references, and the target against being retired meanwhile. */
export async function lockModels(
  tx: Tx,
  rules: Rules,
  about: { pair: ModelPair; tenant: string | undefined },
): Promise<void> {
  const model = modelTableOf(rules, about.pair.source.kind);
  if (model === undefined) return;
  for (const [row, mode] of [
    [about.pair.source, 'FOR UPDATE'],
    [about.pair.target, 'FOR SHARE'],
  ] as const) {
    const binder = new Binder();
    const mine =
      row.tenant === null ? 'true' : mineSql({ binder, rules, table: model.table, tenant: about.tenant });
    const key = binder.bind(row.key, castFor(columnOf(model.table, model.key)));
    await tx.many(
      `SELECT 1 FROM ${quoteRows(model.table)} t WHERE ${mine} AND t.${quoteIdent(model.key)} = ${key} ${mode}`,
      binder.values,
    );
  }
}
