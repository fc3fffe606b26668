/** What a person must know before a plan runs. Codes, severities and ways out are listed in docs/findings.md. */
import { compareModels } from '../models/compatibility.ts';
import { given } from '../given.ts';
import { isMovingRows } from '../operations/operations.ts';
import {
  collides,
  type Decided,
  type Decisions,
  nameIsTaken,
  type RowOutcome,
  tooLarge,
  unreadable,
} from '../plan/decide.ts';
import { completionOf } from '../plan/completion.ts';
import { fencedPlaces } from '../plan/fence.ts';
import { modelLabel } from '../models/model.ts';
import { meetsClass } from '../models/security.ts';
import { modelTablesOf } from '../rules/references.ts';
import { hiddenFindings } from './hidden-findings.ts';
import { inventoryFindings } from './inventory-findings.ts';
import { companionFindings } from './companion-findings.ts';
import { parameterFindings } from './parameter-findings.ts';
import { subjectFindings } from './subject-findings.ts';
import { findTable } from '../catalogue/catalog.ts';
import { quoteWhereNeeded, tablePath } from '../catalogue/names.ts';
import { newKey } from '../plan/new-row.ts';
import { compareText } from '../order.ts';
import { rowCount } from '../plan/row-text.ts';
import { type Finding, finding } from '../finding.ts';
import type { LeftBehind, Step } from '../plan/plan-types.ts';
import type { Place } from '../rules/place.ts';
import type { MergedSetting, Snapshot } from '../plan/snapshot.ts';

export interface FindingInput extends Decisions {
  readonly leftBehind: readonly LeftBehind[];
  readonly steps: readonly Step[];
}

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

/** How many rows of which place. Places without rows are left out. */
function countByPlace(
  { decided }: Pick<Decisions, 'decided'>,
  rowsOf: (place: Place, outcome: RowOutcome, about: Decided) => number,
): [Place, number][] {
  const counts = new Map<Place, number>();
  for (const one of decided)
    for (const [place, outcome] of one.outcomes) {
      const rows = rowsOf(place, outcome, one);
      if (rows > 0) counts.set(place, (counts.get(place) ?? 0) + rows);
    }
  return [...counts];
}

/** What is unknown of the target does not meet a demand. */
function demandFindings({ snapshot }: FindingInput): Finding[] {
  const { security = 0, region } = snapshot.target;
  return snapshot.demands.flatMap((demand) => {
    const { place, rows } = demand;
    const about = { count: rows, place };
    const demands = `${rows} row(s) of ${place} demand`;
    const classTooLow = `${demands} security class ${demand.security}; the target has ${security}.`;
    const otherRegion = `${demands} region ${demand.region}; the target runs in ${region ?? 'an unknown one'}.`;
    return [
      ...(!meetsClass(snapshot.target.security, demand.security)
        ? [finding('error', 'SECURITY_BELOW_DEMAND', classTooLow, { ...about, forceable: true })]
        : []),
      ...(demand.region !== null && demand.region !== region
        ? [finding('error', 'REGION_OUTSIDE_DEMAND', otherRegion, { ...about, forceable: true })]
        : []),
    ];
  });
}

/** A table may hold only some of the models. The others are named by text, and by no key. */
function rowlessFindings({ rules, source, target }: Snapshot): Finding[] {
  const tables = modelTablesOf(rules, source.kind).map(({ config }) => config.table);
  const rowless = tables.length === 0 ? [] : [source, target].filter(({ key }) => key === undefined);
  return rowless.map((model) => {
    const message =
      `${modelLabel(model)} has no row in ${tables.join(' or ')}; the registry knows it. It is named by text alone: ` +
      'a place that holds keys has none to hold, and rows there stay.';
    return finding('info', 'MODEL_WITHOUT_ROW', message);
  });
}

