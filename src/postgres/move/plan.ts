/** Plans of one tenant or of many, read in one read-only transaction where several tenants can share one. Nothing is written. */
import { everyMember } from '../driver/members.ts';
import { sha256 } from '../catalogue/digest.ts';
import { checkPlan } from '../../engine/planner/check.ts';
import { planMigration } from '../../engine/planner/plan.ts';
import type { TableId } from '../../engine/catalogue/catalog.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import type { NotLookedAt, Snapshot, Uncovered } from '../../engine/plan/snapshot.ts';
import { isShared } from '../../engine/plan/completion.ts';
import { namedIn } from '../../engine/operations/operations.ts';
import { keyText } from '../../engine/models/model.ts';
import { tenancyOf } from '../../engine/rules/tenancy.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import { listTenants } from '../scope/tenants.ts';
import { DroverError } from '../../errors.ts';
import { readGround } from '../catalogue/rules.ts';
import type { RulesGround } from '../catalogue/rules.ts';
import type { Tx } from '../driver/database.ts';
import { LockWait, withRetries } from '../driver/retry.ts';
import { withStrays } from '../facts/copies.ts';
import { byShape, memberOf } from '../facts/member.ts';
import type { Member } from '../facts/member.ts';
import type { Samples } from '../facts/places.ts';
import { checkIntent, outcomeOf, pairsOf } from '../facts/pair.ts';
import { lookThrough } from './look-through.ts';
import { withNamesakesInUse } from './namesakes.ts';
import type { DeniedScan } from './look-through.ts';
import { readSnapshots, tenantsOf } from '../facts/snapshot.ts';
import { groundSeen, hiddenFrom } from '../facts/visibility.ts';
import { keysOfPlan, refuseIssued } from '../records/aliases.ts';
import { requireRekeyRole, siteFor } from '../scope/rows-site.ts';
import { withTenants } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { mayShare, ownError } from './batch.ts';
import { refuseUnknown } from './unknown.ts';

/** A tenant's move, as it is known before anything is locked. */
export interface Move {
  readonly ground: RulesGround;
  readonly tenant: Snapshot['tenant'];
  readonly member: Member;
  readonly scanned: DeniedScan;
}

/** A plan with the facts that it was made from. */
export interface PlannedMember {
  readonly member: Member;
  readonly snapshot: Snapshot;
  readonly plan: Plan;
}

/** What is executed for one member. */
export interface Execution extends PlannedMember {
  /** Tables that parts of the migration before this one changed: they are looked at afterwards, too. */
  readonly touched?: readonly TableId[];
}

/**
 * The plan for one tenant. Reads only.
 * @throws CONFIG_MISMATCH, KIND_UNKNOWN, ENTITY_TYPE_UNKNOWN, ENTITY_TYPES_INCOMPLETE,
 *   ANSWER_UNKNOWN, TENANT_NOT_FOUND, TENANT_REQUIRED, MODEL_NOT_FOUND,
 *   MODEL_UNKNOWN, MODEL_AMBIGUOUS, SAME_MODEL, KINDS_DIFFER, REGISTRY_UNAVAILABLE, PLAN_CONTRADICTED; of a re-key
 *   ROWS_UNKNOWN, ROW_NOT_FOUND, ROW_AMBIGUOUS, KEY_ISSUED_BEFORE, INVALID_VALUE
 */
export async function planMove(site: Site, intent: Intent): Promise<Plan> {
  const [plan] = await planMoves(site, [intent]);
  if (plan === undefined) throw new Error('a plan was not made');
  if (plan instanceof DroverError) throw plan;
  await refuseUnknown(siteFor(site, intent), { intent, plan });
  const issued = await issuedBefore(site, plan);
  if (issued !== undefined) throw issued;
  return plan;
}

/** Is one of the keys one that another row had? */
async function issuedBefore(site: Site, plan: Plan): Promise<DroverError | undefined> {
  const { intent, source, findings } = plan;
  const isOfRows = intent.rows !== undefined && source.table !== undefined;
  if (!isOfRows || findings.some(({ code }) => code === 'BOTH_ROWS_EXIST')) return undefined;
  const { tenant } = intent;
  return refuseIssued(site, { tenant, table: source.table, ...keysOfPlan(plan), returns: false });
}

/**
 * For each intent, every tenant once, the plan or why none can be made. Models that nobody knows are refused before, once for all
 * of them: see unknown.ts.
 * @throws what concerns no single tenant: the database is gone
 */
