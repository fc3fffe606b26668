/**
 * The life of a migration: read facts → plan → check → execute → record, for one tenant or for many.
 *
 * A plan reads in one read-only transaction. An apply first scans for unclassified values (long, without locks), opens the records,
 * and then does everything else in one transaction: lock, read the facts again, plan again, compare with the plan that was shown,
 * check, execute, close the records, commit. What was planned is therefore what runs, and a kill at any instant leaves each tenant
 * before or after. Transactions that collide are tried again from their start.
 */
import type { MoveResult } from '../records/move-result.ts';
import { keysOf } from '../../engine/models/model.ts';
import { DroverError } from '../../errors.ts';
import { findReplay } from '../records/history.ts';
import { redirectedColumns } from '../../engine/rules/rows/redirect.ts';
import { subjectOf } from '../../engine/rules/rows/view.ts';
import { readRules } from '../catalogue/rules.ts';
import { putUpRedirects } from '../records/redirects.ts';
import { withTenant, type Site } from '../scope/site.ts';
import { refuseUnreasoned } from './admission.ts';
import { resultOf, runBatch } from './batch.ts';
import type { Job, Outcome, PreparedMember } from './job.ts';
import { readMoves } from './plan.ts';
import { refuseUnknown } from './unknown.ts';
import { refuseIssued } from '../records/aliases.ts';
import { siteFor } from '../scope/rows-site.ts';
import { workedSource, recordOf } from './request.ts';
import type { MoveRequest, MoveOptions, RequestedMove } from './request.ts';
import { applyMembers } from './apply.ts';

/**
 * Carries the move of one tenant out: atomically, journalled, recorded. Applying the plan of an earlier migration that still stands
 * returns its result.
 * @throws what `planMove` throws; PLAN_STALE, PLAN_REFUSED, CONFIRMATION_REQUIRED, FORCE_NEEDS_REASON, MIGRATION_RUNNING,
 *   COUNT_MISMATCH, REFERENCES_LEFT, and what the database refuses. In every case nothing was changed.
 */
export async function applyMove(site: Site, request: MoveRequest & MoveOptions): Promise<MoveResult> {
  const { intent, plan, ...options } = request;
  const move = plan === undefined ? { intent } : { intent, plan };
  if (plan === undefined) await refuseUnknown(siteFor(site, intent), { intent });
  return resultOf(await applyMoves(site, [move], options));
}

/**
 * The same for several tenants, each once; outcomes in their order.
 * @throws FORCE_NEEDS_REASON, and what concerns no single tenant: the database is gone
 */
export async function applyMoves(
  site: Site,
  requests: readonly MoveRequest[],
  options: MoveOptions,
): Promise<Outcome<MoveResult>[]> {
  const allowed = requests.some(({ intent }) => intent.allowUnknown === true);
  refuseUnreasoned({ ...options, allowUnknown: allowed });
  const seen = siteFor(site, requests[0]?.intent ?? {});
  return runBatch(seen, jobOf(seen, options), requests);
}

export function jobOf(site: Site, options: MoveOptions): Job<MoveRequest, RequestedMove, MoveResult> {
  return {
    tenantOf: ({ intent }) => intent.tenant,
    prepare: (requests) => prepare(site, requests),
    askedBy: ({ request }) => request,
    before: (tenant) => redirectOldKeys(site, tenant),
    recordOf: (move) => recordOf(options, move),
    shapeOf: ({ member }) => member.shape,
    work: (tx, members) => applyMembers(tx, site, { options, members }),
  };
}

/** Of a re-key whose configuration says `aliases: redirect`. */
async function redirectOldKeys(site: Site, tenant: string | undefined): Promise<void> {
  if (subjectOf(site.config)?.aliases !== 'redirect') return;
  const rules = await withTenant(site, { tenant, readOnly: true }, (tx) => readRules(tx, site, tenant));
  const { subject } = rules;
  if (subject !== undefined)
    await putUpRedirects(site, { tenant, of: subject.table.id, columns: redirectedColumns(rules) });
}

async function prepare(
  site: Site,
  requests: readonly MoveRequest[],
): Promise<PreparedMember<RequestedMove, MoveResult>[]> {
  const moves = await readMoves(
    site,
    requests.map(({ intent }) => intent),
  );
  const prepared: PreparedMember<RequestedMove, MoveResult>[] = [];
  for (const [at, request] of requests.entries()) {
    const move = moves[at];
    if (move === undefined) throw new Error('a move was not read');
    if (move instanceof DroverError) {
      prepared.push({ refused: move });
      continue;
    }
    const { tenant } = request.intent;
    const about = { tenant, source: workedSource({ ...move, request }) };
    const isNew = request.plan !== undefined && request.ends === undefined;
    const replay = isNew ? await findReplay(site, tenant, request.plan.hash) : undefined;
    if (replay !== undefined) {
      prepared.push({ about, done: replay });
      continue;
    }
    const issued = await issuedBefore(site, { ...move, request });
    if (issued !== undefined) {
      prepared.push({ about, refused: issued });
      continue;
    }
    prepared.push({ about, ready: { ...move, request }, record: request.ends?.record });
  }
  return prepared;
}

/** A key that a row had is none to give, but to that row by a rollback. */
async function issuedBefore(
  site: Site,
  { member, ground, request }: RequestedMove,
): Promise<DroverError | undefined> {
  const { moving = [] } = member.pair;
  const pairs = keysOf(member.pair);
  const moved = new Set(moving.map(({ from }) => from));
  const isBoth = member.pair.found?.some(({ code }) => code === 'BOTH_ROWS_EXIST') === true;
  const { subject } = ground.rules;
  if (subject === undefined) return undefined;
  return refuseIssued(site, {
    tenant: member.intent.tenant,
    table: subject.table.id,
    pairs,
    repaired: new Set(isBoth ? [] : pairs.map(({ from }) => from).filter((from) => !moved.has(from))),
    returns: request.takesBack !== undefined,
  });
}
