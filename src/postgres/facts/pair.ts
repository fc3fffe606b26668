/** From intents to facts: which models are meant. Reading only. */
import { everyMember } from '../driver/members.ts';
import { modelTablesOf } from '../../engine/rules/references.ts';
import { given } from '../../engine/given.ts';
import { typesOf, typesRefused } from '../../engine/rules/entity-types.ts';
import type { TypesOf } from '../../engine/rules/entity-types.ts';
import { modelByName, rowsOfModel } from '../../engine/rules/named-models.ts';
import { mayFollow } from '../../engine/rules/rows/merging.ts';
import { isSameModel } from '../../engine/rules/mapping.ts';
import { differentKinds } from '../../engine/models/kinds.ts';
import { withKnowledge } from '../../engine/models/knowledge.ts';
import { modelLabel } from '../../engine/models/model.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { possibleNames } from '../../engine/models/resolve.ts';
import { ownNamesakes } from '../../engine/models/resolution-findings.ts';
import {
  label,
  modelFromText,
  modelOfSharedRows,
  namesOf,
  nearest,
  onlyModel,
  selectModel,
} from '../../engine/models/select.ts';
import type { ModelSide, Selection } from '../../engine/models/select.ts';
import { columnPath, findNamedColumn } from '../../engine/catalogue/names.ts';
import type { AskAnswer, Intent } from '../../engine/plan/intent.ts';
import type { ModelPair } from '../../engine/models/model.ts';
import type { ModelTable } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { inOrder, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { canBeEverybodys } from './model-owner.ts';
import { modelsNamed, modelsOfKind } from './model-rows.ts';
import { rowPairsOf } from './rows/pair.ts';

/**
 * Refuses what no plan can be made of; `of` says whose rows are meant where the intent names no tenant, because a run visits many.
 * @throws KIND_UNKNOWN, ENTITY_TYPE_UNKNOWN, ENTITY_TYPES_INCOMPLETE, ANSWER_UNKNOWN
 */
export function checkIntent(rules: Rules, intent: Intent, of: TypesOf = typesOf(intent.tenant)): Intent {
  if (rules.config.model === undefined)
    throw new DroverError(
      'KIND_UNKNOWN',
      'The configuration says nothing of models (model), only of rows: `drover rekey` gives those other keys.',
      { kinds: [] },
    );
  const kind = intent.kind ?? rules.kinds[0] ?? 'completion';
  if (!rules.kinds.includes(kind))
    throw new DroverError(
      'KIND_UNKNOWN',
      `There is no kind of model "${kind}"; there are: ${rules.kinds.join(', ')}.`,
      { kind, kinds: rules.kinds },
    );
  const asked = intent.entityTypes === undefined ? undefined : [...new Set(intent.entityTypes)];
  if (asked !== undefined) refuseTypes(rules, { kind, asked, of });
  for (const [place, answer] of Object.entries(intent.answers)) {
    if (!canAnswer(rules, { id: place, answer, merge: intent.merge === true }))
      throw new DroverError('ANSWER_UNKNOWN', unread(rules, place, answer), { place });
  }
  return { ...intent, kind, ...(asked === undefined ? {} : { entityTypes: asked.toSorted() }) };
}

function refuseTypes(rules: Rules, about: Parameters<typeof typesRefused>[1]): void {
  const refused = typesRefused(rules, about);
  if (refused === undefined) return;
  const { code, message, types } = refused;
  throw new DroverError(code, message, { asked: about.asked, types });
}

function unread({ places }: Rules, place: string, answer: AskAnswer): string {
  return answer === 'keep-target' || answer === 'keep-source'
    ? `Nothing would read "${place}=${answer}": it says whose values are kept where a merge (--merge) makes rows meet, and names the ` +
        'column as COLLISION_OPEN does.'
    : `No place is called "${place}"; places are called as in the plan, for example ${places[0]?.id ?? 'table.column'}.`;
}

/** Places are answered for; what no place covers can only be kept, and is called by its column. */
function canAnswer(
  { places, scope, catalog, subject }: Rules,
  { id, answer, merge }: { readonly id: string; readonly answer: AskAnswer; readonly merge: boolean },
): boolean {
  if (answer === 'keep-target' || answer === 'keep-source') {
    const found = findNamedColumn(scope, id);
    if (subject === undefined || !merge || found === undefined) return false;
    const { table, column } = found;
    return (
      columnPath(scope, table, column.name) === id &&
      mayFollow(catalog, subject, { table, column: column.name })
    );
  }
  if (places.some((place) => place.id === id)) return true;
  const [column = ''] = id.split('/', 1);
  return answer === 'keep' && findNamedColumn(scope, column) !== undefined;
}

/** A tenant's pair of models, or why there is none. */
type PairFound = ModelPair | DroverError;

/** The two models of each intent: MODEL_NOT_FOUND, MODEL_AMBIGUOUS, SAME_MODEL, KINDS_DIFFER where there are none. */
export function pairsOf(rules: Rules, intents: readonly Intent[]): Question<PairFound[]> {
  if (rules.subject !== undefined) return rowPairsOf(rules, rules.subject, intents);
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
  const tables = modelTablesOf(rules, kind);
  const [table] = tables;
  // Rows of everybody can refer to no tenant's model, so where all models are tenants' they name one.
  const names = isSharedRows(intents[0]?.tenant) && !tables.some((each) => canBeEverybodys(rules, each));
  const apart = rules.kinds.length > 1;
  // Of the schemas of tenants one is known here, and which one says nothing.
  const seen = rules.schema === undefined ? tables : tables.filter((each) => canBeEverybodys(rules, each));
  if (table === undefined)
    return { statements: [], read: () => intents.map((intent) => outcomeOf(() => textPair(rules, intent))) };
  const own = names
    ? nothing<ModelFacts[][]>([])
    : modelsOfKind(rules, { kind, tenants: tenantsOf(intents) });
  // What nobody owns may mean the model of any tenant, as far as one session sees them all.
  const others =
    isSharedRows(intents[0]?.tenant) && rules.exclusive !== true
      ? inOrder(intents.map(({ from }) => modelsNamed(rules, seen, possibleNames(from.trim()))))
      : nothing<ModelFacts[][]>([]);
  return readAs(inOrder([own, others]), ([models, called]) =>
    intents.map((intent, at) => {
      const rows = { models: models[at] ?? [], called: called[at] ?? [] };
      const pairOf = (): ModelPair =>
        names ? namedPair(rules, table, intent) : rowPair(rules, rows.models, intent);
      return outcomeOf(() =>
        checkPair(withNamesakes(rules, pairOf(), [...rows.models, ...rows.called]), apart),
      );
    }),
  );
}

function nothing<Answer>(answer: Answer): Question<Answer> {
  return { statements: [], read: () => answer };
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

function checkPair(pair: ModelPair, apart: boolean): ModelPair {
  const same = pair.source.key === undefined ? sameComponents(pair) : isSameRow(pair);
  if (same) throw sameModel(pair);
  refuseOtherKind(pair, apart);
  return pair;
}

function sameModel({ source }: ModelPair): DroverError {
  return new DroverError('SAME_MODEL', `Source and target are the same model: ${label(source)}.`);
}

/** @throws KINDS_DIFFER */
function refuseOtherKind(pair: ModelPair, apart: boolean): void {
  const different = differentKinds(pair, { apart });
  if (different !== undefined)
    throw new DroverError('KINDS_DIFFER', different.message, { kinds: different.kinds });
}

function isSameRow({ source, target }: ModelPair): boolean {
  return source.key === target.key && source.table === target.table;
}

function sameComponents({ source, target }: ModelPair): boolean {
  return JSON.stringify(source.components) === JSON.stringify(target.components);
}

/** Two models that the database names by text only. @throws MODEL_NOT_FOUND where a provider is missing, SAME_MODEL, KINDS_DIFFER */
export function textPair(
  { config, knowledge }: Pick<Rules, 'config' | 'knowledge'>,
  intent: Pick<Intent, 'kind' | 'from' | 'to'>,
): ModelPair {
  const kind = intent.kind ?? 'completion';
  const named = (text: string): ModelFacts =>
    withKnowledge(chosen(modelFromText(config, { kind, text, knowledge })), {
      knowledge,
      said: new Set<string>(),
    });
  const pair = { source: named(intent.from), target: named(intent.to) };
  if (sameComponents(pair)) throw sameModel(pair);
  refuseOtherKind(pair, false);
  return pair;
}

function namedPair(rules: Rules, { kind, config }: ModelTable, intent: Intent): ModelPair {
  const { family, provider } = config.columns;
  const second = family !== undefined ? 'family' : provider === undefined ? undefined : 'provider';
  const said = new Set(family === undefined ? [] : ['family']);
  const named = (text: string): ModelFacts =>
    withKnowledge(chosen(modelOfSharedRows(kind, text, second)), { knowledge: rules.knowledge, said });
  return { source: named(intent.from), target: named(intent.to) };
}

/** With the other models of the name of the source that somebody may mean. */
export function withNamesakes({ config }: Rules, pair: ModelPair, models: readonly ModelFacts[]): ModelPair {
  const { source, target } = pair;
  const { name } = source.components;
  // What says the name alone says the same afterwards, whichever is meant.
  if (name === target.components['name']) return pair;
  const isCalled = ({ components, spellings = [] }: ModelFacts): boolean =>
    components['name'] === name || spellings.some(({ text }) => text === name);
  const namesakes = models.filter(
    (model) =>
      isCalled(model) &&
      model.enabled &&
      !model.retired &&
      model.marked !== true &&
      !isSameModel(source, model, config),
  );
  return namesakes.length === 0 ? pair : { ...pair, namesakes };
}

function rowPair(rules: Rules, models: readonly ModelFacts[], intent: Intent): ModelPair {
  const source = rowOrName(rules, models, { intent });
  // What a key of one table is replaced by is a key of the same table.
  const beside = source.key === undefined ? models : models.filter(({ table }) => table === source.table);
  const target = rowOrName(rules, beside, { intent, source });
  // What means the row of the same model means its namesakes as little.
  const from = intent.from.trim();
  const asked = namesOf(source).includes(from) ? from : (source.components['name'] ?? from);
  const others = models.filter(
    (model) => model !== source && model.marked !== true && namesOf(model).includes(asked),
  );
  return { source, target, found: ownNamesakes(source, others) };
}

/**
 * A text that is no row's name means the row of the same model by what the registry knows, and only where there is no such row the
 * name alone. @throws MODEL_NOT_FOUND, MODEL_AMBIGUOUS
 */
function rowOrName(
  rules: Rules,
  models: readonly ModelFacts[],
  { intent, source }: { readonly intent: Intent; readonly source?: ModelFacts },
): ModelFacts {
  const text = source === undefined ? intent.from : intent.to;
  const about: ModelSide = source === undefined ? { side: 'source' } : { side: 'target', source };
  const selection = selectModel(models, text, about);
  if ('model' in selection || selection.refused !== 'MODEL_NOT_FOUND') return chosen(selection);
  const { kind = 'completion' } = intent;
  const sought = { kind, text, ...given({ beside: source }) };
  const named = modelByName(rules, sought);
  if (named === undefined) return chosen(selection);
  const rows = nearest(rowsOfModel(rules, models, sought), about);
  return rows.length === 0 ? servedBy(named, { text, source }) : chosen(onlyModel(rows, text, about.side));
}

/** A target is written with its provider where the source is. @throws MODEL_NOT_FOUND where nobody knows the provider */
function servedBy(
  named: ModelFacts,
  { text, source }: { readonly text: string; readonly source: ModelFacts | undefined },
): ModelFacts {
  const provider = source?.components['provider'];
  if (source === undefined || provider === undefined || named.components['provider'] !== undefined)
    return named;
  const message =
    `target: "${text}" has no row, and whether ${provider}, which serves ${modelLabel(source)}, serves it, too, is not known: ` +
    `write provider/name, for example ${provider}/${text}.`;
  throw new DroverError('MODEL_NOT_FOUND', message, { fits: [] });
}

/** The model that was meant. @throws MODEL_NOT_FOUND, MODEL_AMBIGUOUS */
export function chosen(selection: Selection): ModelFacts {
  if ('model' in selection) return selection.model;
  throw new DroverError(selection.refused, selection.message, { fits: selection.fits });
}
