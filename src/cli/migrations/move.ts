/** Planning and applying, as the commands and the demo do it. */
import { modelLabel } from '../../engine/models/model.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import { changeCount, printable } from '../../engine/plan/row-text.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import {
  describeStep,
  isMovingRows,
  retiresSource,
  touchedPlaces,
} from '../../engine/operations/operations.ts';
import { occurrencesOf } from '../../engine/plan/accounts.ts';
import { renderPlan } from '../../engine/planner/render.ts';
import { applyMove } from '../../postgres/move/move.ts';
import { applyOnline } from '../../postgres/move/online.ts';
import type { MoveResult } from '../../postgres/records/move-result.ts';
import { rollbackMove } from '../../postgres/undo/rollback.ts';
import type { RollbackResult } from '../../postgres/undo/result.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { runAfterHook } from '../hook.ts';
import { showProgress } from '../terminal/progress.ts';
import type { TableContent } from '../terminal/table.ts';
import type { Session } from '../session.ts';
import type { Style } from '../terminal/terminal.ts';
import { wrapLine } from '../terminal/wrap.ts';

/** The lines of a plan, as long as the terminal is wide. */
export function planLines(plan: Plan, { style, width, names }: PlanView): string[] {
  const lines = renderPlan(plan, { style, ...(names === undefined ? {} : { names }) });
  return lines.flatMap((line) => wrapLine(line, width));
}

/** Asks with the number that the plan says and the result will say. The mark on the source is no row change. */
export function questionOf({ tenant, steps, counts, source }: Plan): string {
  const whose = tenant === null ? '' : ` for ${printable(tenant.name)}`;
  const changes = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const retires = retiresSource(steps);
  const model = printable(modelLabel(source));
  if (changes === 0 && retires) return `Make no row change${whose}, and retire ${model}?`;
  return `Make ${changeCount(changes)}${whose}${retires ? `, and retire ${model}` : ''}?`;
}

/** A plan for programs: each step, then what stays, with the same numbers as its text. */
export function planTable({ steps, leftBehind }: Plan): TableContent {
  const rows = [
    ...steps.map((step) => [
      isMovingRows(step) ? 'move' : 'mark',
      step.entity,
      touchedPlaces(step).join(' '),
      step.operation,
      '',
      isMovingRows(step) ? step.expected : 0,
      '',
      '',
      describeStep(step),
    ]),
    ...leftBehind.map((entry) => [
      'stay',
      entry.entity,
      entry.place,
      entry.reason,
      entry.live ? 'live' : '',
      '',
      entry.count,
      occurrencesOf(entry),
      entry.message,
    ]),
  ];
  const counts = ['row changes', 'rows', 'occurrences'];
  return { head: ['what', 'type', 'place', 'how', 'live', ...counts, 'message'], rows };
}

interface PlanView {
  readonly style: Style;
  readonly width: number;
  /** How many rows are named per entry. */
  readonly names?: number;
}

interface ApplyInput {
  readonly intent: Intent;
  readonly plan: Plan;
  readonly force: boolean;
  readonly unlessWorse?: boolean;
  readonly actor: string;
  readonly reason: string | undefined;
  /** In parts that commit. */
  readonly online?: boolean;
}

/** Applies exactly the plan that was shown, with progress, and runs the hook. */
export async function applyWithProgress(
  session: Session,
  site: Site,
  input: ApplyInput,
): Promise<MoveResult> {
  const { reason, online = false, ...request } = input;
  const asked = { ...request, confirm: true, ...(reason === undefined ? {} : { reason }) };
  const result = await watched(
    session,
    (onProgress) => (online ? applyOnline : applyMove)(site, { ...asked, onProgress }),
    online ? onlineWords : undefined,
  );
  if (!result.replayed)
    await runAfterHook(session.terminal, site.config.after, {
      event: 'migration',
      tenant: input.intent.tenant ?? null,
      result,
    });
  return result;
}

interface RollbackInput {
  readonly migrationId: string;
  readonly tenant: TenantKey;
  readonly actor: string;
  readonly reason: string | undefined;
}

/** Takes a migration back, with progress, and runs the hook. */
export async function rollbackWithProgress(
  session: Session,
  site: Site,
  input: RollbackInput,
): Promise<RollbackResult> {
  const { reason, ...request } = input;
  const result = await watched(session, (onProgress) =>
    rollbackMove(site, { ...request, onProgress, ...(reason === undefined ? {} : { reason }) }),
  );
  await runAfterHook(session.terminal, site.config.after, {
    event: 'rollback',
    tenant: input.tenant ?? null,
    result,
  });
  return result;
}

const onlineWords = {
  stopping: 'The last part is taken back, those before it stay',
  stopped: 'Stopped. The last transaction was rolled back.',
};

/** Ctrl-C is noticed at each report of progress, inside the transaction, so that it rolls back. */
async function watched<T>(
  { terminal, interruption }: Session,
  work: (onProgress: NonNullable<Parameters<typeof applyMove>[1]['onProgress']>) => Promise<T>,
  words?: Parameters<Session['interruption']['guard']>[1],
): Promise<T> {
  const view = showProgress(terminal);
  try {
    return await interruption.guard(
      (check) =>
        work((progress) => {
          check();
          view.show(progress);
        }),
      words,
    );
  } finally {
    view.end();
  }
}
