/** What a person must know before a plan runs. Codes, severities and ways out are listed in docs/findings.md. */
import { rowCount, verbOf } from '../plan/row-text.ts';
import { compareModels } from '../models/compatibility.ts';
import { given } from '../given.ts';
import { isMovingRows } from '../operations/operations.ts';
import { completionOf, keepsInUse } from '../plan/completion.ts';
import { fencedPlaces } from '../plan/fence.ts';
import { modelLabel } from '../models/model.ts';
import { meetsClass, meetsRegion } from '../models/demand.ts';
import { modelTableOf, modelTablesOf } from '../rules/references.ts';
import { isSharedRows } from '../tenant.ts';
import { hiddenFindings, inventoryFindings } from './inventory-findings.ts';
import { companionFindings, parameterFindings } from './parameter-findings.ts';
import { subjectFindings } from './subject-findings.ts';
import { compareText } from '../order.ts';
import { finding } from '../finding.ts';
import type { Finding } from '../finding.ts';
import type { MergedSetting, Snapshot } from '../plan/snapshot.ts';
import {
  countByPlace,
  ownershipFindings,
  keyFindings,
  newKeyFindings,
  dependentFindings,
  refusalFindings,
  denialFindings,
  questionFindings,
  keptFindings,
  allowedFindings,
} from './row-findings.ts';
import type { FindingInput } from './row-findings.ts';

/** What is said of a tenant whose rows need no move. */
export const nothingToMove = 'No row of this tenant that may move names the source.';

const order = { error: 0, warning: 1, info: 2 } as const;

/** All findings, errors first. */
export function planFindings(input: FindingInput): Finding[] {
  const { snapshot } = input;
  const { priceLimit } = snapshot.rules.config;
  const findings = [
    ...(snapshot.found ?? []),
    ...subjectFindings(input),
    ...compareModels(snapshot.source, snapshot.target, {
      today: snapshot.today,
      narrowed: input.intent.entityTypes !== undefined,
      ...given({ priceLimit }),
    }),
    ...rowlessFindings(snapshot),
    ...unmarkedFindings(input),
    ...serverFindings(snapshot),
    ...viewFindings(input),
    ...demandFindings(input),
    ...inventoryFindings(snapshot, input.leftBehind),
    ...hiddenFindings(snapshot),
    ...ownershipFindings(input),
    ...keyFindings(input),
    ...newKeyFindings(input),
    ...dependentFindings(snapshot),
    ...refusalFindings(snapshot),
    ...denialFindings(input),
    ...questionFindings(input),
    ...defaultFindings(input),
    ...resetFindings(input),
    ...parameterFindings(input),
    ...companionFindings(input),
    ...allowedFindings(input),
    ...keptFindings(input),
    ...mergeFindings(input),
    ...fenceFindings(input),
    ...(input.steps.some(isMovingRows) ? [] : [finding('info', 'NOTHING_TO_MOVE', nothingToMove)]),
  ];
  return findings.toSorted(
    (a, b) =>
      order[a.severity] - order[b.severity] ||
      compareText(a.code, b.code) ||
      compareText(a.place ?? '', b.place ?? ''),
  );
}

/** Of a partial plan nobody expects that the source stays away. */
function fenceFindings({ snapshot, intent, leftBehind }: FindingInput): Finding[] {
  if (completionOf(leftBehind, snapshot.tenant) === 'partial') return [];
  const open = fencedPlaces(snapshot, intent).filter(({ open: why }) => why !== undefined);
  return [...Map.groupBy(open, ({ open: why }) => why)].map(([why = '', places]) => {
    const ids = places.map(({ place }) => place.id).toSorted(compareText);
    const message =
      `Nothing prevents new ones in ${ids.join(', ')}: ${why}. ` +
      (snapshot.rules.subject === undefined
        ? '`drover watch` finds what comes late, and `drover apply` again moves it.'
        : 'The same re-key again finds what comes late, and repairs it.');
    return finding('info', 'NOT_FENCED', message, { count: ids.length });
  });
}

/** What is unknown of the target does not meet a demand. */
function demandFindings({ snapshot }: FindingInput): Finding[] {
  const { security, region } = snapshot.target;
  return snapshot.demands.flatMap((demand) => {
    const { place, rows } = demand;
    const about = { count: rows, place };
    const demands = `${rowCount(rows)} of ${place} ${verbOf(rows, 'demand')}`;
    const classTooLow = `${demands} security class ${demand.security}; the target has ${security ?? 'an unknown one'}.`;
    const otherRegion = `${demands} region ${demand.region}; the target runs in ${region ?? 'an unknown one'}.`;
    return [
      ...(!meetsClass(security, demand.security)
        ? [finding('error', 'SECURITY_BELOW_DEMAND', classTooLow, { ...about, forceable: true })]
        : []),
      ...(!meetsRegion(region, demand.region)
        ? [finding('error', 'REGION_OUTSIDE_DEMAND', otherRegion, { ...about, forceable: true })]
        : []),
    ];
  });
}

/** A table may hold only some of the models. The others are named by text, and by no key. */
function rowlessFindings({ rules, source, target, tenant }: Snapshot): Finding[] {
  if (rules.subject !== undefined) return [];
  const tables = modelTablesOf(rules, source.kind).map(({ config }) => config.table);
  const rowless = tables.length === 0 ? [] : [source, target].filter(({ key }) => key === undefined);
  const shared = isSharedRows(tenant?.key ?? null);
  return rowless.map((model) => {
    const why =
      shared && model.tenant === null
        ? `The rows of ${tables.join(' and ')} are tenants' own, and shared rows refer to none of them: ${modelLabel(model)}`
        : `${modelLabel(model)} has no row in ${tables.join(' or ')}, but the registry knows it. It`;
    const message = `${why} is named by text alone: a place that holds keys has none to hold, and rows there stay.`;
    return finding('info', 'MODEL_WITHOUT_ROW', message);
  });
}

