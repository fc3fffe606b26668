/** What ends a review, opens it again, and gives it up. */
import type { Command } from 'commander';
import {
  accept as acceptOne,
  cancel as cancelOne,
  reopen as reopenOne,
} from '../../postgres/assess/accept.ts';
import type { ReviewAsked } from '../../postgres/assess/hold.ts';
import type { AssessmentRecord } from '../../postgres/assess/rows.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere } from '../../site/where.ts';
import type { WhereOptions } from '../../site/where.ts';
import { actorOf, countUpTo, withJson, withReason, withWhere } from '../options.ts';
import type { ActorOptions, JsonOption, TenantOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { inLines } from '../terminal/wrap.ts';
import { ledBy, onlyAssessment, openAssessments } from './tenants.ts';
import type { TenantAssessment } from './tenants.ts';

interface ReviewOptions extends WhereOptions, JsonOption, TenantOption, ActorOptions {
  readonly seen?: number;
}

/** `drover assess accept`: every asset is decided, and the waves are fixed. */
export const accept: Verb = {
  name: 'accept',
  summary: 'accept what is decided: every asset has a decision, and the waves are fixed',
  define: withReview,
  run: (session, command) =>
    review(session, command, async (site, asked) => {
      const { record, waves } = await acceptOne(site, asked);
      const sizes = waves.map(
        ({ assets, canary }) => `${assets.length}${canary ? ' first, as a canary' : ''}`,
      );
      const moved = waves.length === 0 ? 'nothing moves' : `waves of ${sizes.join(', ')}`;
      return { record, said: `accepted, version ${record.version}; ${moved}.`, more: { waves } };
    }),
};

/** `drover assess reopen`: what was accepted is reviewed again. */
export const reopen: Verb = {
  name: 'reopen',
  summary: 'review again what was accepted, for a reason',
  define: withReview,
  run: (session, command) =>
    review(session, command, async (site, asked) => {
      const record = await reopenOne(site, asked);
      return { record, said: `in review again, version ${record.version}.` };
    }),
};

/** `drover assess cancel`: the tenant may begin another one. */
export const cancel: Verb = {
  name: 'cancel',
  summary: 'give an assessment up; its decisions stay on record',
  define: withReview,
  run: (session, command) =>
    review(session, command, async (site, asked) => {
      const record = await cancelOne(site, asked);
      return { record, said: 'cancelled. What was decided stays on record.' };
    }),
};

function withReview(command: Command): Command {
  return withWhere(
    withReason(
      withJson(command)
        .option('--tenant <tenant>', 'only of this tenant: its key or name')
        .option(
          '--seen <version>',
          'only where the assessment still has the version that was seen',
          countUpTo(2_000_000_000),
        ),
    ),
  );
}

interface Reviewed {
  readonly record: AssessmentRecord;
  readonly said: string;
  readonly more?: object;
}

/** One after the other; the first that is refused ends it, and those before it are done. */
async function review(
  session: Session,
  command: Command,
  change: (site: Site, asked: ReviewAsked) => Promise<Reviewed>,
): Promise<number> {
  const options = command.opts<ReviewOptions>();
  const actor = actorOf(options, session);
  const { seen: version, reason } = options;
  return withSite(resolveWhere(options, session.environment), { mayWrite: true }, async (site) => {
    const done: (TenantAssessment & Reviewed)[] = [];
    const line = inLines(session.terminal);
    const open =
      version === undefined
        ? await openAssessments(site, options.tenant)
        : [await onlyAssessment(site, options.tenant)];
    for (const one of open) {
      const reviewed = await change(site, { tenant: one.record.tenant, actor, version, reason });
      done.push({ ...one, ...reviewed });
      if (options.json !== true) line(`${ledBy(one.tenantName)}${reviewed.said}`);
    }
    if (options.json === true)
      session.terminal.out(JSON.stringify({ assessments: done.map(doneJson) }, null, 2));
    return exitStatus.done;
  });
}

function doneJson({ tenantName, record, more = {} }: TenantAssessment & Reviewed) {
  const { id, status, version } = record;
  return { tenant: record.tenant ?? null, tenantName, id, status, version, ...more };
}