function ownershipFindings({ snapshot, decided }: FindingInput): Finding[] {
  const { ownership } = snapshot.rules;
  const unknown = decided.filter(({ source }) => ownership.get(source.table)?.kind === 'unknown');
  const counts = countByPlace({ decided: unknown }, (_, outcome, { group }) =>
    outcome.kind === 'stay' && outcome.reason === 'no-owner' ? group.rows : 0,
  );
  return counts.map(([{ id: place }, count]) => {
    const message =
      `Nothing ties the rows of ${place} to a tenant: declare a link under tenant.links, ` +
      'or list the table under tenant.global.';
    return finding('error', 'OWNERSHIP_UNKNOWN', message, { place, count });
  });
}

function keyFindings({ decided }: FindingInput): Finding[] {
  const tables = decided.filter(
    ({ source, outcomes }) =>
      !source.keyed && [...outcomes.values()].some(({ kind }) => kind === 'move' || kind === 'merge'),
  );
  return [...new Set(tables.map(({ source }) => source.table))].map((table) => {
    const message =
      `${table} has no primary key, so its rows could not be found again for a rollback: ` +
      'name a unique set of columns under database.keys.';
    return finding('error', 'NO_ROW_KEY', message, { place: table });
  });
}

/** A row that makes the target available is a copy of the source's, under a key of its own. */
function newKeyFindings({ snapshot: { rules }, steps }: FindingInput): Finding[] {
  return steps.flatMap((step) => {
    const table = step.operation === 'enable' ? findTable(rules.catalog, step.table) : undefined;
    if (step.operation !== 'enable' || table === undefined) return [];
    const key = newKey(table, step.grant.columns, step.via);
    if (key.by !== 'nobody') return [];
    const [path, column] = [tablePath(rules.scope, table), quoteWhereNeeded(key.column)];
    const message =
      `${step.expected} new row(s) of ${path} would make the target available, and nobody can say their ${key.column}, which has no ` +
      `default: give ${path}.${column} one, or add those rows first.`;
    return [finding('error', 'NO_ROW_KEY', message, { place: path, count: step.expected })];
  });
}

function dependentFindings({ dependents }: Snapshot): Finding[] {
  const inUse = Object.entries(dependents).filter(([, rows]) => rows > 0);
  return inUse.map(([table, count]) => {
    const message =
      `${count} row(s) of other tables refer to rows of ${table} that merging would remove: ` +
      'resolve them first, or set "collision: skip".';
    return finding('error', 'REDUNDANT_ROW_IN_USE', message, { place: table, count });
  });
}

/** What the database will say anyway is said before anything is tried; a trigger may still mend the value, so force passes. */
function refusalFindings({ refusals, subject }: Snapshot): Finding[] {
  return [...refusals, ...(subject?.unjudged ?? [])].map(
    ({ table, kind, name, definition, rows, example }) => {
      const some = example === null ? '' : `, such as ${example}`;
      const what =
        kind === 'table' ? `constraint ${name}: ${definition}` : `type of the column: ${definition}`;
      if (rows === null) {
        const message = `Only the write can tell whether rows of ${table} can hold the target (${what}). \`plan --rehearse\` tries it.`;
        return finding('info', 'TARGET_NOT_JUDGED', message, { place: table });
      }
      const message =
        `${rows} row(s) of ${table}${some}, cannot hold the target (${what}). ` +
        'Change that first, choose another target, or leave these rows out.';
      return finding('error', 'TARGET_REFUSED', message, { place: table, count: rows, forceable: true });
    },
  );
}

/**
 * What a list forbids is not given to anybody by a move. Where each place that moves says row by row what is allowed (`allowed`), the
 * list may be of some rows only.
 */
function denialFindings({ snapshot: { denied, rules }, steps, decided }: FindingInput): Finding[] {
  if (!steps.some(isMovingRows)) return [];
  const moving = new Set(
    decided.flatMap(({ outcomes }) =>
      [...outcomes].flatMap(([{ id }, { kind }]) => (kind === 'move' || kind === 'merge' ? [id] : [])),
    ),
  );
  const isJudged = rules.places.every(({ id, allowed }) => !moving.has(id) || allowed !== undefined);
  return denied.map(({ place, rows, samples }) => {
    const message =
      `${rowCount(rows)} of ${place} forbid${rows === 1 ? 's' : ''} the target (${samples.join(', ')}): take it off that list first, ` +
      'or choose another target. Where the list holds for some rows only, say which with "allowed" at the places that move.';
    return finding(isJudged ? 'warning' : 'error', 'TARGET_DENIED', message, {
      place,
      count: rows,
      ...(isJudged ? {} : { forceable: true }),
    });
  });
}

