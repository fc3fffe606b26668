/** What a person must know before a plan runs. Codes, severities and ways out are listed in docs/findings.md. */
import { compareModels } from '../models/compatibility.ts';
import { given } from '../given.ts';
import { isMovingRows } from '../operations/operations.ts';
import {
  collides,
  type Decided,
  type Decisions,
  nameIsTaken,
  type Outcome,
  unreadable,
} from '../plan/decide.ts';
import { parameterFindings } from './parameter-findings.ts';
import { compareText } from '../order.ts';
import { type Finding, finding } from '../finding.ts';
import type { LeftBehind, Step } from '../plan/plan-types.ts';
import type { Place } from '../rules/place.ts';
import type { Snapshot } from '../plan/snapshot.ts';

export interface FindingInput extends Decisions {
  readonly leftBehind: readonly LeftBehind[];
  readonly steps: readonly Step[];
}

const nothingToMove = 'No row of this tenant that may move names the source.';

const order = { error: 0, warning: 1, info: 2 } as const;

/** All findings, errors first. */
export function planFindings(input: FindingInput): Finding[] {
  const { snapshot } = input;
  const { priceLimit } = snapshot.rules.config;
  const findings = [
    ...compareModels(snapshot.source, snapshot.target, {
      today: snapshot.today,
      ...given({ priceLimit }),
    }),
    ...demandFindings(input),
    ...unclassifiedFindings(snapshot),
    ...hiddenFindings(snapshot),
    ...ownershipFindings(input),
    ...keyFindings(input),
    ...dependentFindings(snapshot),
    ...questionFindings(input),
    ...defaultFindings(input),
    ...resetFindings(input),
    ...parameterFindings(input),
    ...companionFindings(input),
    ...allowedFindings(input),
    ...keptFindings(input),
    ...mergeFindings(input),
    ...(input.steps.some(isMovingRows) ? [] : [finding('info', 'NOTHING_TO_MOVE', nothingToMove)]),
  ];
  return findings.toSorted(
    (a, b) =>
      order[a.severity] - order[b.severity] ||
      compareText(a.code, b.code) ||
      compareText(a.place ?? '', b.place ?? ''),
  );
}

/** How many rows of which place. Places without rows are left out. */
function countByPlace(
  { decided }: Pick<Decisions, 'decided'>,
  rowsOf: (place: Place, outcome: Outcome, about: Decided) => number,
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
      ...(demand.security !== null && demand.security > security
        ? [finding('error', 'SECURITY_BELOW_DEMAND', classTooLow, { ...about, forceable: true })]
        : []),
      ...(demand.region !== null && demand.region !== region
        ? [finding('error', 'REGION_OUTSIDE_DEMAND', otherRegion, { ...about, forceable: true })]
        : []),
    ];
  });
}

function unclassifiedFindings({ unclassified }: Snapshot): Finding[] {
  return unclassified.map(({ table, column, pointer, count, samples }) => {
    const place = `${table}.${column}`;
    const where = pointer === undefined ? place : `${place} at ${pointer}`;
    const message =
      `${where} names the source in ${count} row(s) (${samples.slice(0, 3).join(', ')}), and nobody has said what that means: ` +
      'add a place for it to the configuration (role reference, history, ignore …).';
    return finding('error', 'UNCLASSIFIED_REFERENCE', message, { place, count });
  });
}

/** Rows that cannot be seen are not rows that do not exist. */
function hiddenFindings({ hidden }: Snapshot): Finding[] {
  return hidden.map((table) => {
    const message =
      `Row-level security of ${table} binds this login and the configuration sets no tenant, so rows may be hidden: ` +
      'give the settings under database.session, or use a login that sees all rows.';
    return finding('error', 'ROWS_MAY_BE_HIDDEN', message, { place: table });
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

function dependentFindings({ dependents }: Snapshot): Finding[] {
  const inUse = Object.entries(dependents).filter(([, rows]) => rows > 0);
  return inUse.map(([table, count]) => {
    const message =
      `${count} row(s) of other tables refer to rows of ${table} that merging would remove: ` +
      'resolve them first, or set "collision: skip".';
    return finding('error', 'REDUNDANT_ROW_IN_USE', message, { place: table, count });
  });
}

function questionFindings({ intent, leftBehind }: FindingInput): Finding[] {
  const asked = leftBehind.filter(({ reason }) => reason === 'ask');
  return asked.map((entry) => {
    const { place, entity, count, message } = entry;
    const code = message === unreadable ? 'UNREADABLE_DOCUMENT' : 'ASK_OPEN';
    const text = `${place}: ${message} (${count} row(s)). ${wayOut(entry)}--leave-asks moves the rest.`;
    return finding(intent.leaveAsks ? 'warning' : 'error', code, text, { place, entity, count });
  });
}

function wayOut({ place, message }: LeftBehind): string {
  if (message === unreadable) return 'Mend the document; ';
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
  const counts = countByPlace(input, ({ parameters = '' }, { kind }, { group }) =>
    kind === 'move' ? (group.side[parameters] ?? 0) : 0,
  );
  return counts.map(([{ id: place }, count]) => {
    const message = `The parameters of ${count} row(s) of ${place} are reset to {}; their old values are in the journal.`;
    return finding('info', 'PARAMETERS_RESET', message, { place, count });
  });
}

function companionFindings({ decided }: FindingInput): Finding[] {
  const counts = new Map<string, { place: string; column: string; count: number }>();
  for (const { group, outcomes } of decided)
    for (const [{ id: place, companions }, { kind }] of outcomes)
      for (const column of kind === 'move' ? Object.keys(companions) : []) {
        const rows = group.side[column] ?? 0;
        const key = JSON.stringify([place, column]);
        if (rows > 0) counts.set(key, { place, column, count: (counts.get(key)?.count ?? 0) + rows });
      }
  return [...counts.values()].map(({ place, column, count }) => {
    const message = `${count} row(s) have a setting in ${column} that changes with the model.`;
    return finding('info', 'COMPANION_CHANGES', message, { place, count });
  });
}

const keptCodes: Readonly<Partial<Record<LeftBehind['reason'], string>>> = {
  history: 'HISTORY_KEPT',
  'dead-copy': 'SOFT_REFERENCE_KEPT',
  dead: 'ARCHIVED_KEPT',
  'data-bound': 'DATA_BOUND',
};

function keptFindings({ leftBehind }: FindingInput): Finding[] {
  return leftBehind.flatMap(({ reason, place, entity, count, message }) => {
    const code = keptCodes[reason];
    if (code === undefined) return [];
    const text = `${place}: ${count} row(s) stay on the source: ${message}.`;
    return [finding(reason === 'data-bound' ? 'error' : 'info', code, text, { place, entity, count })];
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

function mergeFindings({ steps }: FindingInput): Finding[] {
  const merges = steps.filter((step) => step.operation === 'merge');
  return merges.map(({ move: { place }, entity, expected: count }) => {
    const message = `${count} row(s) of ${place} are removed because a row with the target is already there; that row survives.`;
    return finding('info', 'MERGE_REMOVES', message, { place, entity, count });
  });
}
