import { groupsOf, undecided } from '../../engine/assess/review.ts';
import { assetTable } from '../../engine/assess/export.ts';
import { readAssessment } from '../../postgres/assess/show.ts';
import type { ShownAssessment } from '../../postgres/assess/show.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere } from '../../site/where.ts';
import type { WhereOptions } from '../../site/where.ts';
import { withList, withWhere } from '../options.ts';
import type { ListOption, TenantOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Verb } from '../session.ts';
import { isForPrograms, showList, showTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inLines } from '../terminal/wrap.ts';
import { findAssessments } from './tenants.ts';
import { groupTable } from './words.ts';

interface ShowOptions extends WhereOptions, ListOption, TenantOption {
  readonly assets?: boolean;
}

/** `drover assess show`: how far each tenant is; of one tenant the groups, the readiness and the waves. */
export const show: Verb = {
  name: 'show',
  summary: 'show assessments: what is recommended and decided, how ready a tenant is, what changed',
  define: (command) =>
    withWhere(
      withList(command)
        .option('--tenant <tenant>', 'only of this tenant: its key or name')
        .option('--assets', 'each asset, not the groups of those that are alike'),
    ),
  run: (session, command) => {
    const options = command.opts<ShowOptions>();
    return withSite(resolveWhere(options, session.environment), { mayWrite: false }, async (site) => {
      showAll(session.terminal, await readAll(site, options.tenant), options);
      return exitStatus.done;
    });
  },
};

/** An assessment and what its tenant is called. */
interface TenantShown {
  readonly tenantName: string;
  readonly shown: ShownAssessment;
}

export async function readAll(site: Site, tenant: string | undefined): Promise<TenantShown[]> {
  const all: TenantShown[] = [];
  for (const { record, tenantName } of await findAssessments(site, tenant))
    all.push({ tenantName, shown: await readAssessment(site, record.tenant) });
  return all;
}

function showAll(terminal: Terminal, all: readonly TenantShown[], { json, csv, assets }: ShowOptions): void {
  if (json === true) return terminal.out(JSON.stringify({ assessments: all.map(assessmentJson) }, null, 2));
  if (all.length === 0)
    return terminal.err(
      'There is no assessment. `drover assess start --all-tenants` begins one for each tenant.',
    );
  if (assets === true || isForPrograms(terminal, csv)) return showList(terminal, assetTable(all), csv);
  const [only, another] = all;
  if (only !== undefined && another === undefined) return showOne(terminal, only);
  showTable(terminal, {
    head: ['tenant', 'status', 'assets', 'undecided', 'readiness', 'first end', 'version'],
    rows: all.map(({ tenantName, shown }) => [
      tenantName,
      shown.record.status,
      shown.assessed.length,
      undecided(shown.assessed).length,
      shown.readiness.points,
      shown.sources[0]?.ends ?? '',
      shown.record.version,
    ]),
  });
}

export function assessmentJson({ tenantName, shown }: TenantShown) {
  const { record, ...rest } = shown;
  const groups = groupsOf(shown.assessed).map(({ name, members, undecided: open }) => ({
    name,
    count: members.length,
    undecided: open,
  }));
  return { tenantName, ...record, tenant: record.tenant ?? null, ...rest, groups };
}

function showOne(terminal: Terminal, { tenantName, shown }: TenantShown): void {
  const { record, sources, waves, readiness } = shown;
  const line = inLines(terminal);
  const { heading } = terminal.style;
  const whose = tenantName === '' ? '' : ` of ${tenantName}`;
  line(heading(`Assessment${whose}: ${record.status}, version ${record.version}`));
  line(
    `Surveyed on ${record.surveyedOn ?? 'no day'} (survey ${record.survey}); what ends after ${record.horizon} can wait.`,
  );
  for (const { source, label, ends, says } of sources)
    line(
      `  ${source === label ? source : label}: ${ends === null ? 'no day is known' : `ends ${ends}`}, says ${says}.`,
    );
  line('');
  showTable(terminal, groupTable(shown));
  line('');
  line(readinessLine(readiness));
  const sizes = [...Map.groupBy(waves, ({ wave }) => wave).values()].map((mine) => mine.length);
  if (sizes.length > 0)
    line(
      `Waves${record.status === 'in_review' ? ', by what is decided so far' : ''}: ${sizes.join(', ')} assets.`,
    );
  for (const text of changeLines(shown)) line(text);
}

function readinessLine({ points, blocked }: ShownAssessment['readiness']): string {
  const held = Object.entries(blocked).filter(([, count]) => count > 0);
  const why = held.map(([blocker, count]) => `${count} ${blocker}`).join(', ');
  return `Readiness ${points} of 100${why === '' ? '' : `; held back: ${why}`}.`;
}

const mostListed = 10;

function changeLines({ changes, left }: ShownAssessment): string[] {
  const listed = (what: string, all: readonly string[]): string[] =>
    all.length === 0
      ? []
      : [
          `${what}: ${all.slice(0, mostListed).join(', ')}${all.length > mostListed ? ` and ${all.length - mostListed} more` : ''}.`,
        ];
  return [
    ...listed(
      'Since the survey before',
      changes.facts.map(({ asset, fact, before, after }) => `${asset} ${fact} ${before} → ${after}`),
    ),
    ...listed('Added', changes.added),
    ...listed('Gone', changes.gone),
    ...listed('Decided with a group that they have left', left),
  ];
}