export async function planMoves(given: Site, intents: readonly Intent[]): Promise<(Plan | DroverError)[]> {
  const site = siteFor(given, intents[0] ?? {});
  await requireRekeyRole(site);
  if (leavesSchemasOut(site, intents)) {
    const moves = await readMoves(given, intents);
    return reading(site, intents, (tx) => plansOf(tx, moves));
  }
  const plan = (some: readonly Intent[]): Promise<(Plan | DroverError)[]> =>
    reading(site, some, async (tx) => {
      const moves = await readWithin(tx, site, some);
      return plansOf(tx, moves);
    });
  return together(site, intents, plan);
}

/** For each intent, every tenant once, the move or why there is none. */
export async function readMoves(given: Site, intents: readonly Intent[]): Promise<(Move | DroverError)[]> {
  const site = siteFor(given, intents[0] ?? {});
  await requireRekeyRole(site);
  const read = (some: readonly Intent[]): Promise<(Move | DroverError)[]> =>
    reading(site, some, (tx) => readWithin(tx, site, some));
  const moves = await together(site, intents, read);
  if (!leavesSchemasOut(site, intents)) return moves;
  const [move] = moves;
  if (move === undefined || move instanceof DroverError) return moves;
  return [await withTenantsUses(site, move)];
}

/** Statements that a connection keeps fail once where their tables were changed, and then it reads what they are by now. */
function reading<T>(site: Site, intents: readonly Intent[], work: (tx: Tx) => Promise<T>): Promise<T> {
  const tenants = intents.map(({ tenant }) => tenant);
  return withRetries({ retries: 1, locks: new LockWait(0) }, () =>
    withTenants(site, { tenants, readOnly: true }, work),
  );
}

/** What the database refuses names no tenant; then each is read by itself. */
async function together<T>(
  site: Site,
  intents: readonly Intent[],
  read: (some: readonly Intent[]) => Promise<(T | DroverError)[]>,
): Promise<(T | DroverError)[]> {
  if (intents.length === 0) return [];
  const tenantOf = ({ tenant }: Intent): string | undefined => tenant;
  const one = intents.length === 1;
  const shared =
    !one && mayShare(site, { tenantOf }, intents)
      ? await read(intents).catch((error: unknown) => void ownError(error))
      : undefined;
  if (shared !== undefined) return shared;
  const found: (T | DroverError)[] = [];
  for (const intent of intents)
    found.push(...(await read([intent]).catch((error: unknown) => [ownError(error)])));
  return found;
}

async function readWithin(tx: Tx, site: Site, asked: readonly Intent[]): Promise<(Move | DroverError)[]> {
  const whole = await readGround(tx, site, asked[0]?.tenant);
  if (site.knows && whole.rules.knowledge === undefined) throw spellingsUnknown();
  const { rules: all } = whole;
  const intents = asked.map((intent) => outcomeOf(() => checkIntent(all, intent)));
  const valid = intents.filter((intent): intent is Intent => !(intent instanceof DroverError));
  const [tenants, pairs, hidden] = await tx.together([
    tenantsOf(
      all,
      asked.map(({ tenant }) => tenant),
    ),
    pairsOf(all, valid),
    hiddenFrom(all, asked[0]?.tenant),
  ]);
  const ground = groundSeen(whole, hidden);
  const { rules } = ground;
  const pairOf = new Map(valid.map((intent, at) => [intent, pairs[at]]));
  const found: (Move | DroverError | undefined)[] = asked.map((_, at) =>
    errorAmong(intents[at], tenants[at]),
  );
  const bare: { at: number; member: Member }[] = [];
  for (const [at, intent] of intents.entries()) {
    if (intent instanceof DroverError || found[at] !== undefined) continue;
    const pair = pairOf.get(intent);
    if (pair instanceof DroverError) found[at] = pair;
    else if (pair !== undefined) bare.push({ at, member: memberOf(rules, intent, pair) });
  }
  const named = await withNamesakesInUse(tx, { rules, members: bare.map(({ member }) => member) });
  const members = bare.map(({ at, member }, number) => ({ at, member: named[number] ?? member }));
  for (const alike of byShape(members, ({ member }) => member)) {
    const batch = { rules, members: alike.map(({ member }) => member) };
    const scanned = await lookThrough(tx, batch, ground.scannable);
    for (const [number, { at, member }] of alike.entries()) {
      const tenant = tenants[at] instanceof DroverError ? null : (tenants[at] ?? null);
      const looked = scanned[number] ?? { uncovered: [], related: [], denied: [] };
      found[at] = { ground, tenant, member, scanned: looked };
    }
  }
  return everyMember(found);
}

function errorAmong(...found: readonly unknown[]): DroverError | undefined {
  return found.find((one) => one instanceof DroverError);
}

