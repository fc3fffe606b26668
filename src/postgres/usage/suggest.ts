/** The plans to the best targets of one source, without choosing any: what a person is shown before deciding. */
import type { Intent } from '../../engine/plan/intent.ts';
import { planMigration } from '../../engine/planner/plan.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import { selectModel } from '../../engine/models/select.ts';
import { modelTableOf } from '../../engine/rules/references.ts';
import { rankTargets } from '../../engine/models/suggest.ts';
import type { Suggestion } from '../../engine/models/suggest.ts';
import { DroverError } from '../../errors.ts';
import { checkIntent, scanUnclassified } from '../facts/pair.ts';
import { listModels } from '../facts/model-rows.ts';
import { sha256 } from '../catalogue/digest.ts';
import { readSnapshot, readTenant } from '../facts/snapshot.ts';
import { readRules, withTenant } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

export interface PlannedSuggestion extends Suggestion {
  readonly plan: Plan;
}

export type SuggestQuery = Omit<Intent, 'to'> & { readonly limit: number };

/**
 * The best targets with the plan to each. The scan for unclassified values, which is the costly part, asks about the source alone
 * and is done once. Reads in one read-only transaction.
 * @throws MODEL_NOT_FOUND, KIND_UNKNOWN, ENTITY_TYPE_UNKNOWN
 */
export function suggestTargets(site: Site, query: SuggestQuery): Promise<PlannedSuggestion[]> {
  return withTenant(site, { tenant: query.tenant, readOnly: true }, async (tx) => {
    const { limit, ...asked } = query;
    const rules = await readRules(tx, site);
    const intent = checkIntent(rules, { ...asked, to: '' });
    await readTenant(tx, rules, intent.tenant);
    const model = modelTableOf(rules, intent.kind ?? '');
    const models = model === undefined ? [] : await listModels(tx, rules, { model, tenant: intent.tenant });
    const selected = selectModel(models, intent.from, 'source');
    if ('refused' in selected)
      throw new DroverError(selected.refused, selected.message, { fits: selected.fits });
    const source = selected.model;
    const { today } = await tx.one<{ today: string }>(
      `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS today`,
    );
    const { priceLimit } = rules.config;
    const ranked = rankTargets(source, models, {
      today,
      ...(priceLimit === undefined ? {} : { priceLimit }),
    });
    const unclassified = await scanUnclassified(tx, rules, { intent, pair: { source, target: source } });
    const planned: PlannedSuggestion[] = [];
    for (const suggestion of ranked.slice(0, limit)) {
      const to = suggestion.model.key ?? '';
      const pair = { source, target: suggestion.model };
      const snapshot = await readSnapshot(tx, { rules, intent: { ...intent, to }, pair, unclassified });
      const plan = planMigration({ snapshot, intent: { ...intent, to }, digest: sha256 });
      planned.push({ ...suggestion, plan });
    }
    return planned;
  });
}
