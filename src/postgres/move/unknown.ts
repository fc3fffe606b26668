/**
 * Refuses models that nobody knows, where a database names them by text only. Where rows hold the models, a model without a row is
 * refused as MODEL_NOT_FOUND. A plan of one tenant asks once; so does a run, for all of its tenants: its batches do not ask again,
 * because the last row that named a model may have moved by then.
 */
import { unknownModel, unknownSides } from '../../engine/models/unknown-models.ts';
import type { Side } from '../../engine/models/unknown-models.ts';
import { given } from '../../engine/given.ts';
import { subjectOf } from '../../engine/rules/rows/view.ts';
import type { ModelKnowledge } from '../../engine/models/knowledge.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import type { ModelPair } from '../../engine/models/model.ts';
import { DroverError } from '../../errors.ts';
import { readGround } from '../catalogue/rules.ts';
import { isNamed, namesInUse } from './named-models.ts';
import { textPair } from '../facts/pair.ts';
import { withTenant } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { sharesTransactions } from '../scope/tenant.ts';

interface ModelsInQuestion {
  readonly intent: Intent;
  /** The tenants of a run. */
  readonly tenants?: readonly string[];
  /** What was planned already. */
  readonly plan?: Plan;
}

/** @throws MODEL_UNKNOWN with the nearest names; MODEL_NOT_FOUND, SAME_MODEL, KINDS_DIFFER where the names alone say so */
export async function refuseUnknown(site: Site, { intent, tenants, plan }: ModelsInQuestion): Promise<void> {
  if ((site.config.model?.tables ?? []).length > 0 || subjectOf(site.config) !== undefined) return;
  const knowledge = site.knowledge();
  const pair = textPair({ config: site.config, ...given({ knowledge }) }, intent);
  if (intent.allowUnknown === true || knowledge === undefined) return;
  const sides = unknownSides(pair, site.config).filter((side) => side === 'target' || !namesSource(plan));
  const sessions = tenants !== undefined && !sharesTransactions(site.scope) ? tenants : [intent.tenant];
  const unknown = await unknownIn(site, { intent, pair, sides, sessions });
  if (unknown.length > 0) throw await refusal(site, { intent, pair, sides: unknown, knowledge });
}

/** Has the plan found the source somewhere? */
function namesSource(plan: Plan | undefined): boolean {
  if (plan === undefined) return false;
  return plan.steps.length > 0 || plan.leftBehind.length > 0;
}

interface Doubted {
  readonly intent: Intent;
  readonly pair: ModelPair;
  readonly sides: readonly Side[];
}

/** The sides that no session finds. A session that is bound to a tenant sees that tenant's rows only. */
async function unknownIn(
  site: Site,
  doubted: Doubted & { readonly sessions: readonly (string | undefined)[] },
): Promise<Side[]> {
  let left = [...doubted.sides];
  for (const tenant of doubted.sessions) {
    if (left.length === 0) return [];
    left = await withTenant(site, { tenant, readOnly: true }, async (tx) => {
      const ground = await readGround(tx, site, tenant);
      const unnamed: Side[] = [];
      for (const side of left) if (!(await isNamed(tx, { ...ground, ...doubted }, side))) unnamed.push(side);
      return unnamed;
    });
  }
  return left;
}

async function refusal(
  site: Site,
  { intent, pair, sides, knowledge }: Doubted & { readonly knowledge: ModelKnowledge },
): Promise<DroverError> {
  const used = await withTenant(site, { tenant: intent.tenant, readOnly: true }, async (tx) =>
    namesInUse(tx, { ...(await readGround(tx, site, intent.tenant)), intent, pair }),
  );
  const said = sides.map((side) => ({ side, ...unknownModel({ side, pair, knowledge, used }) }));
  const way = 'If a name is meant as it is written: --allow-unknown with --reason TEXT.';
  return new DroverError('MODEL_UNKNOWN', `${said.map(({ message }) => message).join(' ')} ${way}`, {
    unknown: said.map(({ side, near }) => ({
      side,
      model: side === 'source' ? intent.from : intent.to,
      near,
    })),
  });
}
