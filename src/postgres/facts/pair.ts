/** From intents to facts: which models are meant, and what the value scan finds. Reading only. */
import { everyMember } from '../driver/members.ts';
import { modelTableOf } from '../../engine/rules/references.ts';
import { isCovered } from '../../engine/rules/coverage.ts';
import type { Scannable } from '../../engine/inventory/scannable.ts';
import { withKnowledge } from '../../engine/models/knowledge.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { label, modelByName, modelFromText, selectModel } from '../../engine/models/select.ts';
import type { Selection } from '../../engine/models/select.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Unclassified } from '../../engine/plan/snapshot.ts';
import type { ModelPair } from '../../engine/rules/mapping.ts';
import type { ModelTable } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { inOrder, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { mineSql } from '../sql/row.ts';
import { mayHoldShared, rowContext } from './member.ts';
import type { Batch } from './member.ts';
import { canBeEverybodys } from './model-owner.ts';
import { modelsOf } from './model-rows.ts';
import { scanValues } from './scan.ts';
import type { ScanTarget } from './scan.ts';

/** Refuses what no plan can be made of. @throws KIND_UNKNOWN, ENTITY_TYPE_UNKNOWN, ANSWER_UNKNOWN */
export function checkIntent(rules: Rules, intent: Intent): Intent {
  const kind = intent.kind ?? rules.kinds[0] ?? 'completion';
  if (!rules.kinds.includes(kind))
    throw new DroverError(
      'KIND_UNKNOWN',
      `There is no kind of model "${kind}"; there are: ${rules.kinds.join(', ')}.`,
      { kind, kinds: rules.kinds },
    );
  const types = [
    ...new Set(rules.places.filter((place) => place.kind === kind).map((place) => place.entity)),
  ].toSorted();
  const asked = intent.entityTypes === undefined ? undefined : [...new Set(intent.entityTypes)];
  const wrong = asked?.filter((type) => !types.includes(type)) ?? [];
  if (asked?.length === 0 || wrong.length > 0) {
    const what =
      wrong.length > 0
        ? `Unknown entity type ${wrong.map((type) => `"${type}"`).join(', ')}`
        : 'The list of entity types is empty';
    throw new DroverError('ENTITY_TYPE_UNKNOWN', `${what}; there are: ${types.join(', ')}.`, {
      wrong,
      types,
    });
  }
  for (const place of Object.keys(intent.answers)) {
    if (!rules.places.some((candidate) => candidate.id === place))
      throw new DroverError(
        'ANSWER_UNKNOWN',
        `No place is called "${place}"; places are called as in the plan, for example ${rules.places[0]?.id ?? 'table.column'}.`,
        { place },
      );
  }
  return { ...intent, kind, ...(asked === undefined ? {} : { entityTypes: asked.toSorted() }) };
}

/** A tenant's pair of models, or why there is none. */
export type PairFound = ModelPair | DroverError;

/** The two models of each intent: MODEL_NOT_FOUND, MODEL_AMBIGUOUS, SAME_MODEL where there are none. */
export function pairsOf(rules: Rules, intents: readonly Intent[]): Question<PairFound[]> {
  const kinds = [...Map.groupBy(intents, ({ kind }) => kind ?? '')];
  const questions = kinds.map(([kind, alike]) => pairsOfKind(rules, kind, alike));
  return readAs(inOrder(questions), (answers) => {
    const found = new Map(
      kinds.flatMap(([, alike], at) => alike.map((intent, n) => [intent, answers[at]?.[n]])),
    );
    return everyMember(intents.map((intent) => found.get(intent)));
  });
}

function pairsOfKind(rules: Rules, kind: string, intents: readonly Intent[]): Question<PairFound[]> {
  const table = modelTableOf(rules, kind);
  const [first] = intents;
  // Rows of everybody can refer to no tenant's model, so where all models are tenants' they name one.
  if (table !== undefined && isSharedRows(first?.tenant) && !canBeEverybodys(rules, table)) {
    const pairs = intents.map((intent) => outcomeOf(() => checkPair(namedPair(rules, table, intent))));
    return { statements: [], read: () => pairs };
  }
  const pairOf = (intent: Intent, models: readonly ModelFacts[] | undefined): PairFound =>
    outcomeOf(() => checkPair(models === undefined ? textPair(rules, intent) : rowPair(models, intent)));
  if (table === undefined)
    return { statements: [], read: () => intents.map((intent) => pairOf(intent, undefined)) };
  return readAs(modelsOf(rules, { model: table, tenants: tenantsOf(intents) }), (models) =>
    intents.map((intent, at) => pairOf(intent, models[at] ?? [])),
  );
}

export async function readPairs(tx: Tx, rules: Rules, intents: readonly Intent[]): Promise<PairFound[]> {
  return intents.length === 0 ? [] : tx.ask(pairsOf(rules, intents));
}

function tenantsOf(intents: readonly Intent[]): string[] | undefined {
  return intents[0]?.tenant === undefined ? undefined : intents.map(({ tenant = '' }) => tenant);
}

/** What one tenant comes to: a value, or the error that is this tenant's alone. */
export function outcomeOf<T>(work: () => T): T | DroverError {
  try {
    return work();
  } catch (error) {
    if (error instanceof DroverError) return error;
    throw error;
  }
}

function checkPair(pair: ModelPair): ModelPair {
  const same = pair.source.key === undefined ? sameComponents(pair) : pair.source.key === pair.target.key;
  if (same)
    throw new DroverError('SAME_MODEL', `Source and target are the same model: ${label(pair.source)}.`);
  return pair;
}

function sameComponents({ source, target }: ModelPair): boolean {
  return JSON.stringify(source.components) === JSON.stringify(target.components);
}

function textPair(rules: Rules, intent: Intent): ModelPair {
  const kind = intent.kind ?? 'completion';
  const named = (text: string): ModelFacts =>
    withKnowledge(chosen(modelFromText(rules.config, kind, text)), {
      knowledge: rules.knowledge,
      said: new Set<string>(),
    });
  return { source: named(intent.from), target: named(intent.to) };
}

function namedPair(rules: Rules, { kind, config }: ModelTable, intent: Intent): ModelPair {
  const { family, provider } = config.columns;
  const second = family !== undefined ? 'family' : provider === undefined ? undefined : 'provider';
  const said = new Set(family === undefined ? [] : ['family']);
  const named = (text: string): ModelFacts =>
    withKnowledge(chosen(modelByName(kind, text, second)), { knowledge: rules.knowledge, said });
  return { source: named(intent.from), target: named(intent.to) };
}

function rowPair(models: readonly ModelFacts[], intent: Intent): ModelPair {
  const source = chosen(selectModel(models, intent.from, { side: 'source' }));
  return { source, target: chosen(selectModel(models, intent.to, { side: 'target', source })) };
}

/** The model that was meant. @throws MODEL_NOT_FOUND, MODEL_AMBIGUOUS */
export function chosen(selection: Selection): ModelFacts {
  if ('model' in selection) return selection.model;
  throw new DroverError(selection.refused, selection.message, { fits: selection.fits });
}

/** Values that name the source in columns that nobody classified, within what may be the tenant's rows; for each member. */
export async function scanUnclassified(
  tx: Tx,
  { rules, members }: Batch,
  scannable: readonly Scannable[],
): Promise<Unclassified[][]> {
  const shared = isSharedRows(members[0]?.intent.tenant);
  const seen = scannable.filter(({ table }) => !shared || mayHoldShared(rules, table.id));
  const tables = seen.map(({ table, columns, direct }): ScanTarget => {
    const where = direct ? { where: mineSql(rowContext(rules, table, members)) } : {};
    return { table, columns, ...where };
  });
  const terms = members.map((member) => member.terms);
  const hits = await scanValues(tx, { tables, terms, limitPerColumn: 5 });
  return hits.map((own) =>
    own
      .filter((hit) => !isCovered(rules, hit))
      .map(({ table, column, kind, pointer, count, samples }) => ({
        table,
        column,
        kind,
        count,
        samples,
        ...(pointer === undefined ? {} : { pointer }),
      })),
  );
}
