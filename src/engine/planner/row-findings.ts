/** Findings about rows: those that cannot move, and those that stay. */
import { isMovingRows } from '../operations/operations.ts';
import { collides, nameIsTaken, tooLarge, unreadable } from '../plan/decide.ts';
import type { Decided, Decisions, RowOutcome } from '../plan/decide.ts';
import { findTable } from '../catalogue/catalog.ts';
import { quoteWhereNeeded, tablePath } from '../catalogue/names.ts';
import { newKey } from '../plan/new-row.ts';
import { rowCount, verbOf } from '../plan/row-text.ts';
import { finding } from '../finding.ts';
import type { Finding } from '../finding.ts';
import type { LeftBehind, Step } from '../plan/plan-types.ts';
import type { Place } from '../rules/place.ts';
import type { Snapshot } from '../plan/snapshot.ts';

export interface FindingInput extends Decisions {
  readonly leftBehind: readonly LeftBehind[];
  readonly steps: readonly Step[];
}

/** How many rows of which place. Places without rows are left out. */
export function countByPlace(
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

export function ownershipFindings({ snapshot, decided }: FindingInput): Finding[] {
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

export function keyFindings({ decided }: FindingInput): Finding[] {
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
export function newKeyFindings({ snapshot: { rules }, steps }: FindingInput): Finding[] {
  return steps.flatMap((step) => {
    const table = step.operation === 'enable' ? findTable(rules.catalog, step.table) : undefined;
    if (step.operation !== 'enable' || table === undefined) return [];
    const key = newKey(table, step.grant.columns, step.via);
    if (key.by !== 'nobody') return [];
    const [path, column] = [tablePath(rules.scope, table), quoteWhereNeeded(key.column)];
    const message =
      `${rowCount(step.expected, 'new')} of ${path} would make the target available, and nobody can say their ` +
      `${key.column}, which has no default: give ${path}.${column} one, or add those rows first.`;
    return [finding('error', 'NO_ROW_KEY', message, { place: path, count: step.expected })];
  });
}

export function dependentFindings({ dependents }: Snapshot): Finding[] {
  const inUse = Object.entries(dependents).filter(([, rows]) => rows > 0);
  return inUse.map(([table, count]) => {
    const message =
      `${rowCount(count)} of other tables ${verbOf(count, 'refer')} to rows of ${table} that merging would remove: ` +
      'resolve them first, or set "collision: skip".';
    return finding('error', 'REDUNDANT_ROW_IN_USE', message, { place: table, count });
  });
}

/** What the database will say anyway is said before anything is tried; a trigger may still mend the value, so force passes. */
export function refusalFindings({ refusals, subject }: Snapshot): Finding[] {
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
        `${rowCount(rows)} of ${table}${some}, cannot hold the target (${what}). ` +
        'Change that first, choose another target, or leave these rows out.';
      return finding('error', 'TARGET_REFUSED', message, { place: table, count: rows, forceable: true });
    },
  );
}

/**
 * What a list forbids is not given to anybody by a move. Where each place that moves says row by row what is allowed (`allowed`), the
 * list may be of some rows only.
 */
export function denialFindings({ snapshot: { denied, rules }, steps, decided }: FindingInput): Finding[] {
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

export function questionFindings({ intent, leftBehind }: FindingInput): Finding[] {
  const asked = leftBehind.filter(({ reason }) => reason === 'ask');
  return asked.map((entry) => {
    const { place, entity, count, message } = entry;
    const code = askedCodes.get(message) ?? 'ASK_OPEN';
    const text = `${place}: ${message} (${rowCount(count)}${exampleOf(entry)}). ${wayOut(entry)}--leave-asks moves the rest.`;
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

const keptCodes: Readonly<Partial<Record<LeftBehind['reason'], string>>> = {
  history: 'HISTORY_KEPT',
  'dead-copy': 'SOFT_REFERENCE_KEPT',
  dead: 'ARCHIVED_KEPT',
  denied: 'DENIAL_KEPT',
  'data-bound': 'DATA_BOUND',
};

/** Data that nobody asked to move does not refuse; it is said to stay. */
export function keptFindings({ intent, leftBehind }: FindingInput): Finding[] {
  return leftBehind.flatMap(({ reason, place, entity, count, message }) => {
    const code = keptCodes[reason];
    if (code === undefined) return [];
    const text = `${place}: ${rowCount(count)} ${verbOf(count, 'stay')} on the source: ${message}.`;
    const asked = intent.entityTypes?.includes(entity) ?? true;
    return [
      finding(reason === 'data-bound' && asked ? 'error' : 'info', code, text, { place, entity, count }),
    ];
  });
}

/** The database would refuse what a row's surroundings do not allow, so the row is left, and somebody must know. */
export function allowedFindings({ leftBehind }: FindingInput): Finding[] {
  const refused = leftBehind.filter(({ reason }) => reason === 'not-allowed');
  return refused.map(({ place, entity, count }) => {
    const message =
      `${place}: ${rowCount(count)} cannot have the target, or not on the same terms. Nothing of that changes, and the rest moves; ` +
      'give them another model, then migrate again.';
    return finding('warning', 'TARGET_NOT_ALLOWED', message, { place, entity, count });
  });
}
