/** A plan as text for a person: what moves, what was noticed, what stays and why. Colours are the caller's business. */
import { modelLabel } from '../models/model.ts';
import { accountsText, occurrenceCount, occurrencesOf } from '../plan/accounts.ts';
import { isOfTenants, isShared } from '../plan/completion.ts';
import { isSharedRows } from '../tenant.ts';
import type { TenantRef } from '../tenant.ts';
import {
  changeCount,
  firstNames,
  namedRows,
  printable,
  rowCount,
  spanText,
  touchedRows,
} from '../plan/row-text.ts';
import { describeStep, isMovingRows, retiresSource } from '../operations/operations.ts';
import type { Finding, Severity } from '../finding.ts';
import type { LeftBehind, Plan, Step } from '../plan/plan-types.ts';

/** How parts of the text are marked, for a terminal with colours. */
export interface RenderStyle {
  readonly heading: (text: string) => string;
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly info: (text: string) => string;
  readonly muted: (text: string) => string;
}

interface RenderOptions {
  readonly style?: RenderStyle;
  /** How many rows are named per entry; default 5. */
  readonly names?: number;
}

const same = (text: string): string => text;
const plain: RenderStyle = { heading: same, error: same, warning: same, info: same, muted: same };

interface RenderContext {
  readonly plan: Plan;
  readonly style: RenderStyle;
  readonly names: number;
}

/**
 * The lines of a plan: heading, changes per entity type, findings by severity, what stays, whether the migration is
 * complete, and the beginning of the hash. Control characters in names are made visible, so that no name can drive the terminal.
 */
