/**
 * Verdicts outlive what they were given by: a registry, or the secrets of a day. One that would not be given any more stays with
 * a workspace that has the pair: `kept` where the workspace may go on with it, `ended` where it runs no more. It is withdrawn where the
 * workspace has another pair meanwhile, so that no rollback and no statement of SQL takes it up again; one that was kept, where the
 * workspace could not go on with it either. One that is ended dies by itself with the pair. The same happens to pairs, see
 * bring-in-registry.ts.
 */
import {
  type GivenVerdict,
  listVerdicts,
  markVerdicts,
  nameVerdicts,
  type Reason,
  withdrawVerdicts,
} from '../queries/registry-pairs.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import { asOperatorWithin, type TenantScope } from '../../postgres/scope/tenant.ts';
import { namesMeant } from '../../registry/known/any-spelling.ts';
import type { LoadedRegistry } from '../../registry/load/load.ts';
import { verdictOf } from './judgement.ts';

interface Settling {
  readonly schema: string;
  readonly scope: TenantScope;
  readonly loaded: LoadedRegistry;
  readonly today: string;
  /** The tenants of the transaction. */
  readonly tenants: readonly string[];
  /** The workspace that is settled; without it all workspaces of the tenants are. */
  readonly workspaceId?: string | undefined;
}

/** @throws STILL_REFERENCED where a workspace comes back to one of them, or leaves one, at this moment */
export async function settleVerdicts(tx: Tx, settling: Settling): Promise<void> {
  const { schema, scope } = settling;
  const given = await listVerdicts(tx, schema, settling);
  const changed = given
    .map((verdict) => ({ ...verdict, next: reasonOf(settling, verdict) }))
    .filter(({ in_use, reason, next }) => (in_use ? next !== reason : isOver(reason, next)));
  const renamed = given.flatMap((verdict) => {
    const names = namesMeant(settling.loaded, verdict.model);
    return JSON.stringify(names) === JSON.stringify(verdict.names) ? [] : [{ ...verdict, names }];
  });
  if (changed.length === 0 && renamed.length === 0) return;
  await asOperatorWithin(tx, scope, async () => {
    await nameVerdicts(tx, schema, renamed);
    for (const reason of ['allowed', 'kept', 'ended'] as const)
      await markVerdicts(tx, schema, {
        verdicts: changed.filter(({ in_use, next }) => in_use && next === reason),
        reason,
      });
    await withdrawVerdicts(
      tx,
      schema,
      changed.filter((verdict) => !verdict.in_use),
    );
  });
}

/** May a workspace that has another pair meanwhile be given this one back? What was withdrawn since only where it had it so. */
function isOver(reason: Reason, next: Reason): boolean {
  return reason === 'ended' || next === 'ended' || (reason === 'allowed' && next === 'kept');
}

/** What a verdict about the pair says today of a workspace that has it. */
function reasonOf({ loaded, today }: Settling, given: GivenVerdict): Reason {
  const runs = (existing: boolean): boolean =>
    verdictOf(loaded, { ...given, existing, today }).verdict !== 'refuse';
  return runs(false) ? 'allowed' : runs(true) ? 'kept' : 'ended';
}
