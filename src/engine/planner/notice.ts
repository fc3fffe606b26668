/** What a plan means for the people concerned: one message per tenant, as Markdown and as data. */
import { toConfirm } from '../finding.ts';
import type { Completion } from '../plan/completion.ts';
import { modelLabel } from '../models/model.ts';
import { namedRows, printable, rowCount, rowLabel, spanText, touchedRows } from '../plan/row-text.ts';
import { isMovingRows } from '../operations/operations.ts';
import type { LeftBehind, Plan, RowName, Step } from '../plan/plan-types.ts';

/** Rows of one entity type that change. */
interface NoticeChange {
  readonly entity: string;
  /** How many rows; where the plan does not know which of them two steps share, at least so many. */
  readonly count: number;
  /** At most so many, where that is more. */
  readonly upTo?: number;
  /** Up to fifty rows, by the names that people know them by. */
  readonly rows: readonly RowName[];
  readonly parameters: 'reset' | 'translated' | 'kept';
  /** Rows of these that go because one with the new model is there already, and what passes to that one. */
  readonly removed?: number;
  readonly passedOn?: readonly string[];
}

interface NoticeJson {
  readonly tenant: Plan['tenant'];
  readonly from: Plan['source'];
  readonly to: Plan['target'];
  readonly completion: Completion;
  readonly changes: readonly NoticeChange[];
  readonly stays: readonly LeftBehind[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly planHash: string;
}

/** Rows of others, or of nobody: a tenant is not told their names. */
const notTheirs: ReadonlySet<LeftBehind['reason']> = new Set([
  'other-tenant',
  'global',
  'no-owner',
  'shared',
  'disagreeing-owners',
]);

/**
 * The message for one tenant: which of its rows change, what happens to their parameters, and what live configuration stays on the
 * source. History and rows of others are no concern of the tenant, and are left out.
 */
export function renderNotice(plan: Plan): { markdown: string; json: NoticeJson } {
  const json: NoticeJson = {
    tenant: plan.tenant,
    from: plan.source,
    to: plan.target,
    completion: plan.completion,
    changes: changesOf(plan),
    stays: plan.leftBehind.filter((entry) => entry.live && !notTheirs.has(entry.reason)),
    warnings: toConfirm(plan.findings).map(({ code, message, told = message }) => ({ code, message: told })),
    planHash: plan.hash,
  };
  return { markdown: `${markdownOf(json).join('\n')}\n`, json };
}

function changesOf(plan: Plan): NoticeChange[] {
  const steps = plan.steps.filter(isMovingRows);
  const entities = [...new Set(steps.map((step) => step.entity))];
  return entities.map((entity) =>
    changeOf(
      entity,
      steps.filter((step) => step.entity === entity),
    ),
  );
}

function changeOf(entity: string, steps: readonly Step[]): NoticeChange {
  const { least, most } = touchedRows(steps);
  return {
    entity,
    count: least,
    ...(most === least ? {} : { upTo: most }),
    rows: namedRows(steps).slice(0, 50),
    parameters: parametersOf(steps),
    ...removedOf(steps),
  };
}

function removedOf(steps: readonly Step[]): Pick<NoticeChange, 'removed' | 'passedOn'> {
  const merges = steps.filter((step) => step.operation === 'merge');
  if (merges.length === 0) return {};
  const passedOn = [...new Set(merges.flatMap(({ carry }) => carry))];
  return {
    removed: merges.reduce((sum, { expected }) => sum + expected, 0),
    ...(passedOn.length === 0 ? {} : { passedOn }),
  };
}

function parametersOf(steps: readonly Step[]): NoticeChange['parameters'] {
  const moves = steps.flatMap((step) => (step.operation === 'repoint' ? step.moves : []));
  const policies = moves.flatMap((move) => (move.parameters === undefined ? [] : [move.parameters.policy]));
  if (policies.includes('reset')) return 'reset';
  return policies.includes('translate') ? 'translated' : 'kept';
}

function markdownOf(notice: NoticeJson): string[] {
  const [from, to] = [escape(modelLabel(notice.from)), escape(modelLabel(notice.to))];
  const whom = notice.tenant === null ? '' : `: ${escape(notice.tenant.name)}`;
  const intro =
    notice.changes.length === 0 ? `Nothing of yours uses ${from}.` : `What uses ${from} is moved to ${to}.`;
  return [
    `# Change of model${whom}`,
    '',
    intro,
    ...notice.changes.flatMap(changeLines),
    ...stayLines(notice),
    ...warningLines(notice),
  ];
}

function changeLines(change: NoticeChange): string[] {
  const { count: least, upTo: most = least } = change;
  const known = change.rows.length;
  const more = spanText({ least: Math.max(least, known) - known, most: most - known });
  const names = [
    ...change.rows.map((row) => `- ${escape(rowLabel(row))}`),
    ...(known > 0 && most > known ? [`- and ${more} more`] : []),
  ];
  const parameters = {
    reset: ['Their model parameters are reset to the defaults.'],
    translated: ['Their model parameters are translated to what the new model supports.'],
    kept: [],
  }[change.parameters];
  const blocks = [
    [`## ${escape(change.entity)} (${spanText({ least, most })})`],
    names,
    removedLines(change),
    parameters,
  ];
  return blocks.filter((block) => block.length > 0).flatMap((block) => ['', ...block]);
}

function removedLines({ removed = 0, passedOn = [] }: NoticeChange): string[] {
  if (removed === 0) return [];
  const passed =
    passedOn.length === 0 ? '' : ` What was set there passes to it: ${passedOn.map(escape).join(', ')}.`;
  return [`Removed, because one with the new model is there already: ${removed}.${passed}`];
}

function stayLines(notice: NoticeJson): string[] {
  if (notice.stays.length === 0) return [];
  const from = escape(modelLabel(notice.from));
  const lines = notice.stays.flatMap((entry) => [
    `- ${escape(entry.entity)}, ${rowCount(entry.count)}: ${escape(entry.message)}`,
    ...entry.rows.map((row) => `  - ${escape(rowLabel(row))}`),
  ]);
  return ['', `## Still on ${from}`, '', ...lines];
}

function warningLines(notice: NoticeJson): string[] {
  if (notice.warnings.length === 0) return [];
  return ['', '## Please note', '', ...notice.warnings.map(({ message }) => `- ${escape(message)}`)];
}

/** Names come from tenants. No character of a name may become formatting, a list, a link or HTML. */
function escape(text: string): string {
  const line = printable(text.replaceAll(/\s+/g, ' ').trim());
  const inline = line.replaceAll(/[\\`*_[\]<>|~&]/g, String.raw`\$&`);
  return inline.replace(/^([#+=-])/, String.raw`\$1`).replace(/^(\d+)([.)])/, String.raw`$1\$2`);
}
