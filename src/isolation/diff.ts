/**
 * Two reports beside each other: what became better, what somebody has to look at, and what is dangerous. What is not seen any more is
 * never taken for mended.
 */
import type {
  IsolationFinding,
  IsolationObject,
  IsolationReport,
  UseVerdict,
} from '../engine/isolation/report.ts';
import { listed, shownObject } from './ground.ts';
import { whyUnseen } from './looked-for.ts';

type ChangeWeight = 'dangerous' | 'review' | 'safe';

/** What differs, in sentences. */
export type IsolationDiff = Readonly<Record<ChangeWeight, readonly string[]>>;

interface Change {
  readonly weight: ChangeWeight;
  readonly text: string;
}

/** From the first report to the second. */
export function diffReports(from: IsolationReport, to: IsolationReport): IsolationDiff {
  const changes =
    from.nothingToJudge === to.nothingToJudge
      ? [...groundChanges(from, to), ...findingChanges(from, to), ...verdictChanges(from, to)]
      : [nothingJudged(to)];
  const of = (wanted: ChangeWeight): string[] =>
    changes.filter(({ weight }) => weight === wanted).map(({ text }) => text);
  return { dangerous: of('dangerous'), review: of('review'), safe: of('safe') };
}

function nothingJudged({ nothingToJudge }: IsolationReport): Change {
  const text =
    nothingToJudge === undefined ? 'judged now, and was not before' : `nothing is judged: ${nothingToJudge}`;
  return { weight: 'review', text };
}

/** What the two rest on: where that differs a finding may be gone because nobody looked. */
function groundChanges(from: IsolationReport, to: IsolationReport): Change[] {
  const roles = (which: 'applicationRoles' | 'trusted', name: string): Change[] => {
    const [before, after] = [from[which].toSorted(), to[which].toSorted()];
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    const text = `${name}: ${listed(after) || 'none'}, and ${listed(before) || 'none'} before`;
    return [{ weight: 'review', text }];
  };
  const skippedBefore = new Set(
    from.rules.filter(({ state }) => state === 'skipped').map(({ rule }) => rule),
  );
  const readBefore = new Set(from.notRead.map(({ at }) => shownObject(at)));
  return [
    ...roles('applicationRoles', 'application roles'),
    ...roles('trusted', 'trusted roles'),
    ...(from.ownership === to.ownership
      ? []
      : [{ weight: 'review', text: `ownership is ${to.ownership}, and was ${from.ownership}` } as const]),
    ...to.rules
      .filter(({ rule, state }) => state === 'skipped' && !skippedBefore.has(rule))
      .map(({ rule, reason }): Change => ({ weight: 'review', text: `${rule} is skipped: ${reason ?? ''}` })),
    ...to.notRead
      .filter(({ at }) => !readBefore.has(shownObject(at)))
      .map(({ at, reason }): Change => ({
        weight: 'review',
        text: `not read: ${shownObject(at)}: ${reason}`,
      })),
  ];
}

interface Standing {
  readonly finding: IsolationFinding;
  readonly isIgnored: boolean;
}

/** What a baseline knows is there all the same. */
function standing({ findings, baselined = [], ignored }: IsolationReport): Map<string, Standing> {
  const all = [
    ...[...findings, ...baselined].map((finding) => ({ finding, isIgnored: false })),
    ...ignored.map((finding) => ({ finding, isIgnored: true })),
  ];
  return new Map(all.map((each) => [each.finding.fingerprint, each]));
}

const ranks = { info: 0, warning: 1, error: 2 } as const;

function findingChanges(from: IsolationReport, to: IsolationReport): Change[] {
  const [before, after] = [standing(from), standing(to)];
  return [
    ...[...after].flatMap(([fingerprint, now]) => arrived(before.get(fingerprint), now, { from, to })),
    ...[...before].flatMap(([fingerprint, { finding }]) =>
      after.has(fingerprint) ? [] : [departed(finding, to)],
    ),
  ];
}

interface Compared {
  readonly from: IsolationReport;
  readonly to: IsolationReport;
}

function arrived(before: Standing | undefined, { finding, isIgnored }: Standing, both: Compared): Change[] {
  const { severity, rule } = finding;
  const weight = severity === 'error' ? 'dangerous' : 'review';
  const named = `${rule} ${shownObject(finding.at)}`;
  if (isIgnored) {
    if (before?.isIgnored === true) return [];
    return [{ weight: 'review', text: `${named} is ignored: ${finding.ignored ?? ''}` }];
  }
  if (before === undefined) return [{ weight, text: `new ${severity}: ${named}: ${finding.message}` }];
  if (before.isIgnored)
    return [{ weight, text: `${severity}, ignored no more: ${named}: ${finding.message}` }];
  const was = before.finding.severity;
  if (ranks[severity] > ranks[was])
    return [{ weight, text: `${severity}, and was ${was}: ${named}: ${finding.message}` }];
  if (ranks[severity] < ranks[was])
    return [{ weight: 'safe', text: `${severity}, and was ${was}: ${named}` }];
  return grown(finding, both);
}

/** The finding is the same whatever its rows: their number is told by itself. */
function grown({ rule, severity, at }: IsolationFinding, { from, to }: Compared): Change[] {
  const rowsOf = ({ damage }: IsolationReport): { rows: number; sampled?: number } | undefined =>
    damage?.found.find((each) => each.rule === rule && each.by === at.part && isTable(each.table, at));
  const [before, after] = [rowsOf(from), rowsOf(to)];
  if (before === undefined || after === undefined || before.rows === after.rows) return [];
  const named = `${rule} ${shownObject(at)}: ${after.rows} rows, and ${before.rows} before`;
  if (before.sampled !== undefined || after.sampled !== undefined)
    return [{ weight: 'review', text: `${named}, by a sample` }];
  if (after.rows < before.rows) return [{ weight: 'safe', text: named }];
  return [{ weight: severity === 'error' ? 'dangerous' : 'review', text: named }];
}

function isTable(table: string, { kind, schema, name }: IsolationObject): boolean {
  return table === shownObject({ kind, schema, name });
}

/** Gone is good only where it was looked for. */
function departed(finding: IsolationFinding, to: IsolationReport): Change {
  const named = `${finding.rule} ${shownObject(finding.at)}`;
  const reason = whyUnseen({ rule: finding.rule, at: shownObject(finding.at) }, to);
  return reason === undefined
    ? { weight: 'safe', text: `found no more: ${named}` }
    : { weight: 'review', text: `not looked for: ${named}: ${reason}` };
}

function verdictChanges(from: IsolationReport, to: IsolationReport): Change[] {
  const keyOf = ({ table, command, role }: UseVerdict): string => JSON.stringify([table, command, role]);
  const before = new Map(from.verdicts.map((use) => [keyOf(use), use.verdict]));
  return to.verdicts.flatMap((use): Change[] => {
    const was = before.get(keyOf(use));
    const { verdict, reason } = use;
    if (was === verdict) return [];
    const text = `${use.role}: ${use.command.toUpperCase()} ${use.table}: ${verdict}, and was ${was ?? 'no use'} before: ${reason}`;
    if (verdict === 'leak') return [{ weight: 'dangerous', text }];
    return [{ weight: verdict === 'proven' ? 'safe' : 'review', text }];
  });
}
