/** A site as a re-key sees it: the same database and records, with the rows of one table as what is named. */
import type { Intent } from '../../engine/plan/intent.ts';
import { problemOfRows, seenFromRows, subjectOf } from '../../engine/rules/rows/view.ts';
import { DroverError } from '../../errors.ts';
import type { Site } from './site.ts';

/** The site for what is asked for: itself where models move. @throws ROWS_UNKNOWN where nobody says that the rows get other keys */
export function siteFor(site: Site, { rows }: Pick<Intent, 'rows'>): Site {
  if (rows === undefined || subjectOf(site.config)?.table === rows) return site;
  const all = site.config.rows ?? [];
  const entry = all.findIndex(({ table }) => table === rows);
  const subject = all[entry];
  if (subject === undefined)
    throw unknown(
      rows,
      all.map(({ table }) => table),
    );
  return {
    ...site,
    ...site.kept.seenFromRows(rows, site.config, () => seenFromRows(site.config, subject)),
    knowledge: () => undefined,
    knows: false,
    showProblems: (problems) =>
      site.showProblems(problems.map((problem) => problemOfRows(problem, { subject, entry }))),
  };
}

function unknown(rows: string, known: readonly string[]): DroverError {
  const there =
    known.length === 0
      ? `the configuration lists none: add rows: [{ table: ${rows} }]`
      : `those of ${known.join(', ')} do. Add { table: ${rows} } to rows`;
  return new DroverError('ROWS_UNKNOWN', `Nobody says that rows of ${rows} get other keys; ${there}.`, {
    rows,
    known,
  });
}
