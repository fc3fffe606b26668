/**
 * Reads the facts of plans in one transaction. It writes nothing, so a read-only login suffices; the same function reads them
 * again under the locks of an apply, where what the scan found is handed in instead of looked for.
 */
import { askEach } from '../driver/members.ts';
import type { Matcher } from '../../engine/inventory/matcher.ts';
import type { SchemaOccurrence } from '../../engine/inventory/occurrence.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import { given } from '../../engine/given.ts';
import type { Snapshot } from '../../engine/plan/snapshot.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { tenancyOf } from '../../engine/rules/tenancy.ts';
import { isSharedRows, sharedRows } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { RulesGround } from '../catalogue/rules.ts';
import { occurrencesInSchema } from '../catalogue/schema-texts.ts';
import type { Tx } from '../driver/database.ts';
import { one, prepared, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { columnOf, equalsEach, exactText, isKeyOf, isLoose } from '../sql/cast.ts';
import { column, each, raw, sql, tableName } from '../sql/sql.ts';
import type { Batch } from './member.ts';
import { readPlaceGroups } from './places.ts';
import type { Samples } from './places.ts';
import type { Scanned } from './scan.ts';
import { sourceTerm } from './sought.ts';
import { readRefusals } from './refusals.ts';
import { nothingBeside, sideFacts } from './side.ts';
import { readSubjects } from './rows/subject.ts';

interface SnapshotInput {
  readonly ground: RulesGround;
  readonly members: Batch['members'];
  /** Of each member. */
  readonly tenants: readonly Snapshot['tenant'][];
  readonly scanned: readonly (Scanned & Pick<Snapshot, 'denied'>)[];
  readonly samples: Samples;
}

/** The facts for each member. */
export async function readSnapshots(tx: Tx, input: SnapshotInput): Promise<Snapshot[]> {
  const { ground, members } = input;
  const batch = { rules: ground.rules, members };
  const places = await readPlaceGroups(tx, batch, input.samples);
  const [beside, today] = await tx.together([sideFacts({ ...batch, groups: places }), dayInUtc]);
  const refusals = await readRefusals(tx, { ...batch, groups: places });
  const subjects = await readSubjects(tx, ground.rules, members);
  const inSchema = schemaReader(ground.texts);
  return members.map(({ pair, names }, at) => {
    const side = beside[at] ?? nothingBeside();
    return {
      rules: ground.rules,
      ...given({ subject: subjects[at] }),
      tenant: input.tenants[at] ?? null,
      ...pair,
      places: places[at] ?? [],
      ...side,
      dependents: side.dependents.record(),
      ...(input.scanned[at] ?? { uncovered: [], related: [], denied: [] }),
      refusals: refusals[at] ?? [],
      schema: inSchema(names),
      hidden: ground.hidden ?? [],
      unread: ground.unread,
      materialized: ground.materialized,
      definitions: ground.definitions,
      today,
    };
  });
}

/** Tenants whose models are called alike are told of the same texts. */
function schemaReader(texts: RulesGround['texts']): (matcher: Matcher) => readonly SchemaOccurrence[] {
  const known = new Map<Matcher, readonly SchemaOccurrence[]>();
  return (matcher) => {
    const found =
      known.get(matcher) ?? occurrencesInSchema(texts, matcher).filter(({ model }) => model === sourceTerm);
    known.set(matcher, found);
    return found;
  };
}

/** By the clock of the database. */
const dayInUtc = readAs(
  one<{ today: string }>(prepared(`SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS today`)),
  ({ today }) => today,
);

/** The day in UTC, by the clock of the database. */
export function readToday(tx: Tx): Promise<string> {
  return tx.ask(dayInUtc);
}

/** A tenant, null where the database has a single one, or why there is none. */
type TenantFound = Snapshot['tenant'] | DroverError;

/** For each key the tenant, or TENANT_NOT_FOUND, or TENANT_REQUIRED. */
export function tenantsOf(rules: Rules, keys: readonly (string | undefined)[]): Question<TenantFound[]> {
  const { root = '', key: keyColumn, display } = rules.config.tenant;
  const nobody = (found: TenantFound): Question<TenantFound[]> => ({
    statements: [],
    read: () => keys.map(() => found),
  });
  if (tenancyOf(rules.config) === 'single') return nobody(null);
  if (tenancyOf(rules.config) === 'schemas')
    return { statements: [], read: () => keys.map((key) => schemaTenant(rules, key)) };
  if (root === 'none') return nobody(keys.some((key) => isSharedRows(key)) ? noSharedRows() : null);
  const table = findNamedTable(rules.scope, root);
  if (table === undefined) return nobody(tenantRequired());
  const own = columnOf(table, keyColumn ?? table.primaryKey[0] ?? '');
  const name = display === undefined ? raw('NULL') : column('t', display);
  const asked = keys.filter((key): key is string => key !== undefined && isKeyOf(own, key));
  if (asked.length === 0) return { statements: [], read: () => keys.map((key) => unasked(root, key)) };
  // A tenant is called exactly as its row says, because what is compared later is the text.
  const held = column('t', own.name);
  const named = isLoose(own)
    ? sql`${exactText(held)} = ${each(asked, 'text')}`
    : equalsEach(own, held, asked);
  const select = sql`SELECT ${name}::text AS name FROM ${tableName(table)} t WHERE ${named}`;
  return readAs(askEach<{ name: string | null }>(asked.length, select), (rows) => {
    const found = new Map(asked.map((key, at) => [key, rows[at]?.[0]]));
    return keys.map((key) => {
      const row = key === undefined ? undefined : found.get(key);
      if (isSharedRows(key ?? null))
        return row === undefined ? { key: sharedRows, name: 'shared rows' } : taken(root);
      return row === undefined || key === undefined
        ? missingTenant(root, key)
        : { key, name: row.name ?? key };
    });
  });
}

/** The rules are those of one schema, and whose it is. */
function schemaTenant({ schema }: Rules, key: string | undefined): TenantFound {
  if (isSharedRows(key ?? null)) return { key: sharedRows, name: 'shared rows' };
  return key !== undefined && key === schema ? { key, name: key } : missingTenant('the database', key);
}

export function readTenants(
  tx: Tx,
  rules: Rules,
  keys: readonly (string | undefined)[],
): Promise<TenantFound[]> {
  return tx.ask(tenantsOf(rules, keys));
}

/** A key that the tenant's table cannot hold. */
function unasked(root: string, key: string | undefined): TenantFound {
  return isSharedRows(key ?? null) ? { key: sharedRows, name: 'shared rows' } : missingTenant(root, key);
}

function noSharedRows(): DroverError {
  return new DroverError(
    'TENANT_INVALID',
    'This database has a single tenant (tenant.root: none), so no rows are shared by several.',
  );
}

function taken(root: string): DroverError {
  return new DroverError(
    'TENANT_INVALID',
    `A row of ${root} has the key ${sharedRows}, by which Drover calls the rows that tenants share; give that tenant another key.`,
  );
}

function missingTenant(root: string, key: string | undefined): DroverError {
  if (key === undefined) return tenantRequired();
  return new DroverError('TENANT_NOT_FOUND', `There is no tenant ${key} in ${root}.`, { tenant: key });
}

function tenantRequired(): DroverError {
  return new DroverError(
    'TENANT_REQUIRED',
    'Say which tenant: --tenant with the key of a row of the tenant table.',
  );
}
