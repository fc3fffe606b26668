/** The plans to the best targets of one source, without choosing any: what a person is shown before deciding. */
import { withKnowledge } from '../../engine/models/knowledge.ts';
import { unknownModel } from '../../engine/models/unknown-models.ts';
import { keyText, namedModel } from '../../engine/models/model.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { modelFromText, onlyModel, selectModel } from '../../engine/models/select.ts';
import { ofItsKind } from '../../engine/rules/named-models.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { rankTargets } from '../../engine/models/suggest.ts';
import type { Suggestion } from '../../engine/models/suggest.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import { DroverError } from '../../errors.ts';
import { readGround } from '../catalogue/rules.ts';
import type { Tx } from '../driver/database.ts';
import { byShape, memberOf } from '../facts/member.ts';
import { listModelsOfKind } from '../facts/model-rows.ts';
import { checkIntent, chosen, withNamesakes } from '../facts/pair.ts';
import { readDenied } from '../move/look-through.ts';
import { scanUncovered } from '../facts/scan.ts';
import type { Scanned } from '../facts/scan.ts';
import { groundSeen, hiddenFrom } from '../facts/visibility.ts';
import { readTenants, readToday } from '../facts/snapshot.ts';
import { withNamesakesInUse } from '../move/namesakes.ts';
import { planAll } from '../move/plan.ts';
import type { Move } from '../move/plan.ts';
import { withTenant } from '../scope/site.ts';
import { listTextModels } from './text-models.ts';
import type { Site } from '../scope/site.ts';

export interface PlannedSuggestion extends Suggestion {
  readonly plan: Plan;
}

/**
 * The best targets with the plan to each. The scan, which is the costly part, asks about the source alone: its targets are rows of one
 * table, so places write them in the same ways. It is done once, and once more where a target is called like the source, because a name
 * that both have stays. Reads in one read-only transaction.
 * @throws MODEL_NOT_FOUND, KIND_UNKNOWN, ENTITY_TYPE_UNKNOWN, ENTITY_TYPES_INCOMPLETE
 */
export function suggestTargets(
  site: Site,
  query: Omit<Intent, 'to'> & { readonly limit: number },
): Promise<PlannedSuggestion[]> {
  return withTenant(site, { tenant: query.tenant, readOnly: true }, async (tx) => {
    const { limit, ...asked } = query;
    const whole = await readGround(tx, site, query.tenant);
    const ground = groundSeen(whole, await tx.ask(hiddenFrom(whole.rules, query.tenant)));
    const { rules } = ground;
    const intent = checkIntent(rules, { ...asked, to: '' });
    const [tenant = null] = await readTenants(tx, rules, [intent.tenant]);
    if (tenant instanceof DroverError) throw tenant;
    const { from, kind = '' } = intent;
    const rows = await listModelsOfKind(tx, { rules, tenant: intent.tenant }, kind);
    const isText = rules.modelTables.length === 0;
    const all = isText ? await listTextModels(tx, rules, { tenant: intent.tenant, kind, rows }) : rows;
    const source = isText ? chosenByName(all, from) : chosen(selectModel(all, from, { side: 'source' }));
    const models = all.filter(({ table }) => table === source.table);
    const { priceLimit } = rules.config;
    const ranked = rankTargets(ofItsKind(source), models.map(ofItsKind), {
      today: await readToday(tx),
      ...(priceLimit === undefined ? {} : { priceLimit }),
    }).slice(0, limit);
    const isNamesake = ({ model }: Suggestion): boolean =>
      model.components['name'] === source.components['name'];
    const asMeant = (model: ModelFacts): ModelFacts => (isText ? textModel(rules, kind, model) : model);
    const scans = new Map<boolean, Scanned>();
    for (const [same, [first]] of Map.groupBy(ranked, isNamesake)) {
      if (first === undefined) continue;
      const members = [memberOf(rules, intent, { source: asMeant(source), target: asMeant(first.model) })];
      const [scanned = nothingScanned] = await scanUncovered(tx, { rules, members }, ground.scannable);
      scans.set(same, scanned);
    }
    const suggested: Suggested[] = [];
    for (const suggestion of ranked) {
      const to = keyText(suggestion.model) ?? textOf(rules, suggestion.model);
      const two = { source: asMeant(source), target: asMeant(suggestion.model) };
      const pair = isText ? two : withNamesakes(rules, two, rows);
      const bare = memberOf(rules, { ...intent, to }, pair);
      const [member = bare] = await withNamesakesInUse(tx, { rules, members: [bare] });
      const [denied = []] = await readDenied(tx, { rules, members: [member] }, ground.scannable);
      const scanned = scans.get(isNamesake(suggestion)) ?? nothingScanned;
      suggested.push({ suggestion, move: { ground, tenant, member, scanned: { ...scanned, denied } } });
    }
    return planEach(tx, suggested);
  });
}

/** Where no table holds models: by a name that people write, or by any other spelling. @throws MODEL_UNKNOWN, MODEL_AMBIGUOUS */
function chosenByName(all: readonly ModelFacts[], text: string): ModelFacts {
  const spelled = all.filter(({ spellings = [] }) => spellings.some((each) => each.text === text.trim()));
  const selection = selectModel(all, text, { side: 'source' });
  if ('model' in selection || selection.refused === 'MODEL_AMBIGUOUS') return chosen(selection);
  if (spelled.length > 0) return chosen(onlyModel(spelled, text, 'source'));
  const source = namedModel({ kind: '', components: { name: text } });
  const used = all.map(({ components }) => components['name'] ?? '');
  const { message, near } = unknownModel({ side: 'source', pair: { source, target: source }, used });
  throw new DroverError('MODEL_UNKNOWN', message, { model: text, near });
}

/** The text that a person would write to mean it. */
function textOf({ config }: Rules, { components: { name = '', provider } }: ModelFacts): string {
  return config.model?.identity?.includes('provider') === true ? `${provider ?? ''}/${name}` : name;
}

/** The model as a plan means it that is asked for by that text. */
function textModel(rules: Rules, kind: string, model: ModelFacts): ModelFacts {
  const selection = modelFromText(rules.config, { kind, text: textOf(rules, model) });
  return withKnowledge(chosen(selection), { knowledge: rules.knowledge, said: new Set<string>() });
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