export function renderPlan(plan: Plan, options: RenderOptions = {}): string[] {
  const context = { plan, style: options.style ?? plain, names: options.names ?? 5 };
  const sections = [
    heading(context),
    changes(context),
    findings(context),
    leftBehind(context),
    conclusion(context),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .flatMap((lines, at) => (at === 0 ? lines : ['', ...lines]));
}

function heading({ plan, style }: RenderContext): string[] {
  const tenant =
    plan.tenant === null ? 'Plan' : `Plan for ${printable(plan.tenant.name)} (${printable(plan.tenant.key)})`;
  return [style.heading(tenant), `  ${label(plan.source)} → ${label(plan.target)}`];
}

function label(model: Plan['source']): string {
  return printable(modelLabel(model));
}

function changes(context: RenderContext): string[] {
  const { plan, style } = context;
  const moving = plan.steps.filter(isMovingRows);
  if (moving.length === 0) return [style.heading('Changes'), '  nothing to move'];
  const entities = [...new Set(moving.map((step) => step.entity))];
  const lines = entities.flatMap((entity) =>
    entityLines(
      context,
      moving.filter((step) => step.entity === entity),
    ),
  );
  return [style.heading('Changes'), ...lines];
}

function entityLines({ style, names }: RenderContext, steps: readonly Step[]): string[] {
  const entity = steps[0]?.entity ?? '';
  const changed = sum(steps.map((step) => step.expected));
  const rows = touchedRows(steps);
  const dead = sum(steps.map((step) => step.dead));
  const archived = dead === 0 ? '' : `, ${dead} of them archived or deleted`;
  const rowNames = firstNames(namedRows(steps), { shown: names, total: rows });
  const inRows = rows.least === changed ? '' : ` in ${spanText(rows)} rows`;
  return [
    `  ${printable(entity)}: ${changeCount(changed)}${inRows}${archived}`,
    ...steps.map((step) => `    ${step.operation}: ${printable(describeStep(step))}`),
    ...(rowNames === '' ? [] : [style.muted(`    ${rowNames}`)]),
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function findings({ plan, style }: RenderContext): string[] {
  const severities: readonly Severity[] = ['error', 'warning', 'info'];
  const sorted = severities.flatMap((severity) =>
    plan.findings.filter((finding) => finding.severity === severity),
  );
  if (sorted.length === 0) return [];
  return [style.heading('Findings'), ...sorted.map((finding) => `  ${findingLine(finding, style)}`)];
}

function findingLine(finding: Finding, style: RenderStyle): string {
  const severity = style[finding.severity](finding.severity.padEnd(7));
  const force = finding.forceable === true ? ' (can be forced with a reason)' : '';
  return `${severity} ${finding.code}: ${printable(finding.message)}${force}`;
}

function leftBehind(context: RenderContext): string[] {
  const { plan, style } = context;
  if (plan.leftBehind.length === 0) return [];
  return [
    style.heading('What stays on the source'),
    ...plan.leftBehind.flatMap((entry) => leftLines(context, entry)),
  ];
}

function leftLines({ style, names }: RenderContext, entry: LeftBehind): string[] {
  const live = entry.live ? ', live' : '';
  const rowNames = firstNames(entry.rows, { shown: names, total: entry.count });
  return [
    `  ${printable(entry.entity)}: ${rowCount(entry.count)} of ${printable(entry.place)} (${entry.reason}${live}): ` +
      printable(entry.message),
    ...(rowNames === '' ? [] : [style.muted(`    ${rowNames}`)]),
  ];
}

function conclusion({ plan, style }: RenderContext): string[] {
  const unresolved = plan.leftBehind.filter((entry) => entry.live);
  const retires = retiresSource(plan.steps);
  const line = completionLine(plan);
  return [
    `${accountsText(plan.accounts)}.`,
    plan.completion === 'complete' ? line : style.warning(line),
    ...(retires ? ['The source is retired.'] : []),
    ...unresolved.map(unresolvedLine),
    style.muted(`Plan ${plan.hash.slice(0, 12)}`),
  ];
}

/** The word for what a plan or result leaves, and how much it leaves. */
export function completionLine({
  tenant,
  completion,
  leftBehind,
  findings,
}: {
  readonly tenant: TenantRef | string | null;
} & Pick<Plan, 'completion' | 'leftBehind' | 'findings'>): string {
  const key = typeof tenant === 'string' ? tenant : (tenant?.key ?? null);
  const found = (counts: (entry: LeftBehind) => boolean): number =>
    sum(leftBehind.filter(counts).map(occurrencesOf));
  const shared = found((entry) => entry.live && isShared(entry));
  const own = found(({ live }) => live) - shared;
  const others = found((entry) => !entry.live && isOfTenants(entry));
  const kept = found(({ reason }) => reason === 'kept');
  const whose = isSharedRows(key) ? 'the shared rows' : 'the tenant';
  const also = [
    ...(shared === 0 ? [] : [`${shared} shared occurrence${shared === 1 ? ' is' : 's are'} left`]),
    ...(others === 0
      ? []
      : [`${occurrenceCount(others)} of other tenants ${others === 1 ? 'names' : 'name'} it`]),
    ...(kept === 0
      ? []
      : [`${occurrenceCount(kept)} kept by answer still ${kept === 1 ? 'names' : 'name'} it`]),
    ...(findings.some(({ code }) => code === 'SCHEMA_NOT_READ') ? ['other schemas were not looked at'] : []),
    ...(findings.some(({ code }) => code === 'TENANT_NOT_READ') ? ['not every tenant was looked at'] : []),
    ...(findings.some(({ code }) => code === 'FOREIGN_TABLE_NOT_READ')
      ? ['foreign tables were not looked at']
      : []),
    ...(findings.some(({ code }) => code === 'KEY_NOT_TELLING')
      ? ['what names it without a foreign key was not looked for']
      : []),
    ...openText(findings),
  ];
  const what = {
    complete:
      others === 0
        ? 'Complete: nothing live names the source'
        : `Complete: nothing live of ${whose} names the source`,
    'complete for the tenant': `Complete for ${whose}`,
    partial: `Partial: ${occurrenceCount(own)} of ${whose} still ${own === 1 ? 'names' : 'name'} the source`,
  };
  return `${[what[completion], ...also].join('; ')}.`;
}

/** In how many places nothing in the database keeps a late writer out. */
function openText(findings: readonly Finding[]): string[] {
  const open = sum(findings.flatMap(({ code, count = 0 }) => (code === 'NOT_FENCED' ? [count] : [])));
  return open === 0 ? [] : [`nothing prevents new ones in ${open} place${open === 1 ? '' : 's'}`];
}

function unresolvedLine(entry: LeftBehind): string {
  return `  ${rowCount(entry.count)} of ${printable(entry.place)}: ${printable(entry.message)}`;
}
