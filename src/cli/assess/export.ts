/** An assessment as a document that people take elsewhere: Markdown, CSV, or the days of it as a calendar. */
import { assetTable, calendarOf, markdownOf } from '../../engine/assess/export.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere, usage } from '../../site/where.ts';
import type { WhereOptions } from '../../site/where.ts';
import { withList, withWhere } from '../options.ts';
import type { ListOption, TenantOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Verb } from '../session.ts';
import { showList } from '../terminal/table.ts';
import { assessmentJson, readAll } from './show.ts';

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
      if (ical === true) terminal.streams.stdout.write(calendarOf(all, new Date().toISOString()));
      else if (json === true) terminal.out(JSON.stringify({ assessments: all.map(assessmentJson) }, null, 2));
      else if (csv === true) showList(terminal, assetTable(all), true);
      else for (const line of all.flatMap(markdownOf)) terminal.out(line);
      return exitStatus.done;
    });
  },
};
