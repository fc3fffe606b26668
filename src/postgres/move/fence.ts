/**
 * The fence that stays behind in a foreign database where the configuration says `fence: trigger`: after a complete migration a row
 * that newly names the source in a scalar place is refused with MODEL_RETIRED, whoever writes it. Installed in the transaction of
 * the migration, lifted by its rollback, put up again when the rollback is rolled back.
 *
 * A fence recognises a row by its own columns. Where a value alone does not identify the model (a name) and the row does not carry
 * its tenant, nothing can be fenced without refusing other tenants; documents are not fenced either. docs/guides/attached.md says so.
 */
import { ownMember } from '../../engine/own.ts';
import { canMove } from '../../engine/rules/place.ts';
import type { Mapping } from '../../engine/edit/value-rule.ts';
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import { label } from '../../engine/models/select.ts';
import type { Snapshot } from '../../engine/plan/snapshot.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { stateTable } from '../scope/site.ts';
import { isSharedRows, recordedTenant } from '../../engine/tenant.ts';
import type { Site } from '../scope/site.ts';
import { castFor, columnOf } from '../sql/cast.ts';
import { bind, change, ident, list, literal, raw, sql, tableName } from '../sql/sql.ts';

/** Puts the fences of a complete migration up. Nothing where the configuration does not ask for it. */
export async function raiseFences(
  tx: Tx,
  site: Site,
  about: { snapshot: Snapshot; tenant: string | undefined; id: string },
): Promise<void> {
  if (site.config.database?.fence !== 'trigger') return;
  if (site.state.separate)
    throw new DroverError(
      'CONFIG_MISMATCH',
      'fence: trigger needs Drover’s records in the same database; use fence: lock with --state.',
    );
  let number = 0;
  for (const { table, place, mappings } of fencedPlaces(about.snapshot)) {
    const owner = ownerContent(about.snapshot, table, { place, tenant: about.tenant });
    if (owner === undefined) continue;
    for (const mapping of mappings) {
      number += 1;
      await insertFence(tx, site, { ...about, table, place, mapping, owner, number });
    }
    await installTrigger(tx, site, table);
  }
}

interface Fenced {
  readonly table: Table;
  readonly place: Place;
  readonly mappings: readonly Mapping[];
}

function fencedPlaces({ rules, places }: Snapshot): Fenced[] {
  return places
    .filter((group) => group.carrier === 'columns')
    .flatMap((group) =>
      group.places.flatMap((id) => rules.places.filter((place) => place.id === id && canMove(place))),
    )
    .map((place) => ({
      place,
      table: tableOf(rules, place.table),
      mappings: ownMember(places.find((group) => group.places.includes(place.id))?.mappings, place.id) ?? [],
    }));
}

/**
 * The tenant column of the row and its value; nothing to add where the value alone identifies the model; undefined where neither.
 * The key of a model of everybody identifies it for all tenants, and they may go on using it.
 */
function ownerContent(
  { rules, source }: Snapshot,
  table: Table,
  { place, tenant }: { place: Place; tenant: string | undefined },
): { column: string; value: string }[] | undefined {
  if (tenant === undefined || (place.byKey && typeof source.tenant === 'string')) return [];
  if (isSharedRows(tenant)) return undefined;
  const ownership = rules.ownership.get(table.id);
  if (ownership?.kind === 'single') return [];
  const direct =
    ownership?.kind === 'tenant' ? ownership.paths.find((path) => path.hops.length === 0)?.column : undefined;
  return direct === undefined ? undefined : [{ column: direct, value: tenant }];
}

interface NewFence extends Fenced {
  readonly mapping: Mapping;
  readonly owner: readonly { column: string; value: string }[];
  readonly snapshot: Snapshot;
  readonly tenant: string | undefined;
  readonly id: string;
  readonly number: number;
}

async function insertFence(tx: Tx, site: Site, fence: Omit<NewFence, 'mappings'>): Promise<void> {
  const { table, place, mapping, owner, tenant, id } = fence;
  const values = place.columns.map((part, at) => ({ column: part.column, value: mapping.from[at] ?? '' }));
  const content = [...values, ...owner].map(
    ({ column, value }) => sql`${literal(column)}, ${bind(value, contentType(columnOf(table, column)))}`,
  );
  const { source, target } = fence.snapshot;
  const message = `${label(source)} was migrated away by Drover (migration ${id}): use ${label(target)}.`;
  const row = list([
    bind(recordedTenant(tenant), 'text'),
    bind(id, 'text::uuid'),
    bind(fence.number, 'integer'),
    bind(table.id, 'text'),
    sql`jsonb_build_object(${list(content)})`,
    bind(message, 'text'),
  ]);
  await tx.run(
    change`INSERT INTO ${raw(stateTable(site, 'fences'))} (tenant_id, migration_id, number, table_name, content, message) VALUES (${row})`,
  );
}

/** What JSON makes of a value of the column. A text is itself, and an enum need not have it. */
function contentType(column: Column): string {
  return column.comparison === undefined ? castFor(column) : 'text';
}

/** The table is locked already, so nobody can slip in between. */
async function installTrigger(tx: Tx, site: Site, table: Table): Promise<void> {
  const refuse = sql`${ident(site.state.schema)}.refuse_retired(${literal(table.id)})`;
  await tx.run(
    change`CREATE OR REPLACE TRIGGER drover_fence BEFORE INSERT OR UPDATE ON ${tableName(table)} FOR EACH ROW EXECUTE FUNCTION ${refuse}`,
  );
}

/** Lifts the fences of a migration that is rolled back, or puts them up again when that rollback is rolled back. */
export async function switchFences(
  tx: Tx,
  site: Site,
  about: { tenant: string | undefined; migrationId: string },
): Promise<void> {
  if (site.config.database?.fence !== 'trigger') return;
  await tx.run(
    `WITH RECURSIVE chain AS (SELECT id, parent_id, true AS lifts FROM ${stateTable(site, 'migrations')}
         WHERE tenant_id = $1 AND id = $2::text::uuid
       UNION ALL SELECT p.id, p.parent_id, NOT c.lifts
       FROM chain c JOIN ${stateTable(site, 'migrations')} p ON p.tenant_id = $1 AND p.id = c.parent_id)
     UPDATE ${stateTable(site, 'fences')} f SET active = NOT c.lifts FROM chain c WHERE f.tenant_id = $1 AND f.migration_id = c.id`,
    [recordedTenant(about.tenant), about.migrationId],
  );
}
