/**
 * Migrations that are committed in parts. A record is `under_way` from the first part to the last: what the parts moved is journalled
 * under its id and stays, the source is not retired, and nobody else may move that source for that tenant. Each part is a step of its
 * own, so that records are only ever added to. The last part closes the record; a rollback takes back what was committed so far.
 */
import type { Completion } from '../../engine/plan/completion.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import { changeCount } from '../../engine/plan/row-text.ts';
import { moveWords } from '../../engine/plan/shell-text.ts';
import { isSharedRows, recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import { askEach, readEach } from '../driver/members.ts';
import type { Tx } from '../driver/database.ts';
import { affected, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { stateTable, withState, withStates } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { change, each, raw, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { hasRecords } from './history.ts';
import { type LockedPair, pairLocks } from './pair-lock.ts';
import { auditOf, insertSteps } from './records.ts';
import type { StepResult } from './records.ts';

export interface UnderWay {
  readonly id: string;
  readonly tenant: string;
  readonly from: string;
  readonly to: string;
  readonly forced: boolean;
  readonly reason: string | null;
  /** The plan by which it began. */
  readonly plan: Plan;
  /** Rows that are moved and committed. */
  readonly rows: number;
}

const columns =
  raw(`m.id::text AS id, m.tenant_id::text AS tenant, coalesce(m.from_name, m.from_key) AS "from",
  coalesce(m.to_name, m.to_key) AS "to", m.forced, m.reason, m.plan, m.migrated_count AS rows`);

function underWaySql(site: Site, worked: readonly LockedPair[]): Sql {
  const of = (what: (one: LockedPair) => unknown, type = 'text'): Sql => each(worked.map(what), type);
  const part = (name: string): Sql => of(({ source }) => source.components[name] ?? null);
  const own = of(({ tenant }) => recordedTenant(tenant), `text::${site.state.tenantType}`);
  const key = of(({ source }) => source.key ?? null);
  return sql`SELECT ${columns} FROM ${raw(stateTable(site, 'migrations'))} m
    WHERE m.tenant_id = ${own} AND m.status = 'under_way' AND m.from_kind = ${of(({ source }) => source.kind)} AND (m.from_key = ${key}
      OR (m.from_key IS NULL AND ${key} IS NULL AND m.from_name = ${part('name')}
        AND m.from_provider IS NOT DISTINCT FROM ${part('provider')}))`;
}

/** The migration of this source that is under way. */
export function findUnderWay(site: Site, worked: LockedPair): Promise<UnderWay | undefined> {
  return withState(site, worked.tenant, async (tx) => {
    if (!(await hasRecords(tx, site))) return undefined;
    const [found] = await readEach<UnderWay>(tx, 1, underWaySql(site, [worked]));
    return found?.[0];
  });
}

/** How many tenants are asked about in one transaction. */
const batchSize = 200;

/** All that are under way of these tenants; in a foreign database `undefined` alone means all of them. */
export async function listUnderWay(site: Site, tenants: readonly TenantKey[]): Promise<UnderWay[]> {
  const found: UnderWay[] = [];
  const shared = tenants.filter(isSharedRows);
  if (shared.length > 0 && tenants.length > 1) {
    const others = tenants.filter((tenant) => !isSharedRows(tenant));
    return [...(await listUnderWay(site, others)), ...(await listUnderWay(site, shared.slice(0, 1)))];
  }
  for (let from = 0; from < tenants.length; from += batchSize) {
    const some = tenants.slice(from, from + batchSize);
    found.push(...(await withStates(site, some, (tx) => readUnderWay(tx, site, some))));
  }
  return found;
}

async function readUnderWay(tx: Tx, site: Site, tenants: readonly TenantKey[]): Promise<UnderWay[]> {
  if (!(await hasRecords(tx, site))) return [];
  const named = tenants.filter((tenant) => tenant !== undefined);
  const asked = each([named.length === 0 ? null : named], 'text[]');
  return tx.many<UnderWay>(sql`SELECT ${columns} FROM ${raw(stateTable(site, 'migrations'))} m
    WHERE m.status = 'under_way' AND (${asked} IS NULL OR m.tenant_id::text = ANY (${asked})) ORDER BY m.started_at`);
}

/** What is so, and the two ways on. */
export function underWayText(underWay: UnderWay, where = ''): string {
  const { id, from, to, rows } = underWay;
  const [goOn, takeBack] = waysOn(underWay).map((command) => [command, where].join(' ').trimEnd());
  return (
    `Migration ${id} (${from} → ${to}) is under way: ${changeCount(rows)} committed so far, ` +
    'the others are not made, and the source is in use. ' +
    `\`${goOn}\` goes on; \`${takeBack}\` takes back what was committed.`
  );
}

/** The command that goes on, and the one that takes back. */
export function waysOn({ id, plan, forced, reason }: UnderWay): readonly [string, string] {
  return [`drover apply ${moveWords(plan.intent, { forced, reason })} --online`, `drover rollback ${id}`];
}

export function underWayError(underWay: UnderWay): DroverError {
  const data = { id: underWay.id, rows: underWay.rows, commands: waysOn(underWay) };
  return new DroverError('MIGRATION_UNDER_WAY', underWayText(underWay), data);
}

/**
 * Locks the pairs of tenant and source for the length of the transaction. For each that may not be worked on the reason:
 * MIGRATION_RUNNING, or MIGRATION_UNDER_WAY where a migration other than `own` is. Records elsewhere have none under way.
 */
export async function lockForWork(
  tx: Tx,
  site: Site,
  worked: readonly (LockedPair & { readonly own?: string | undefined })[],
): Promise<(DroverError | undefined)[]> {
  const locks = pairLocks(worked);
  if (worked.length === 0) return [];
  const others: Question<UnderWay[][]> = site.state.separate
    ? { statements: [], read: () => [] }
    : askEach<UnderWay>(worked.length, underWaySql(site, worked));
  const [running, found] = await tx.together([locks, others]);
  return worked.map(({ own }, at) => {
    const [other] = found[at] ?? [];
    if (running[at] !== undefined) return running[at];
    return other === undefined || other.id === own ? undefined : underWayError(other);
  });
}

/** A record whose parts are written. */
interface RecordUnderWay {
  readonly tenant: TenantKey;
  readonly id: string;
}

/** A step of a part as it is recorded, with the number of values that changed. */
export interface PartStep extends StepResult {
  readonly occurrences: number;
}

/** What the parts of a record did. */
export interface Parts {
  /** Undefined where nothing was committed in parts. */
  readonly plan: Plan | null;
  readonly steps: readonly PartStep[];
}

/** What was committed of a record; undefined where somebody has ended it. The pair is locked. */
export async function readParts(
  tx: Tx,
  site: Site,
  { tenant, id }: RecordUnderWay,
): Promise<Parts | undefined> {
  const own = each([recordedTenant(tenant)], `text::${site.state.tenantType}`);
  return tx.maybeOne<Parts>(
    sql`SELECT m.plan, coalesce((SELECT jsonb_agg(jsonb_build_object(
          'step', s.detail || jsonb_build_object('id', s.step), 'actual', s.actual,
          'occurrences', coalesce((s.detail ->> 'occurrences')::bigint, 0)) ORDER BY s.step)
        FROM ${raw(stateTable(site, 'migration_steps'))} s WHERE s.tenant_id = m.tenant_id AND s.migration_id = m.id), '[]') AS steps
      FROM ${raw(stateTable(site, 'migrations'))} m
      WHERE m.tenant_id = ${own} AND m.id = ${each([id], 'text::uuid')} AND m.status IN ('running', 'under_way')`,
  );
}

/** Who begins, and why. */
interface Begun {
  readonly actor: string;
  readonly forced: boolean;
  readonly reason: string | undefined;
}

/** The record is under way from now on, by this plan, and the audit log says who began. @throws RETRYABLE where somebody has ended it */
export async function beginParts(
  tx: Tx,
  site: Site,
  { tenant, id, plan, begun }: RecordUnderWay & { readonly plan: Plan; readonly begun: Begun },
): Promise<void> {
  const set = sql`status = 'under_way', plan = ${each([JSON.stringify(plan)], 'text::jsonb')},
    plan_hash = ${each([plan.hash], 'text')}`;
  await updateGoing(tx, site, { tenant, id, set });
  const { actor, ...why } = begun;
  const detail = { ...why, planHash: plan.hash };
  await tx.ask(affected(auditOf(site, [{ tenant, id, actor, action: 'migration.begun', detail }])));
}

/** Records what one part did, in its transaction. */
export async function recordPart(
  tx: Tx,
  site: Site,
  { tenant, id, result, rows }: RecordUnderWay & { readonly result: StepResult; readonly rows: number },
): Promise<void> {
  const steps = insertSteps(site, [{ tenant, id, results: [result] }]);
  if (steps !== undefined) await tx.run(steps);
  const set = sql`migrated_count = migrated_count + ${each([rows], 'bigint')}`;
  await updateGoing(tx, site, { tenant, id, set });
}

/** What a part wrote into the journal. */
export async function journalledBy(
  tx: Tx,
  site: Site,
  { tenant, id, step }: RecordUnderWay & { readonly step: number },
): Promise<{ readonly rows: number; readonly occurrences: number }> {
  return tx.one(
    sql`SELECT coalesce(sum(j.row_count), 0)::bigint AS rows, coalesce(sum(coalesce(
        (SELECT sum(jsonb_array_length(b -> 'edits')) FROM unnest(j.befores) b),
        jsonb_array_length(j.before -> 'edits') * j.row_count)), 0)::bigint AS occurrences
      FROM ${raw(stateTable(site, 'journal'))} j WHERE j.tenant_id = ${each([recordedTenant(tenant)], `text::${site.state.tenantType}`)}
        AND j.migration_id = ${each([id], 'text::uuid')} AND j.step = ${each([step], 'integer')}`,
  );
}

/** A record that was under way ends as what it is by then: a part of a migration, which the rollback takes back. */
export async function endParts(tx: Tx, site: Site, going: RecordUnderWay): Promise<void> {
  const completion: Completion = 'partial';
  const set = sql`status = 'succeeded', completion = ${each([completion], 'text')}, finished_at = statement_timestamp()`;
  await updateGoing(tx, site, { ...going, set });
}

async function updateGoing(
  tx: Tx,
  site: Site,
  { tenant, id, set }: RecordUnderWay & { readonly set: Sql },
): Promise<void> {
  const own = each([recordedTenant(tenant)], `text::${site.state.tenantType}`);
  const touched = await tx.ask(
    readAs(
      affected(change`UPDATE ${raw(stateTable(site, 'migrations'))} m SET ${set}
        WHERE m.tenant_id = ${own} AND m.id = ${each([id], 'text::uuid')} AND m.status IN ('running', 'under_way')`),
      (count) => count,
    ),
  );
  if (touched !== 1)
    throw new DroverError('RETRYABLE', `Somebody has ended migration ${id} meanwhile; try again.`);
}
