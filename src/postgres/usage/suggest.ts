/** The plans to the best targets of one source, without choosing any: what a person is shown before deciding. */
import { keyText } from '../../engine/models/model.ts';
import { selectModel } from '../../engine/models/select.ts';
import { rankTargets } from '../../engine/models/suggest.ts';
import type { Suggestion } from '../../engine/models/suggest.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import { DroverError } from '../../errors.ts';
import { readGround } from '../catalogue/rules.ts';
import type { Tx } from '../driver/database.ts';
import { byShape, memberOf } from '../facts/member.ts';
import { listModelsOfKind } from '../facts/model-rows.ts';
import { checkIntent, chosen } from '../facts/pair.ts';
import { readDenied } from '../move/denied.ts';
import { scanUncovered } from '../facts/scan.ts';
import type { Scanned } from '../facts/scan.ts';
import { groundSeen, hiddenFrom } from '../facts/visibility.ts';
import { readTenants, readToday } from '../facts/snapshot.ts';
import { planAll } from '../move/plan.ts';
import type { Move } from '../move/plan.ts';
import { withTenant } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

export interface PlannedSuggestion extends Suggestion {
  readonly plan: Plan;
}

export type SuggestQuery = Omit<Intent, 'to'> & { readonly limit: number };

/**
 * The best targets with the plan to each. The scan, which is the costly part, asks about the source alone: its targets are rows of one
 * table, so places write them in the same ways. It is done once, and once more where a target is called like the source, because a name
 * that both have stays. Reads in one read-only transaction.
 * @throws MODEL_NOT_FOUND, KIND_UNKNOWN, ENTITY_TYPE_UNKNOWN, ENTITY_TYPES_INCOMPLETE
 */
export function suggestTargets(site: Site, query: SuggestQuery): Promise<PlannedSuggestion[]> {
  return withTenant(site, { tenant: query.tenant, readOnly: true }, async (tx) => {
    const { limit, ...asked } = query;
    const whole = await readGround(tx, site, query.tenant);
    const ground = groundSeen(whole, await tx.ask(hiddenFrom(whole.rules, query.tenant)));
    const { rules } = ground;
    const intent = checkIntent(rules, { ...asked, to: '' });
    const [tenant = null] = await readTenants(tx, rules, [intent.tenant]);
    if (tenant instanceof DroverError) throw tenant;
    const all = await listModelsOfKind(tx, { rules, tenant: intent.tenant }, intent.kind ?? '');
    const source = chosen(selectModel(all, intent.from, { side: 'source' }));
    const models = all.filter(({ table }) => table === source.table);
    const { priceLimit } = rules.config;
    const ranked = rankTargets(source, models, {
      today: await readToday(tx),
      ...(priceLimit === undefined ? {} : { priceLimit }),
    }).slice(0, limit);
    const isNamesake = ({ model }: Suggestion): boolean =>
      model.components['name'] === source.components['name'];
    const scans = new Map<boolean, Scanned>();
    for (const [same, [first]] of Map.groupBy(ranked, isNamesake)) {
      if (first === undefined) continue;
      const members = [memberOf(rules, intent, { source, target: first.model })];
      const [scanned = nothingScanned] = await scanUncovered(tx, { rules, members }, ground.scannable);
      scans.set(same, scanned);
    }
    const suggested: Suggested[] = [];
    for (const suggestion of ranked) {
      const to = keyText(suggestion.model) ?? '';
      const member = memberOf(rules, { ...intent, to }, { source, target: suggestion.model });
      const [denied = []] = await readDenied(tx, { rules, members: [member] }, ground.scannable);
      const scanned = scans.get(isNamesake(suggestion)) ?? nothingScanned;
      suggested.push({ suggestion, move: { ground, tenant, member, scanned: { ...scanned, denied } } });
    }
    return planEach(tx, suggested);
  });
}

const nothingScanned: Scanned = { uncovered: [], related: [] };

interface Suggested {
  readonly suggestion: Suggestion;
  readonly move: Move;
}

/** The plans, in the order of the suggestions. */
async function planEach(tx: Tx, suggested: readonly Suggested[]): Promise<PlannedSuggestion[]> {
  const plans = new Map<Suggestion, Plan>();
  for (const alike of byShape(suggested, ({ move }) => move.member)) {
    const planned = await planAll(
      tx,
      alike.map(({ move }) => move),
      'all',
    );
    for (const [at, { suggestion }] of alike.entries()) {
      const one = planned[at];
      if (one instanceof DroverError) throw one;
      if (one !== undefined) plans.set(suggestion, one.plan);
    }
  }
  return suggested.flatMap(({ suggestion }) => {
    const plan = plans.get(suggestion);
    return plan === undefined ? [] : [{ ...suggestion, plan }];
  });
}
