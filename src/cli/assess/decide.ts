import { nameOf } from '../../engine/assess/review.ts';
import { InvalidArgumentError, Option } from 'commander';
import { rowCount } from '../../engine/plan/row-text.ts';
import { strategies } from '../../engine/assess/strategy.ts';
import type { Strategy } from '../../engine/assess/strategy.ts';
import { decide as decideAssets, lacksText } from '../../postgres/assess/decide.ts';
import type { DecideAsked, DecidedAssets, DecidedCount } from '../../postgres/assess/decide.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere, usage } from '../../site/where.ts';
import type { WhereOptions } from '../../site/where.ts';
import { actorOf, countUpTo, withJson, withReason, withWhere } from '../options.ts';
import type { ActorOptions, JsonOption, TenantOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { inLines } from '../terminal/wrap.ts';
import { readDay } from '../terminal/times.ts';
import { ledBy, onlyAssessment, openAssessments } from './tenants.ts';
import type { TenantAssessment } from './tenants.ts';

interface DecideOptions extends WhereOptions, JsonOption, TenantOption, ActorOptions {
  readonly recommended?: boolean;
  readonly atLeast?: number;
  readonly group?: string;
  readonly asset?: string;
  readonly source?: string;
  readonly strategy?: Strategy;
  readonly until?: string;
  readonly owner?: string;
  readonly due?: string;
  readonly instead?: boolean;
  readonly seen?: number;
}

/** `drover assess decide`: what is recommended, or something else with a reason. */
export const decide: Verb = {
  name: 'decide',
  summary: 'decide what becomes of assets: as recommended, of a group, or of one',
  define: (command) =>
    withWhere(
      withReason(
        withJson(command)
          .optionsGroup('Which assets:')
          .option('--tenant <tenant>', 'only of this tenant: its key or name')
          .option('--recommended', 'all that nobody has decided, as recommended')
          .option(
            '--at-least <confidence>',
            'of these, only where the recommendation is that sure, as 0.75',
            readConfidence,
          )
          .option(
            '--group <group:count>',
            'a group, with the number of its assets, as `drover assess show` prints it',
          )
          .option('--asset <key>', 'one row, by its key or TABLE/KEY')
          .option('--source <model>', 'with --asset: which of the models that the row names')
          .optionsGroup('What becomes of them:')
          .addOption(
            new Option('--strategy <word>', 'what is done (default: as recommended)').choices(strategies),
          )
          .option('--until <day>', 'of retain: until when')
          .option('--owner <name>', 'of refactor and repurchase: who answers for it')
          .option('--due <day>', 'of refactor and repurchase: by when')
          .option('--instead', 'in the place of decisions that stand')
          .option(
            '--seen <version>',
            'only where the assessment still has the version that was seen',
            countUpTo(2_000_000_000),
          ),
      ),
    ),
  run: async (session, command) => {
    const options = command.opts<DecideOptions>();
    const about = readAbout(options);
    const asked = readAsked(options, actorOf(options, session));
    return withSite(resolveWhere(options, session.environment), { mayWrite: true }, async (site) => {
      const done: Done[] = [];
      for (const one of await concerned(site, options, about))
        done.push({ ...one, ...(await decideAssets(site, { ...asked, about, tenant: one.record.tenant })) });
      show(session, done, options.json === true);
      return exitStatus.done;
    });
  },
};

function readConfidence(text: string): number {
  const number = Number(text);
  if (/^(0(\.\d{1,2})?|1)$/.test(text) && number > 0) return Math.round(number * 100);
  throw new InvalidArgumentError(
    'It takes a number above 0 and up to 1, with at most two digits behind the point, as 0.75.',
  );
}

/** @throws USAGE_INVALID */
function readAbout({ recommended, atLeast, group, asset, source, strategy }: DecideOptions): DecidedAssets {
  const said = [recommended === true, group !== undefined, asset !== undefined].filter(Boolean).length;
  if (said !== 1)
    throw usage('Say which assets: --recommended, --group GROUP:COUNT, or --asset KEY; one of them.');
  if (recommended !== true && atLeast !== undefined) throw usage('--at-least goes with --recommended.');
  if (asset === undefined && source !== undefined) throw usage('--source goes with --asset.');
  if (recommended === true && strategy !== undefined)
    throw usage('--recommended decides what is recommended; --strategy goes with --group or --asset.');
  if (group === undefined) return asset === undefined ? { recommended: atLeast ?? 0 } : { asset, source };
  const [, name = '', count = ''] = /^([0-9a-f]{8}):([1-9]\d*)$/.exec(group) ?? [];
  if (name === '')
    throw usage(`--group takes a group with its count, as \`drover assess show\` prints it, not "${group}".`);
  return { group: name, count: Number(count) };
}

/** @throws USAGE_INVALID */
function readAsked(
  { strategy, reason, until, owner, due, instead, seen }: DecideOptions,
  actor: string,
): Omit<DecideAsked, 'about' | 'tenant'> {
  return {
    strategy,
    reason,
    until: until === undefined ? undefined : readDay('--until', until),
    owner,
    due: due === undefined ? undefined : readDay('--due', due),
    instead,
    version: seen,
    actor,
  };
}

/** What is recommended can be decided for all tenants at once. A group and a row are one tenant's. */
async function concerned(
  site: Site,
  { tenant, seen }: DecideOptions,
  about: DecidedAssets,
): Promise<TenantAssessment[]> {
  if (!('recommended' in about) || seen !== undefined) return [await onlyAssessment(site, tenant)];
  const open = await openAssessments(site, tenant);
  const inReview = open.filter(({ record }) => record.status === 'in_review');
  // Where none is in review the first one says why nothing can be decided.
  return inReview.length > 0 ? inReview : open.slice(0, 1);
}

type Done = TenantAssessment & DecidedCount;

function show({ terminal }: Session, done: readonly Done[], json: boolean): void {
  if (json) return terminal.out(JSON.stringify({ assessments: done.map(doneJson) }, null, 2));
  const line = inLines(terminal);
  for (const { tenantName, decided, left, record } of done) {
    line(
      `${ledBy(tenantName)}${decided === 1 ? '1 asset is' : `${decided} assets are`} decided; version ${record.version}.`,
    );
    for (const [lacks, all] of Map.groupBy(left, (one) => lacksText(one.lacks)))
      line(`${ledBy(tenantName)}${rowCount(all.length)} not decided, for lack of ${lacks}.`);
  }
}

function doneJson({ tenantName, record, decided, left }: Done) {
  return {
    tenant: record.tenant ?? null,
    tenantName,
    version: record.version,
    decided,
    left: left.map(({ assessed, lacks }) => ({ asset: nameOf(assessed), lacks })),
  };
}
