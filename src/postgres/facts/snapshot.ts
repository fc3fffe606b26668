/**
 * Reads the facts of a plan in one transaction. It writes nothing, so a read-only login suffices; the same function reads them
 * again under the locks of an apply, where the value scan of unclassified columns is handed in instead of run.
 */
import type { Column } from '../../engine/catalogue/catalog.ts';
import { catalogFingerprint } from '../../engine/catalogue/catalog-text.ts';
import { digestDefinitions } from '../../engine/planner/facts.ts';
import { isIgnored } from '../../engine/rules/coverage.ts';
import { canonicalText } from '../../engine/canonical.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { ModelPair } from '../../engine/rules/mapping.ts';
import { decide } from '../../engine/plan/decide.ts';
import { stateFromCode } from '../../engine/plan/place-state.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { PlaceGroup, RowGroup, Snapshot, Unclassified } from '../../engine/plan/snapshot.ts';
import { DroverError } from '../../errors.ts';
import { sha256 } from '../catalogue/digest.ts';
import { castFor } from '../sql/binder.ts';
import { readColumnFacts } from './columns.ts';
import type { Tx } from '../driver/database.ts';
import { readDocumentFacts } from './document-facts.ts';
import { quoteIdent, quoteTable } from '../sql/identifiers.ts';
import { groupPlaces, readPresence } from './presence.ts';
import type { GroupedPlaces } from './presence.ts';
import { readDependents, readDemands, readNeededGrants, readParameterDocuments } from './side.ts';
import { findRowKey } from '../sql/keys.ts';
import { columnOf } from '../sql/match.ts';

export interface SnapshotInput {
  readonly rules: Rules;
  readonly intent: Intent;
  readonly pair: ModelPair;
  readonly unclassified: readonly Unclassified[];
  /** Of which rows names are read, for a person: of all (as given or not), of those that stay, or of none. */
  readonly samples?: 'all' | 'staying' | 'none';
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
export async function readPlaceGroups(tx: Tx, input: SnapshotInput): Promise<PlaceGroup[]> {
  const { rules, intent, pair } = input;
  const grouped = groupPlaces(rules, pair);
  const present = await readPresence(tx, { rules, tenant: intent.tenant, pair, grouped });
  const groups: PlaceGroup[] = [];
  for (const [at, group] of grouped.entries())
    groups.push({
      table: group.table.id,
      carrier: group.places[0]?.place.carrier ?? 'columns',
      ...(group.column === undefined ? {} : { column: group.column }),
      places: group.places.map(({ place }) => place.id),
      mappings: Object.fromEntries(group.places.map(({ place, mappings }) => [place.id, mappings])),
      groups: present[at] === true ? await readGroup(tx, input, group) : [],
      keyed: findRowKey(rules, group.table) !== undefined,
    });
  return groups;
}

function readGroup(
  tx: Tx,
  { rules, intent, pair, samples = 'all' }: SnapshotInput,
  { table, column, places }: GroupedPlaces,
): Promise<RowGroup[]> {
  const common = { rules, table, tenant: intent.tenant, pair, places };
  if (column !== undefined) return readDocumentFacts(tx, { ...common, column });
  const sampled = (group: Pick<RowGroup, 'states' | 'owner' | 'dead'>): boolean =>
    samples === 'all' || (samples === 'staying' && !moves(rules, intent, group));
  return readColumnFacts(tx, { ...common, parameters: intent.parameters, sampled });
}

/** Do all places of these rows move? Then the journal names them. */
function moves(rules: Rules, intent: Intent, group: Pick<RowGroup, 'states' | 'owner' | 'dead'>): boolean {
  const tenant = intent.tenant === undefined ? null : { key: intent.tenant, name: '' };
  return Object.entries(group.states).every(([id, code]) => {
    const place = rules.places.find((candidate) => candidate.id === id);
    return (
      place !== undefined &&
      decide({ rules, tenant }, intent, {
        place,
        state: stateFromCode(code),
        owner: group.owner,
        dead: group.dead,
      }).kind === 'move'
    );
  });
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

/** Digests of the configuration and of the tables that the plan looks at or that could hold a reference. */
function definitionsOf(rules: Rules): Readonly<Record<string, string>> {
  const known =
    definitions.get(rules) ??
    digestDefinitions(
      { ...catalogFingerprint(rules.catalog), configuration: canonicalText(rules.config) },
      sha256,
    );
  definitions.set(rules, known);
  return known;
}

/** The tenants of a wave share their rules. */
const definitions = new WeakMap<Rules, Readonly<Record<string, string>>>();

/** Can the text be a value of the column at all? What the database would refuse to read names no row. */
function isKeyOf(column: Column, text: string): boolean {
  if (column.kind === 'uuid') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
  return column.kind !== 'integer' || /^-?\d{1,18}$/.test(text);
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
  const column = columnOf(table, keyColumn ?? table.primaryKey[0] ?? '');
  const name = display === undefined ? 'NULL' : `t.${quoteIdent(display)}`;
  const row = isKeyOf(column, key)
    ? await tx.maybeOne<{ name: string | null }>(
        `SELECT ${name}::text AS name FROM ${quoteTable(table)} t WHERE t.${quoteIdent(column.name)} = $1::${castFor(column)}`,
        [key],
      )
    : undefined;
  if (row === undefined)
    throw new DroverError('TENANT_NOT_FOUND', `There is no tenant ${key} in ${root}.`, { tenant: key });
  return { key, name: row.name ?? key };
}
