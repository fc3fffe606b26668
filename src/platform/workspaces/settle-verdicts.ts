/**
 * Verdicts outlive what they were given by: a registry, or the secrets of a day. One that would not be given any more stays with
 * a workspace that has the pair (`kept`), and is withdrawn where the workspace has another one meanwhile, so that no rollback and no
 * statement of SQL takes it up again; one that was kept, where the workspace could not go on with it either. The same happens to pairs,
 * see bring-in-registry.ts.
 */
import {
  type GivenVerdict,
  listOpenVerdicts,
  markKept,
  withdrawVerdicts,
} from '../queries/registry-pairs.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import { asOperatorWithin, type TenantScope } from '../../postgres/scope/tenant.ts';
import type { LoadedRegistry } from '../../registry/load/load.ts';
import { judge } from '../../registry/verdict/routability.ts';

interface Settling {
  readonly schema: string;
  readonly scope: TenantScope;
  readonly loaded: LoadedRegistry;
  readonly today: string;
  /** Those of the transaction. */
  readonly tenants: readonly string[];
  /** All of theirs where it is not given. */
  readonly workspaceId?: string | undefined;
}

/** @throws STILL_REFERENCED where a workspace comes back to one of them at this moment */
export async function settleVerdicts(tx: Tx, settling: Settling): Promise<void> {
  const { schema, scope } = settling;
  const given = await listOpenVerdicts(tx, schema, settling);
  const over = given.filter((verdict) => !wouldBeGiven(settling, verdict));
  if (over.length === 0) return;
  await asOperatorWithin(tx, scope, async () => {
    await markKept(
      tx,
      schema,
      over.filter((verdict) => verdict.in_use),
    );
    await withdrawVerdicts(
      tx,
      schema,
      over.filter((verdict) => !verdict.in_use),
    );
  });
}

function wouldBeGiven({ loaded, today }: Settling, given: GivenVerdict): boolean {
  const { runtime, model, reason } = given;
  const secrets = new Set(given.secrets);
  // What was withdrawn may come back to a workspace that had it: by a migration that is taken back.
  return judge(loaded, { runtime, model, secrets, existing: reason === 'kept', today }).verdict === 'allow';
}
