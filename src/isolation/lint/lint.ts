/** A lint of migrations: each statement by itself, each file at its end, and what the doctor says of all of them together. */
import { isLedgerMade } from '../../engine/catalogue/ledgers.ts';
import type { TableId } from '../../engine/catalogue/catalog.ts';
import type { IsolationFacts } from '../../engine/isolation/facts.ts';
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { compareText } from '../../engine/order.ts';
import { shownObject } from '../ground.ts';
import type { LintFinding, LintReport } from './finding.ts';
import { judgeStatement, statementRules } from './rules.ts';
import { Sketch } from './sketch.ts';
import type { LintTenancy, SketchedTable } from './sketch.ts';
import { placesOf } from './places.ts';
import type { LintStatement, ReadMigration } from './statements.ts';

/** What running the files showed. */
export interface RanMigrations {
  readonly facts: IsolationFacts;
  /** What was not there before the files. */
  readonly findings: readonly IsolationFinding[];
}

export interface LintInput {
  readonly base: readonly LintStatement[];
  readonly migrations: readonly ReadMigration[];
  readonly tenancy: LintTenancy;
  readonly rows?: ReadonlyMap<TableId, number>;
  /** Why they do not run, or what came of it. */
  readonly ran: RanMigrations | NonNullable<LintReport['notRun']>;
}

type Sighted = Omit<LintFinding, 'ignored'>;

export function lintMigrations({ base, migrations, tenancy, rows, ran }: LintInput): LintReport {
  const [before, after] = [new Sketch(tenancy), new Sketch(tenancy)];
  for (const statement of base) for (const sketch of [before, after]) sketch.take(statement);
  const found = migrations.flatMap(({ statements }) => {
    const ofFile = statements.flatMap((statement, at) => {
      after.take(statement);
      const place = {
        statement,
        before,
        above: statements.slice(0, at),
        ...(rows === undefined ? {} : { rows }),
      };
      const seen = judgeStatement(place, after);
      before.take(statement);
      const { file, line } = statement;
      return seen.map((each): Sighted => ({ ...each, file, line }));
    });
    return [...ofFile, ...endOfFile(after, statements)];
  });
  const statements = migrations.flatMap((each) => each.statements);
  const all = 'facts' in ran ? judgedTogether(found, { ran, after, statements }) : found;
  const told = all
    .toSorted((a, b) => compareText(a.file, b.file) || a.line - b.line || compareText(a.rule, b.rule))
    .map((finding): LintFinding => withReason(finding, statements));
  return {
    version: 1,
    files: migrations.length,
    statements: statements.length,
    judged: 'facts' in ran,
    ...('facts' in ran ? {} : { notRun: ran }),
    notRead: migrations.flatMap(({ file, unread }) =>
      unread === undefined ? [] : [{ file, reason: unread }],
    ),
    findings: told.filter(({ ignored }) => ignored === undefined),
    ignored: told.filter(({ ignored }) => ignored !== undefined),
  };
}

/** Tables of this file that are open when it has run, and those whose owner nobody declares. */
function endOfFile(sketch: Sketch, statements: readonly LintStatement[]): Sighted[] {
  const made = [...sketch.tables.values()].filter(
    (table) => statements.includes(table.made) && table.made.body['inhRelations'] === undefined,
  );
  // What a block of code makes, no tree says.
  const isGenerated = statements.some(({ kind }) => kind === 'DoStmt');
  return made.flatMap((table): Sighted[] => {
    const place = { at: table.id, file: table.made.file, line: table.made.line };
    if (!sketch.isOwned(table.id)) return isNobodys(sketch, table) ? [] : [{ ...place, ...undeclared }];
    return table.secured === undefined && !isGenerated ? [{ ...place, ...unprotected }] : [];
  });
}

const undeclared = {
  rule: 'ownership-unknown',
  severity: 'warning',
  message: 'Nothing ties the rows to a tenant, and nobody declared them everybody’s.',
} as const;

const unprotected = {
  rule: 'rls-off',
  severity: 'error',
  message: 'A table of tenants without row-level security at the end of the file that makes it.',
} as const;

function isNobodys({ tenancy }: Sketch, { id, made, columns }: SketchedTable): boolean {
  const { relname } = made.body['relation'] as { relname: string };
  return id === tenancy.root || tenancy.global.includes(id) || isLedgerMade(relname, [...columns.keys()]);
}

/**
 * What the doctor judges it judges of what the files made together: what a statement looks like is told where the doctor tells it, too.
 * A table that a later file protects was open until then.
 */
function judgedTogether(
  found: readonly Sighted[],
  { ran, after, statements }: { ran: RanMigrations; after: Sketch; statements: readonly LintStatement[] },
): Sighted[] {
  const isOpen = ({ at, file }: Sighted): boolean => {
    const secured = after.tables.get(at)?.secured;
    const relation = ran.facts.relations.find(({ id }) => id === at);
    return secured === undefined ? relation?.secured === false : secured.file !== file;
  };
  const judged = ran.findings
    // What of the server or the configuration is found no file makes.
    .filter(({ at }) => at.kind !== 'server' && at.kind !== 'configuration');
  const isTold = (each: Sighted): boolean =>
    judged.some(({ rule, at }) => isSame(each, at) && saidOtherwise.get(rule) === each.rule);
  const own = found.filter((each) =>
    each.rule === 'rls-off' ? isOpen(each) : Object.hasOwn(statementRules, each.rule) && !isTold(each),
  );
  const places = placesOf(statements, after.tenancy.schema);
  const last = statements.at(-1);
  return [
    ...own,
    ...judged
      .filter(({ rule, at }) => !(rule === 'rls-off' && own.some((each) => isSame(each, at))))
      .map(({ rule, severity, at, message }): Sighted => {
        const { part, ...whole } = at;
        const names = [rule, saidOtherwise.get(rule)];
        const said = found.findLast((each) => names.includes(each.rule) && isSame(each, at));
        const place = said ?? (part === undefined ? undefined : places(at)) ?? places(whole) ?? last;
        return {
          rule,
          severity,
          at: shownObject(at),
          message,
          file: place?.file ?? '',
          line: place?.line ?? 1,
        };
      }),
  ];
}

/** Rules of the doctor by which it tells what the rule of a statement tells. */
const saidOtherwise: ReadonlyMap<string, string> = new Map([
  ['whole-table-grant', 'grant-widens'],
  ['schema-writable', 'grant-widens'],
  ['role-exempt', 'grant-widens'],
  ['role-owns', 'grant-widens'],
  ['monitoring-role', 'grant-widens'],
]);

function isSame({ at }: Sighted, { schema, name, kind }: IsolationFinding['at']): boolean {
  return at === shownObject({ kind, schema, name });
}

/** Above the statement that it is told at. */
function withReason(finding: Sighted, statements: readonly LintStatement[]): LintFinding {
  const said = statements
    .filter(({ file, line }) => file === finding.file && line === finding.line)
    .flatMap(({ ignores }) => ignores)
    .find(({ rule }) => rule === finding.rule);
  return said === undefined ? finding : { ...finding, ignored: said.reason };
}
