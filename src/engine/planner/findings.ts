/** What a person must know before a plan runs. Codes, severities and ways out are listed in docs/findings.md. */
import { compareModels } from '../models/compatibility.ts';
import { isMovingRows } from '../operations/operations.ts';
import { collides, type Decisions, unreadable } from '../plan/decide.ts';
import { parameterFindings } from './parameter-findings.ts';
import { compareText } from '../order.ts';
import type { Finding } from '../finding.ts';
import type { LeftBehind, Step } from '../plan/plan-types.ts';
import type { Snapshot } from '../plan/snapshot.ts';

export interface FindingInput extends Decisions {
  readonly leftBehind: readonly LeftBehind[];
  readonly steps: readonly Step[];
}

const order = { error: 0, warning: 1, info: 2 } as const;

/** All findings, errors first. */
export function planFindings(input: FindingInput): Finding[] {
  const { snapshot } = input;
  const limit = snapshot.rules.config.priceLimit;
  const findings = [
    ...compareModels(snapshot.source, snapshot.target, {
      today: snapshot.today,
      ...(limit === undefined ? {} : { priceLimit: limit }),
    }),
    ...demandFindings(input),
    ...unclassifiedFindings(snapshot),
    ...hiddenFindings(snapshot),
    ...ownershipFindings(input),
    ...keyFindings(input),
    ...dependentFindings(snapshot),
    ...questionFindings(input),
    ...defaultFindings(input),
    ...parameterFindings(input),
    ...companionFindings(input),
    ...allowedFindings(input),
    ...keptFindings(input),
    ...mergeFindings(input),
    ...(input.steps.some(isMovingRows) ? [] : [nothingToMove]),
  ];
  return findings.toSorted(
    (a, b) =>
      order[a.severity] - order[b.severity] ||
      compareText(a.code, b.code) ||
      compareText(a.place ?? '', b.place ?? ''),
  );
}

const nothingToMove: Finding = {
  severity: 'info',
  code: 'NOTHING_TO_MOVE',
  message: 'No row of this tenant that may move names the source.',
};

/** A space (or tenant) may demand a security class or region of the models that it uses. What is unknown does not meet a demand. */
function demandFindings({ snapshot }: FindingInput): Finding[] {
  const { security = 0, region } = snapshot.target;
  return snapshot.demands.flatMap((demand) => {
    const base = { severity: 'error', count: demand.rows, place: demand.place } as const;
    const rows = `${demand.rows} row(s) of ${demand.place} demand`;
    const classTooLow: Finding = {
      ...base,
      forceable: true,
      code: 'SECURITY_BELOW_DEMAND',
      message: `${rows} security class ${demand.security}; the target has ${security}.`,
    };
    const otherRegion: Finding = {
      ...base,
      forceable: true,
      code: 'REGION_OUTSIDE_DEMAND',
      message: `${rows} region ${demand.region}; the target runs in ${region ?? 'an unknown one'}.`,
    };
    return [
      ...(demand.security !== null && demand.security > security ? [classTooLow] : []),
      ...(demand.region !== null && demand.region !== region ? [otherRegion] : []),
    ];
  });
}

function unclassifiedFindings(snapshot: Snapshot): Finding[] {
  return snapshot.unclassified.map((hit) => ({
    severity: 'error',
    code: 'UNCLASSIFIED_REFERENCE',
    place: `${hit.table}.${hit.column}`,
    count: hit.count,
    message:
      `${hit.table}.${hit.column}${hit.pointer === undefined ? '' : ` at ${hit.pointer}`} names the source in ${hit.count} row(s) (${hit.samples.slice(0, 3).join(', ')}), ` +
      `and nobody has said what that means: add a place for it to the configuration (role reference, history, ignore …).`,
  }));
}

/** Rows that cannot be seen are not rows that do not exist. */
function hiddenFindings(snapshot: Snapshot): Finding[] {
  return snapshot.hidden.map((table) => ({
    severity: 'error',
    code: 'ROWS_MAY_BE_HIDDEN',
    place: table,
    message: `Row-level security of ${table} binds this login and the configuration sets no tenant, so rows may be hidden: give the settings under database.session, or use a login that sees all rows.`,
  }));
}

function ownershipFindings({ snapshot, decided }: FindingInput): Finding[] {
  const counts = new Map<string, number>();
  for (const { source, group, outcomes } of decided) {
    if (snapshot.rules.ownership.get(source.table)?.kind !== 'unknown') continue;
    for (const [place, outcome] of outcomes)
      if (outcome.kind === 'stay' && outcome.reason === 'no-owner')
        counts.set(place.id, (counts.get(place.id) ?? 0) + group.rows);
  }
  return [...counts].map(([place, count]) => ({
    severity: 'error',
    code: 'OWNERSHIP_UNKNOWN',
    place,
    count,
    message: `Nothing ties the rows of ${place} to a tenant: declare a link under tenant.links, or list the table under tenant.global.`,
  }));
}