function questionFindings({ intent, leftBehind }: FindingInput): Finding[] {
  const asked = leftBehind.filter(({ reason }) => reason === 'ask');
  return asked.map((entry) => {
    const { place, entity, count, message } = entry;
    const code = askedCodes.get(message) ?? 'ASK_OPEN';
    const text = `${place}: ${message} (${count} row(s)${exampleOf(entry)}). ${wayOut(entry)}--leave-asks moves the rest.`;
    return finding(intent.leaveAsks ? 'warning' : 'error', code, text, { place, entity, count });
  });
}

const askedCodes = new Map([
  [unreadable, 'UNREADABLE_DOCUMENT'],
  [tooLarge, 'DOCUMENT_TOO_LARGE'],
]);

/** Which row it is: its name says how large the value is. */
function exampleOf({ message, rows: [first] }: LeftBehind): string {
  if (message !== tooLarge || first === undefined) return '';
  return `, such as ${[first.key, first.name].filter((part) => part !== undefined).join(', ')}`;
}

function wayOut({ place, message, written }: LeftBehind): string {
  if (written !== undefined)
    return `It is written like "${written}". Say in the configuration what it is, or answer --answer "${place}=keep"; `;
  if (message === unreadable) return 'Mend the document; ';
  if (message === tooLarge) return 'Divide or change it by hand; ';
  return message === collides || message === nameIsTaken
    ? ''
    : `Answer in the configuration or with --answer "${place}=move" (or keep); `;
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
    const message = `The parameters of ${count} row(s) of ${place} are reset to {}; their old values are in the journal.`;
    return finding('info', 'PARAMETERS_RESET', message, { place, count });
  });
}

const keptCodes: Readonly<Partial<Record<LeftBehind['reason'], string>>> = {
  history: 'HISTORY_KEPT',
  'dead-copy': 'SOFT_REFERENCE_KEPT',
  dead: 'ARCHIVED_KEPT',
  denied: 'DENIAL_KEPT',
  'data-bound': 'DATA_BOUND',
};

/** Data that nobody asked to move does not refuse; it is said to stay. */
function keptFindings({ intent, leftBehind }: FindingInput): Finding[] {
  return leftBehind.flatMap(({ reason, place, entity, count, message }) => {
    const code = keptCodes[reason];
    if (code === undefined) return [];
    const text = `${place}: ${count} row(s) stay on the source: ${message}.`;
    const asked = intent.entityTypes?.includes(entity) ?? true;
    return [
      finding(reason === 'data-bound' && asked ? 'error' : 'info', code, text, { place, entity, count }),
    ];
  });
}

/** The database would refuse what a row's surroundings do not allow, so the row is left, and somebody must know. */
function allowedFindings({ leftBehind }: FindingInput): Finding[] {
  const refused = leftBehind.filter(({ reason }) => reason === 'not-allowed');
  return refused.map(({ place, entity, count }) => {
    const message =
      `${place}: ${count} row(s) cannot have the target, or not on the same terms. They stay as they are, and the rest moves; ` +
      'give them another model, then migrate again.';
    return finding('warning', 'TARGET_NOT_ALLOWED', message, { place, entity, count });
  });
}

function mergeFindings({ steps, snapshot }: FindingInput): Finding[] {
  const merges = steps.filter((step) => step.operation === 'merge');
  return merges.flatMap(({ move: { place }, entity, expected: count, carry }) => {
    const message =
      `${count} row(s) of ${place} are removed because a row with the target is already there; that row survives` +
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
    `${count} removed row(s) of ${place} have ${column}, and the row that survives does not have the same: ` +
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
