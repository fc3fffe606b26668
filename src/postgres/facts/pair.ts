/** From an intent to facts: which models are meant, what the value scan finds, and the snapshot. Reading only. */
import type { Table } from '../../engine/catalogue/catalog.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import { termsOf } from '../../engine/rules/mapping.ts';
import type { ModelPair } from '../../engine/rules/mapping.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { withKnowledge } from '../../engine/models/knowledge.ts';
import { identifyingColumns, isCovered } from '../../engine/rules/coverage.ts';
import type { ModelTable } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { label, modelFromText, selectModel } from '../../engine/models/select.ts';
import type { Selection } from '../../engine/models/select.ts';
import type { Unclassified } from '../../engine/plan/snapshot.ts';
import { modelTableOf } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import { Binder } from '../sql/binder.ts';
import type { Tx } from '../driver/database.ts';
import { listModels } from './model-rows.ts';
import { mineSql } from '../sql/row.ts';
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

/** The two models. @throws MODEL_NOT_FOUND, MODEL_AMBIGUOUS, SAME_MODEL, GLOBAL_SOURCE */
export async function readPair(tx: Tx, rules: Rules, intent: Intent): Promise<ModelPair> {
  const table = modelTableOf(rules, intent.kind ?? '');
  const pair = table === undefined ? textPair(rules, intent) : await rowPair(tx, rules, { intent, table });
  const same = pair.source.key === undefined ? sameComponents(pair) : pair.source.key === pair.target.key;
  if (same)
    throw new DroverError('SAME_MODEL', `Source and target are the same model: ${label(pair.source)}.`);
  if (pair.source.tenant === null && !ownedByNobody(rules, table))
    throw new DroverError(
      'GLOBAL_SOURCE',
      `${label(pair.source)} is a global row; a tenant's migration does not move it.`,
    );
  return pair;
}

/** A catalogue of models that is global as a whole is no obstacle: then the references are what belongs to tenants. */
function ownedByNobody(rules: Rules, table: ModelTable | undefined): boolean {
  return table === undefined || rules.ownership.get(table.table.id)?.kind !== 'tenant';
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

async function rowPair(
  tx: Tx,
  rules: Rules,
  { intent, table }: { intent: Intent; table: ModelTable },
): Promise<ModelPair> {
  const models = await listModels(tx, rules, { model: table, tenant: intent.tenant });
  return {
    source: chosen(selectModel(models, intent.from, 'source')),
    target: chosen(selectModel(models, intent.to, 'target')),
  };
}

function chosen(selection: Selection): ModelFacts {
  if ('model' in selection) return selection.model;
  throw new DroverError(selection.refused, selection.message, { fits: selection.fits });
}

/** Values that name the source in columns that nobody classified, within what may be the tenant's rows. */
export async function scanUnclassified(
  tx: Tx,
  rules: Rules,
  about: { intent: Intent; pair: ModelPair },
): Promise<Unclassified[]> {
  const tables = scannable(rules).map((one) => scanTarget(rules, one, about.intent.tenant));
  const hits = await scanValues(tx, {
    tables,
    terms: termsOf(about.pair.source, rules.config, rules.places),
    limitPerColumn: 5,
  });
  const unknown = hits.filter((hit) => !isCovered(rules, hit));
  return unknown.map(({ table, column, kind, pointer, count, samples }) => ({
    table,
    column,
    kind,
    count,
    samples,
    ...(pointer === undefined ? {} : { pointer }),
  }));
}

interface Scannable {
  readonly table: Table;
  readonly columns: readonly string[];
  /** One column says whose a row is. */
  readonly direct: boolean;
}

/** The columns that nobody classified. The tenants of a wave share their rules. */
function scannable(rules: Rules): readonly Scannable[] {
  const known =
    unclassified.get(rules) ?? rules.catalog.tables.flatMap((table) => unclassifiedOf(rules, table));
  unclassified.set(rules, known);
  return known;
}

const unclassified = new WeakMap<Rules, readonly Scannable[]>();

function unclassifiedOf(rules: Rules, table: Table): Scannable[] {
  const classified = rules.classified.get(table.id) ?? new Set<string>();
  if (classified.has('*')) return [];
  const identifying = identifyingColumns(rules, table);
  const columns = table.columns
    .map((column) => column.name)
    .filter((name) => !classified.has(name) && !identifying.has(name));
  const ownership = rules.ownership.get(table.id);
  const direct =
    ownership?.kind === 'tenant' && ownership.paths.length === 1 && ownership.paths[0]?.hops.length === 0;
  return columns.length === 0 ? [] : [{ table, columns, direct }];
}

function scanTarget(
  rules: Rules,
  { table, columns, direct }: Scannable,
  tenant: string | undefined,
): ScanTarget {
  if (!direct) return { table, columns };
  const binder = new Binder();
  const sql = mineSql({ binder, rules, table, tenant });
  return { table, columns, tenantPredicate: { sql, params: binder.values } };
}
