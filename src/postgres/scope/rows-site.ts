/** A site as a re-key sees it: the same database and records, with the rows of one table as what is named. */
import type { Intent } from '../../engine/plan/intent.ts';
import { problemOfRows, seenFromRows, subjectOf } from '../../engine/rules/rows/view.ts';
import { DroverError } from '../../errors.ts';
import { quoteIdent } from '../sql/identifiers.ts';
import { setRole } from '../sql/role-reach.ts';
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
  const { rekeyRole: role } = site.scope;
  return {
    ...site,
    scope: {
      ...site.scope,
      ...(role === undefined ? {} : { role }),
      ...(subject.aliases === 'redirect'
        ? { settings: { ...site.scope.settings, 'drover.redirect': 'off' } }
        : {}),
    },
    ...site.kept.seenFromRows(rows, site.config, () => seenFromRows(site.config, subject)),
    knowledge: () => undefined,
    knows: false,
    showProblems: (problems) =>
      site.showProblems(problems.map((problem) => problemOfRows(problem, { subject, entry }))),
  };
}

/** Where rows get other keys by a role of its own, the login must be able to act as it. @throws NOT_PERMITTED */
export async function requireRekeyRole({ database, scope, state }: Site): Promise<void> {
  const { role, rekeyRole } = scope;
  if (rekeyRole === undefined || role !== rekeyRole) return;
  const { login, there, held } = await database.transaction({ readOnly: true }, (tx) =>
    tx.one<{ login: string; there: boolean; held: boolean }>(
      `SELECT current_user::text AS login, r.oid IS NOT NULL AS there,
         coalesce(pg_has_role(r.oid, ${setRole}) AND has_schema_privilege(r.oid, $2::text, 'USAGE'), false) AS held
       FROM (SELECT 1) one LEFT JOIN pg_roles r ON r.rolname = $1`,
      [rekeyRole, state.schema],
    ),
  );
  if (held) return;
  const ways = [
    ...(there ? [] : [`CREATE ROLE ${rekeyRole} NOLOGIN`]),
    `GRANT ${rekeyRole} TO ${quoteIdent(login)}`,
  ];
  const message =
    `Rows keep their keys here: the login ${login} may not act as ${rekeyRole}, which alone may write keys. An administrator can allow ` +
    `it, and the next command that writes gives the role its rights: ${ways.join('; ')};`;
  throw new DroverError('NOT_PERMITTED', message, { login, role: rekeyRole, missing: ways });
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
