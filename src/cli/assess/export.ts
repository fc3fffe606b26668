/** An assessment as a document that people take elsewhere: Markdown, CSV, or the days of it as a calendar. */
import { undecided } from '../../engine/assess/review.ts';
import { confidenceText } from '../../engine/assess/recommend.ts';
import { writeCalendar } from '../../engine/models/calendar.ts';
import type { CalendarEvent } from '../../engine/models/calendar.ts';
import { nameOf } from '../../postgres/assess/hold.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere, usage } from '../../site/where.ts';
import type { WhereOptions } from '../../site/where.ts';
import { withList, withWhere } from '../options.ts';
import type { ListOption, TenantOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Verb } from '../session.ts';
import { showList } from '../terminal/table.ts';
import { assessmentJson, readAll } from './show.ts';
import { assetTable } from './words.ts';
import type { NamedAssessment } from './words.ts';

interface ExportOptions extends WhereOptions, ListOption, TenantOption {
  readonly ical?: boolean;
}

/** `drover assess export`. */
export const exportAssessments: Verb = {
  name: 'export',
  summary: 'print assessments as Markdown, as CSV, as JSON, or their days as a calendar',
  define: (command) =>
    withWhere(
      withList(command)
        .option('--tenant <tenant>', 'only of this tenant: its key or name')
        .option('--ical', 'print a calendar (iCalendar) instead'),
    ),
  run: ({ terminal, environment }, command) => {
    const options = command.opts<ExportOptions>();
    const { json, csv, ical } = options;
    if (ical === true && (json === true || csv === true))
      throw usage('--ical, --json and --csv: one of them.');
    return withSite(resolveWhere(options, environment), { mayWrite: false }, async (site) => {
      const all = await readAll(site, options.tenant);
      if (ical === true) terminal.streams.stdout.write(calendarOf(all));
      else if (json === true) terminal.out(JSON.stringify({ assessments: all.map(assessmentJson) }, null, 2));
      else if (csv === true) showList(terminal, assetTable(all), true);
      else for (const line of all.flatMap(markdownOf)) terminal.out(line);
      return exitStatus.done;
    });
  },
};

function markdownOf({ tenantName, shown }: NamedAssessment): string[] {
  const { record, sources, assessed, readiness, waves } = shown;
  const waveOf = new Map(waves.map(({ asset, wave }) => [asset, wave]));
  const open = undecided(assessed).length;
  return [
    `# Assessment${tenantName === '' ? '' : ` of ${cell(tenantName)}`}`,
    '',
    `${record.status}, version ${record.version}; surveyed on ${record.surveyedOn ?? 'no day'}; ` +
      `readiness ${readiness.points} of 100; ${open} undecided.`,
    '',
    '| model | ends | says |',
    '|---|---|---|',
    ...sources.map(({ label, ends, says }) => `| ${cell(label)} | ${ends ?? ''} | ${cell(says)} |`),
    '',
    '| asset | name | recommended | decided | target | until, due | owner | reason | wave |',
    '|---|---|---|---|---|---|---|---|---|',
    ...assessed.map((one) => {
      const { recommendation, decision, facts } = one;
      const cells = [
        nameOf(one),
        facts.name ?? '',
        `${recommendation.strategy} ${confidenceText(recommendation.confidence)}`,
        decision?.strategy ?? '',
        (decision === null ? recommendation.target : decision.target) ?? '',
        decision?.until ?? decision?.due ?? '',
        decision?.owner ?? '',
        decision?.reason ?? '',
        String(waveOf.get(one.asset) ?? ''),
      ];
      return `| ${cells.map(cell).join(' | ')} |`;
    }),
    '',
  ];
}

/** What people wrote must not be taken for Markdown, and stays in its cell. */
function cell(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|]/g, (sign) => `\\${sign}`).replaceAll(/\s+/g, ' ');
}

/** The ends of models, the days until which rows stay, and those by which somebody is done. */
function calendarOf(all: readonly NamedAssessment[]): string {
  const events = all.flatMap(({ tenantName, shown }) => {
    const about = tenantName === '' ? '' : ` (${tenantName})`;
    const dated = shown.assessed.flatMap((one): CalendarEvent[] => {
      const { decision, asset, facts } = one;
      const day = decision?.until ?? decision?.due ?? null;
      if (decision === null || day === null) return [];
      const what = decision.strategy === 'retain' ? 'stays until today' : `${decision.strategy} is due`;
      return [
        {
          uid: `${asset}.${encodeURIComponent(facts.source)}@assessments.drover`,
          day,
          summary: `${facts.name ?? nameOf(one)}: ${what}${about}`,
          description: [
            nameOf(one),
            ...(decision.owner === null ? [] : [decision.owner]),
            ...(decision.reason === null ? [] : [decision.reason]),
          ].join('\n'),
        },
      ];
    });
    const ends = shown.sources.flatMap(({ source, label, ends: day, says }): CalendarEvent[] => {
      if (day === null) return [];
      const rows = shown.assessed.filter(({ facts }) => facts.source === source).length;
      const uid = `${shown.record.id}.${encodeURIComponent(source)}@assessments.drover`;
      return [
        { uid, day, summary: `${label} is shut down${about}`, description: `${rows} assets; says ${says}.` },
      ];
    });
    return [...ends, ...dated];
  });
  return writeCalendar({ name: 'Assessments', events, madeAt: new Date().toISOString() });
}