function keyFindings({ decided }: FindingInput): Finding[] {
  const tables = decided.filter(
    ({ source, outcomes }) =>
      !source.keyed &&
      [...outcomes.values()].some((outcome) => outcome.kind === 'move' || outcome.kind === 'merge'),
  );
  return [...new Set(tables.map(({ source }) => source.table))].map((table) => ({
    severity: 'error',
    code: 'NO_ROW_KEY',
    place: table,
    message: `${table} has no primary key, so its rows could not be found again for a rollback: name a unique set of columns under database.keys.`,
  }));
}

function dependentFindings(snapshot: Snapshot): Finding[] {
  return Object.entries(snapshot.dependents)
    .filter(([, rows]) => rows > 0)
    .map(([table, count]) => ({
      severity: 'error',
      code: 'REDUNDANT_ROW_IN_USE',
      place: table,
      count,
      message: `${count} row(s) of other tables refer to rows of ${table} that merging would remove: resolve them first, or set "collision: skip".`,
    }));
}

function questionFindings({ intent, leftBehind }: FindingInput): Finding[] {
  return leftBehind
    .filter((entry) => entry.reason === 'ask')
    .map((entry) => ({
      severity: intent.leaveAsks ? 'warning' : 'error',
      code: entry.message === unreadable ? 'UNREADABLE_DOCUMENT' : 'ASK_OPEN',
      place: entry.place,
      entity: entry.entity,
      count: entry.count,
      message: `${entry.place}: ${entry.message} (${entry.count} row(s)). ${wayOut(entry)}--leave-asks moves the rest.`,
    }));
}

function wayOut({ place, message }: LeftBehind): string {
  if (message === unreadable) return 'Mend the document; ';
  return message === collides
    ? ''
    : `Answer in the configuration or with --answer "${place}=move" (or keep); `;
}

function defaultFindings({ decided }: FindingInput): Finding[] {
  const counts = new Map<string, { whose: string; rows: number }>();
  for (const { group, outcomes } of decided) {
    for (const [place, outcome] of outcomes) {
      if (place.defaultOf === undefined || outcome.kind !== 'move') continue;
      counts.set(place.id, { whose: place.defaultOf, rows: (counts.get(place.id)?.rows ?? 0) + group.rows });
    }
  }
  return [...counts].map(([place, { whose, rows }]) => ({
    severity: 'warning',
    code: 'SOURCE_IS_DEFAULT',
    place,
    count: rows,
    message: `The source is the default of ${rows} ${whose}${rows === 1 ? '' : 's'} (${place}); the default moves too.`,
  }));
}

function companionFindings({ decided }: FindingInput): Finding[] {
  const counts = new Map<string, { place: string; column: string; rows: number }>();
  for (const { group, outcomes } of decided) {
    for (const [{ id: place, companions }, outcome] of outcomes) {
      if (outcome.kind !== 'move') continue;
      for (const column of Object.keys(companions).filter((name) => (group.side[name] ?? 0) > 0)) {
        const key = JSON.stringify([place, column]);
        const rows = (counts.get(key)?.rows ?? 0) + (group.side[column] ?? 0);
        counts.set(key, { place, column, rows });
      }
    }
  }
  return [...counts.values()].map(({ place, column, rows }) => ({
    severity: 'info',
    code: 'COMPANION_CHANGES',
    place,
    count: rows,
    message: `${rows} row(s) have a setting in ${column} that changes with the model.`,
  }));
}

const keptCodes = {
  history: 'HISTORY_KEPT',
  'dead-copy': 'SOFT_REFERENCE_KEPT',
  dead: 'ARCHIVED_KEPT',
  'data-bound': 'DATA_BOUND',
} as const;

function keptFindings({ leftBehind }: FindingInput): Finding[] {
  return leftBehind.flatMap((entry) => {
    const code = entry.reason in keptCodes ? keptCodes[entry.reason as keyof typeof keptCodes] : undefined;
    if (code === undefined) return [];
    const severity = code === 'DATA_BOUND' ? 'error' : 'info';
    return [
      {
        severity,
        code,
        place: entry.place,
        entity: entry.entity,
        count: entry.count,
        message: `${entry.place}: ${entry.count} row(s) stay on the source: ${entry.message}.`,
      } as const,
    ];
  });
}

/** What a row's surroundings do not allow would be refused by the database, so the row is left, and somebody must know. */
function allowedFindings({ leftBehind }: FindingInput): Finding[] {
  return leftBehind
    .filter(({ reason }) => reason === 'not-allowed')
    .map(({ place, entity, count }) => ({
      severity: 'warning',
      code: 'TARGET_NOT_ALLOWED',
      place,
      entity,
      count,
      message: `${place}: ${count} row(s) cannot have the target, or not on the same terms. They stay as they are, and the rest moves; give them another model, then migrate again.`,
    }));
}

function mergeFindings({ steps }: FindingInput): Finding[] {
  return steps
    .filter((step) => step.operation === 'merge')
    .map((step) => ({
      severity: 'info',
      code: 'MERGE_REMOVES',
      place: step.move.place,
      entity: step.entity,
      count: step.expected,
      message: `${step.expected} row(s) of ${step.move.place} are removed because a row with the target is already there; that row survives.`,
    }));
}