/** Where each tenant has a schema of its own, nothing keeps its writers out while the shared rows move. */
function unmarkedFindings({ snapshot, leftBehind }: FindingInput): Finding[] {
  const { rules, source, tenant } = snapshot;
  const isKept = rules.schema === undefined || !isSharedRows(tenant?.key ?? null);
  const model = source.key === undefined ? undefined : modelTableOf(rules, source);
  if (isKept || model?.config.retire === undefined || source.marked === true) return [];
  if (leftBehind.some((entry) => keepsInUse(snapshot, entry))) return [];
  const message =
    `The row of ${modelLabel(source)} is not marked as retired: the schemas of tenants are read before and not locked. ` +
    `Once nobody writes the source there any more, set ${Object.keys(model.config.retire).join(', ')} of ${model.table.id} by hand.`;
  return [finding('info', 'SOURCE_NOT_MARKED', message)];
}

/** A re-key names them with all that is computed from its rows. */
function viewFindings({ snapshot, steps }: FindingInput): Finding[] {
  const { materialized = new Map<string, readonly string[]>(), rules } = snapshot;
  if (rules.subject !== undefined) return [];
  const views = new Set(steps.filter(isMovingRows).flatMap(({ table }) => materialized.get(table) ?? []));
  if (views.size === 0) return [];
  const refresh = [...views].map((view) => `REFRESH MATERIALIZED VIEW ${view};`).toSorted(compareText);
  const message = `Materialised views show the rows as they were until somebody refreshes them: ${refresh.join(' ')}`;
  return [finding('info', 'DERIVED_DATA', message, { count: views.size })];
}

/** What no place compares may tell models of one name apart. Where all rows say the same it tells nothing. */
function serverFindings({ servers = [], rules }: Snapshot): Finding[] {
  const documents = new Set(rules.places.flatMap(({ id, carrier }) => (carrier === 'columns' ? [] : [id])));
  return servers
    .filter(({ place, rows }) => rows.length > 1 || documents.has(place))
    .map(({ place, rows }) => {
      const said = rows.filter(({ servers: words }) => words !== '');
      const count = said.reduce((sum, one) => sum + one.rows, 0);
      const words = [...new Set(said.flatMap(({ servers: some }) => some.split(', ')))].toSorted();
      const message =
        `${rowCount(count)} of ${place} ${verbOf(count, 'have')} ${words.join(', ')} beside the name, which may say through whom ` +
        'the model is reached, and no place compares that, so it moves under each. Say by `partner`, `fields` or `live` which are meant.';
      return finding('warning', 'SERVER_NOT_COMPARED', message, { place, count });
    });
}

function defaultFindings(input: FindingInput): Finding[] {
  const counts = countByPlace(input, ({ defaultOf }, { kind }, { group }) =>
    defaultOf !== undefined && kind === 'move' ? group.rows : 0,
  );
  return counts.map(([{ id: place, defaultOf }, count]) => {
    const whose = `${count} ${defaultOf}${count === 1 ? '' : 's'}`;
    const message = `The source is the default of ${whose} (${place}); the default moves too.`;
    return finding('warning', 'SOURCE_IS_DEFAULT', message, { place, count });
  });
}

function resetFindings(input: FindingInput): Finding[] {
  if (input.intent.parameters !== 'reset') return [];
  // Elsewhere the documents are read, and the message says what is removed: see parameter-findings.ts.
  const counts = countByPlace(input, ({ parameters = '', parameterMembers }, { kind }, { group }) =>
    kind === 'move' && parameterMembers === 'all' ? (group.side[parameters] ?? 0) : 0,
  );
  return counts.map(([{ id: place }, count]) => {
    const message = `The parameters of ${rowCount(count)} of ${place} are reset to {}; their old values are in the journal.`;
    return finding('info', 'PARAMETERS_RESET', message, { place, count });
  });
}

function mergeFindings({ steps, snapshot }: FindingInput): Finding[] {
  const merges = steps.filter((step) => step.operation === 'merge');
  return merges.flatMap(({ move: { place }, entity, expected: count, carry }) => {
    const message =
      `${rowCount(count)} of ${place} ${verbOf(count, 'are')} removed because another row there has the target, or comes to have it; ` +
      'that row survives' +
      (carry.length === 0 ? '.' : `, and is given ${carry.join(', ')} of the removed one.`);
    const lost = snapshot.merged.filter((one) => one.place === place && !carry.includes(one.column));
    return [
      finding('info', 'MERGE_REMOVES', message, { place, entity, count }),
      ...lost.map((setting) => lossFinding(setting, entity)),
    ];
  });
}

function lossFinding({ place, column, rows: count, example }: MergedSetting, entity: string): Finding {
  const { key, removed, survivor } = example;
  const message =
    `${rowCount(count, 'removed')} of ${place} ${verbOf(count, 'have')} ${column}, and the row that survives does not have the same: ` +
    `${key} has ${shortened(removed)}, the other ${survivor === null ? 'nothing' : shortened(survivor)}. ` +
    `"carry: [${column}]" passes it on.`;
  const other = survivor === null ? 'has none' : `has ${shortened(survivor)}`;
  const told = `${count} of ${entity} that go had ${column} (such as ${shortened(removed)}); the one that stays ${other}.`;
  return finding('warning', 'MERGE_LOSES', message, { place, entity, count, told });
}

const longestShown = 40;

function shortened(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}
