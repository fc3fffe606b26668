/**
 * Reads the facts of a plan in one transaction. It writes nothing, so a read-only login suffices; the same function reads them
 * again under the locks of an apply, where the value scan of unclassified columns is handed in instead of run.
 */
import type { Table } from '../engine/catalog.ts';
import { catalogFingerprint } from '../engine/catalog-text.ts';
import { isIgnored } from '../engine/classified.ts';
import { canonicalText } from '../engine/canonical.ts';
import type { Intent } from '../engine/intent.ts';
import { mappingsOf } from '../engine/mapping.ts';
import type { ModelPair } from '../engine/mapping.ts';
import { findNamedTable } from '../engine/names.ts';
import { tableOf } from '../engine/references.ts';
import type { Place } from '../engine/place.ts';
import type { Rules } from '../engine/references.ts';
import type { PlaceGroup, Snapshot, Unclassified } from '../engine/snapshot.ts';
import { DroverError } from '../errors.ts';
import { readColumnFacts } from './column-facts.ts';
import type { Tx } from './database.ts';
import { readDocumentFacts } from './document-facts.ts';
import { quoteIdent, quoteTable } from './identifiers.ts';
import { readDependents, readDemands, readNeededGrants, readParameterDocuments } from './side-facts.ts';
import type { PlaceRow } from './match-sql.ts';

export interface SnapshotInput {
  readonly rules: Rules;
  readonly intent: Intent;
  readonly pair: ModelPair;
  readonly unclassified: readonly Unclassified[];
}

/** The facts for one tenant and one pair of models. */
export async function readSnapshot(tx: Tx, input: SnapshotInput): Promise<Snapshot> {
  const { rules, intent, pair } = input;
  const places = await readPlaceGroups(tx, input);
  const side = { rules, intent, pair, groups: places };
  return {
    rules,
    tenant: await readTenant(tx, rules, intent.tenant),
    ...pair,
    places,
    parameters: intent.parameters === 'translate' ? await readParameterDocuments(tx, side) : [],
    grants: await readNeededGrants(tx, side),
    unclassified: input.unclassified,
    dependents: await readDependents(tx, side),
    demands: await readDemands(tx, side),
    hidden: await readHidden(tx, rules),
    definitions: definitionsOf(rules),
    today: (
      await tx.one<{ today: string }>(`SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS today`)
    ).today,
  };
}

/** The facts about every place that names a model of the source's kind. */
export async function readPlaceGroups(tx: Tx, { rules, intent, pair }: SnapshotInput): Promise<PlaceGroup[]> {
  const groups: PlaceGroup[] = [];
  for (const { table, column, places } of groupPlaces(rules, pair)) {
    const common = { rules, table, tenant: intent.tenant, pair, places };
    groups.push(
      column === undefined
        ? await readColumnFacts(tx, { ...common, parameters: intent.parameters })
        : await readDocumentFacts(tx, { ...common, column }),
    );
  }
  return groups;
}

interface GroupedPlaces {
  readonly table: Table;
  readonly column: string | undefined;
  readonly places: PlaceRow[];
}

/** Scalar places of one table are read together, documents column by column. */
function groupPlaces(rules: Rules, pair: ModelPair): GroupedPlaces[] {
  const grouped = new Map<string, GroupedPlaces>();
  for (const place of rules.places) {
    const mappings =
      place.kind === pair.source.kind && counts(place) ? mappingsOf(place, pair, rules.config) : [];
    if (mappings.length === 0) continue;
    const column = place.carrier === 'columns' ? undefined : place.column;
    const id = JSON.stringify([place.table, column ?? null]);
    const group = grouped.get(id) ?? { table: tableOf(rules, place.table), column, places: [] };
    group.places.push({ place, mappings });
    grouped.set(id, group);
  }
  return [...grouped].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

function counts(place: Place): boolean {
  return place.role !== 'ignore' && place.role !== 'catalogue';
}

/** Where the session sets a tenant, the policies are meant to bind; elsewhere what they hide would be forgotten silently. */
async function readHidden(tx: Tx, rules: Rules): Promise<string[]> {
  if (Object.keys(rules.config.database?.session?.settings ?? {}).length > 0) return [];
  const tables = rules.catalog.tables.filter(
    (table) => table.rowSecurity.enabled && !isIgnored(rules, table.id),
  );
  const hidden: string[] = [];
  for (const table of tables) {
    const { bound } = await tx.one<{ bound: boolean }>(
      'SELECT row_security_active($1::text::regclass) AS bound',
      [quoteTable(table)],
    );
    if (bound) hidden.push(table.id);
  }
  return hidden;
}

/** Fingerprints of the configuration and of the tables that the plan looks at or that could hold a reference. */
function definitionsOf(rules: Rules): Record<string, string> {
  return { ...catalogFingerprint(rules.catalog), configuration: canonicalText(rules.config) };
}

/** @throws TENANT_NOT_FOUND, TENANT_REQUIRED */
export async function readTenant(tx: Tx, rules: Rules, key: string | undefined): Promise<Snapshot['tenant']> {
  const { root, key: keyColumn, display } = rules.config.tenant;
  if (root === 'none') return null;
  const table = findNamedTable(rules.scope, root);
  if (table === undefined || key === undefined)
    throw new DroverError(
      'TENANT_REQUIRED',
      'Say which tenant: --tenant with the key of a row of the tenant table.',
    );
  const column = keyColumn ?? table.primaryKey[0] ?? '';
  const name = display === undefined ? 'NULL' : `t.${quoteIdent(display)}`;
  const row = await tx.maybeOne<{ name: string | null }>(
    `SELECT ${name}::text AS name FROM ${quoteTable(table)} t WHERE t.${quoteIdent(column)}::text = $1::text`,
    [key],
  );
  if (row === undefined)
    throw new DroverError('TENANT_NOT_FOUND', `There is no tenant ${key} in ${root}.`, { tenant: key });
  return { key, name: row.name ?? key };
}
