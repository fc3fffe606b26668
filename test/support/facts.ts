/** The facts and the plan of one tenant, as an apply reads them under its locks. */
import type { Intent } from '../../src/engine/plan/intent.ts';
import { DroverError } from '../../src/errors.ts';
import { readGround } from '../../src/postgres/catalogue/rules.ts';
import type { Tx } from '../../src/postgres/driver/database.ts';
import { memberOf } from '../../src/postgres/facts/member.ts';
import { checkIntent, readPairs } from '../../src/postgres/facts/pair.ts';
import { lookThrough } from '../../src/postgres/move/look-through.ts';
import { withNamesakesInUse } from '../../src/postgres/move/namesakes.ts';
import { readTenants } from '../../src/postgres/facts/snapshot.ts';
import { planAll } from '../../src/postgres/move/plan.ts';
import type { Move, PlannedMember } from '../../src/postgres/move/plan.ts';
import type { Site } from '../../src/postgres/scope/site.ts';

function valueOf<T>(found: T | DroverError | undefined): T {
  if (found instanceof DroverError) throw found;
  if (found === undefined) throw new Error('nothing was read');
  return found;
}

/** The move as a plan begins with it, the inventory of what no place covers included. */
export async function readOneMove(tx: Tx, site: Site, asked: Intent): Promise<Move> {
  const ground = await readGround(tx, site, asked.tenant);
  const intent = checkIntent(ground.rules, asked);
  const tenant = valueOf((await readTenants(tx, ground.rules, [intent.tenant]))[0]);
  const pair = valueOf((await readPairs(tx, ground.rules, [intent]))[0]);
  const bare = { rules: ground.rules, members: [memberOf(ground.rules, intent, pair)] };
  const member = valueOf((await withNamesakesInUse(tx, bare))[0]);
  const batch = { rules: ground.rules, members: [member] };
  const scanned = valueOf((await lookThrough(tx, batch, ground.scannable))[0]);
  return { ground, tenant, member, scanned };
}

export async function readOnePlan(tx: Tx, site: Site, intent: Intent): Promise<PlannedMember> {
  return valueOf((await planAll(tx, [await readOneMove(tx, site, intent)], 'all'))[0]);
}