/** A model would be taken for gone from everywhere, while texts name it in a spelling that nobody could look for. */
function spellingsUnknown(): DroverError {
  const message =
    'The registry could not be loaded, so nobody can say how models are written, or when they end: ' +
    '`drover registry validate` says what is wrong.';
  return new DroverError('REGISTRY_UNAVAILABLE', message);
}

async function plansOf(tx: Tx, moves: readonly (Move | DroverError)[]): Promise<(Plan | DroverError)[]> {
  const plans: (Plan | DroverError | undefined)[] = moves.map((move) =>
    move instanceof DroverError ? move : undefined,
  );
  const ready = moves.flatMap((move, at) => (move instanceof DroverError ? [] : [{ at, move }]));
  for (const alike of byShape(ready, ({ move }) => move.member)) {
    const planned = await planAll(
      tx,
      alike.map(({ move }) => move),
      'all',
    );
    for (const [number, { at }] of alike.entries()) {
      const one = planned[number];
      plans[at] = one instanceof DroverError ? one : one?.plan;
    }
  }
  return everyMember(plans);
}

/** Reads the facts of moves of one shape and plans them. PLAN_CONTRADICTED where the checker refuses a plan. */
export async function planAll(
  tx: Tx,
  moves: readonly Move[],
  samples: Samples,
): Promise<(PlannedMember | DroverError)[]> {
  const [first] = moves;
  if (first === undefined) return [];
  const { rules } = first.ground;
  const members = await withStrays(tx, { rules, members: moves.map(({ member }) => member) });
  const snapshots = await readSnapshots(tx, {
    ground: first.ground,
    members,
    tenants: moves.map(({ tenant }) => tenant),
    scanned: moves.map(({ scanned }) => scanned),
    samples,
  });
  return snapshots.map((snapshot, at) => {
    const member = members[at] ?? first.member;
    const plan = planMigration({ snapshot, intent: member.intent, digest: sha256 });
    return contradiction(snapshot, plan) ?? { member, snapshot, plan };
  });
}

function contradiction(snapshot: Snapshot, plan: Plan): DroverError | undefined {
  const problems = checkPlan(snapshot, plan);
  if (problems.length === 0) return undefined;
  return new DroverError(
    'PLAN_CONTRADICTED',
    `The checker refuses the plan: ${problems.map(({ message }) => message).join('; ')}.`,
    { problems },
  );
}

/*
 * Where each tenant has a schema of its own, a plan for the shared rows reads no tenant's. Who still names the source in those is asked
 * schema by schema before, so that the plan says no more than is true of all.
 */

/** Is it a move of the shared rows, where each tenant has a schema of its own? */
function leavesSchemasOut({ config }: Pick<Site, 'config'>, intents: readonly Intent[]): boolean {
  return isSharedRows(intents[0]?.tenant) && tenancyOf(config) === 'schemas';
}

/** The move with what tenants name, and with the tenants of whom nobody knows it. */
async function withTenantsUses(site: Site, move: Move): Promise<Move> {
  const { intent, pair } = move.member;
  const { entityTypes: _all, ...asked } = intent;
  const from = keyText(pair.source) ?? intent.from;
  const to = keyText(pair.target) ?? intent.to;
  const uncovered: Uncovered[] = [];
  const unread: NotLookedAt[] = [];
  for (const { key: tenant } of await listTenants(site)) {
    const [found] = await planMoves(site, [{ ...asked, from, to, tenant, answers: {} }]);
    if (found === undefined || isUnnamed(found)) continue;
    if (found instanceof DroverError) unread.push({ what: 'tenant', name: tenant, tables: 0 });
    else uncovered.push(...usesIn(tenant, found));
  }
  const scanned = { ...move.scanned, uncovered: [...move.scanned.uncovered, ...uncovered] };
  return { ...move, scanned, ground: { ...move.ground, unread: [...move.ground.unread, ...unread] } };
}

/** Who has no such model names none. */
function isUnnamed(found: Plan | DroverError): boolean {
  return found instanceof DroverError && found.code === 'MODEL_NOT_FOUND';
}

/** What of the tenant's own is live, as one occurrence: a tenant's rows and places are no business of a plan for the shared ones. */
function usesIn(tenant: string, plan: Plan): Uncovered[] {
  const rows = namedIn(plan, (entry) => entry.live && !isShared(entry));
  if (rows === 0) return [];
  const written = { spelling: plan.source.components['name'] ?? '', written: [], model: '', snapshot: false };
  const where = { table: tenant, column: '*', kind: 'other', path: null, form: 'exact', by: 'name' } as const;
  const nothing = { samples: [], places: [], prose: false, dead: false, past: false };
  return [{ ...where, ...written, ...nothing, owner: 'other', rows }];
}
