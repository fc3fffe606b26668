/** What no rule over the catalogue can say: what running showed, and what counting rows showed, as findings of the same shape. */
import { findTable } from '../engine/catalogue/catalog.ts';
import type { Catalog, TableId } from '../engine/catalogue/catalog.ts';
import type { DamageFact, DamageReport } from '../engine/isolation/damage.ts';
import type { ProbedVerdict, ProbeGap, ProbeLeak } from '../engine/isolation/proof.ts';
import type {
  IsolationFinding,
  IsolationObject,
  IsolationReport,
  UseVerdict,
} from '../engine/isolation/report.ts';
import type { Severity } from '../engine/finding.ts';
import type { IsolationSettings } from './ground.ts';
import { byWeight, reportedFinding } from './judge.ts';
import type { IsolationRule } from './rule.ts';

type ObservedRule = Pick<IsolationRule, 'id' | 'summary' | 'mend'> & { readonly severity: Severity };

/** They have pages like the rules over the catalogue, and are listed with them. */
export const observedRules: readonly ObservedRule[] = [
  {
    id: 'probe-leak',
    severity: 'error',
    mend: 'policy',
    summary: 'a role reached a row of another tenant (--probe)',
  },
  {
    id: 'probe-unverified',
    severity: 'warning',
    mend: 'advice',
    summary: 'something could not be tried (--probe)',
  },
  {
    id: 'rows-cross-tenants',
    severity: 'error',
    mend: 'data',
    summary: 'rows under a row of another tenant (--damage)',
  },
  {
    id: 'rows-two-owners',
    severity: 'error',
    mend: 'data',
    summary: 'rows whose ways lead to two tenants (--damage)',
  },
  {
    id: 'rows-orphaned',
    severity: 'warning',
    mend: 'data',
    summary: 'rows under something that is not there (--damage)',
  },
  {
    id: 'rows-without-owner',
    severity: 'warning',
    mend: 'data',
    summary: 'rows that are no tenant’s (--damage)',
  },
  {
    id: 'baseline-stale',
    severity: 'info',
    mend: 'advice',
    summary: 'a finding of the baseline that is there no more (--baseline)',
  },
];

export interface Observed {
  readonly probe?: { readonly mode: 'read' | 'write'; readonly verdicts: readonly ProbedVerdict[] };
  readonly damage?: DamageReport;
}

export type FindingSettings = Pick<IsolationSettings, 'ignored' | 'ownership' | 'today'>;

/** The report with what was observed: verdicts of what was run, and a finding for each fault. */
export function withObserved(
  report: IsolationReport,
  { probe, damage }: Observed,
  { settings, catalog }: { readonly settings: FindingSettings; readonly catalog: Catalog },
): IsolationReport {
  if (probe === undefined && damage === undefined) return report;
  const seen = [
    ...(probe === undefined ? [] : probeFindings(settings, catalog, probe.verdicts)),
    ...(damage?.found ?? []).map((fact) => damageFinding(settings, catalog, fact)),
  ];
  const isIgnored = ({ ignored }: IsolationFinding): boolean => ignored !== undefined;
  return {
    ...report,
    findings: [...report.findings, ...seen.filter((each) => !isIgnored(each))].sort(byWeight),
    ignored: [...report.ignored, ...seen.filter(isIgnored)].sort(byWeight),
    verdicts: probe === undefined ? report.verdicts : verdictsOf(report.verdicts, probe.verdicts),
    ...(probe === undefined ? {} : { probe: probe.mode }),
    ...(damage === undefined ? {} : { damage }),
  };
}

/** Of uses that there are. One that the catalogue denies is told where it leaked nevertheless, or was not refused. */
function verdictsOf(uses: readonly UseVerdict[], probed: readonly ProbedVerdict[]): UseVerdict[] {
  const nameOf = ({ table, command, role }: Pick<UseVerdict, 'table' | 'command' | 'role'>): string =>
    JSON.stringify([table, command, role]);
  const tried = new Map(probed.map((verdict) => [nameOf(verdict), verdict]));
  const known = new Set(uses.map(nameOf));
  const more = probed.filter((one) => !known.has(nameOf(one)) && (!one.notGranted || one.leaks.length > 0));
  return [
    ...uses.map((use) => {
      const found = tried.get(nameOf(use));
      return found === undefined ? use : useOf(found);
    }),
    ...more.map(useOf),
  ];
}

function useOf({ table, command, role, verdict, leaks, gaps, madeByLogin }: ProbedVerdict): UseVerdict {
  const made = madeByLogin ? '; the login made the rows to try with' : '';
  const reason =
    verdict === 'proven'
      ? `every way was tried${made}`
      : verdict === 'leak'
        ? leaksText(leaks)
        : `${gapsText(gaps)}${made}`;
  return { table, command, role, verdict, reason, ...(leaks.length > 0 ? { leaks } : {}) };
}

function leaksText(leaks: readonly ProbeLeak[]): string {
  return leaks
    .map(({ way, statement, key, made }) => {
      const row = key === undefined ? '' : `, row ${key}${made === true ? ', made for the trial' : ''}`;
      return `${statement} (${way}${row})`;
    })
    .join('; ');
}

function gapsText(gaps: readonly ProbeGap[]): string {
  const texts = gaps.map(({ reason, sqlState, constraint }) =>
    [
      reason,
      ...(sqlState === undefined ? [] : [sqlState]),
      ...(constraint === undefined ? [] : [constraint]),
    ].join(' '),
  );
  return [...new Set(texts)].join('; ');
}

/** One finding for a table and a role: the commands are told in it. */
function probeFindings(
  settings: FindingSettings,
  catalog: Catalog,
  verdicts: readonly ProbedVerdict[],
): IsolationFinding[] {
  const groups = Map.groupBy(verdicts, ({ table, role }) => JSON.stringify([table, role]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const at = { ...tableObject(catalog, first.table), part: first.role };
    const leaks = group.filter(({ verdict }) => verdict === 'leak');
    const gaps = group.filter(({ verdict }) => verdict === 'unverified');
    const told = (some: readonly ProbedVerdict[], text: (one: ProbedVerdict) => string): string =>
      some.map((one) => `${one.command.toUpperCase()}: ${text(one)}`).join('. ');
    return [
      ...(leaks.length === 0
        ? []
        : [
            reportedFinding(settings, {
              rule: 'probe-leak',
              severity: 'error',
              at,
              message: `${first.role} reached rows of another tenant. ${told(leaks, (one) => leaksText(one.leaks))}.`,
              reachedBy: [first.role],
            }),
          ]),
      ...(gaps.length === 0
        ? []
        : [
            reportedFinding(settings, {
              rule: 'probe-unverified',
              severity: 'warning',
              at,
              message: `Nothing is proven of ${first.role} here. ${told(gaps, (one) => gapsText(one.gaps))}.`,
            }),
          ]),
    ];
  });
}

const damageTexts: Readonly<Record<DamageFact['rule'], string>> = {
  'rows-cross-tenants': 'stand under a row of another tenant',
  'rows-two-owners': 'lead to two tenants',
  'rows-orphaned': 'name something that is not there',
  'rows-without-owner': 'are no tenant’s',
};

function damageFinding(settings: FindingSettings, catalog: Catalog, fact: DamageFact): IsolationFinding {
  const { rule, table, by, rows, sampled, tenants, keys } = fact;
  const severity = observedRules.find(({ id }) => id === rule)?.severity ?? 'error';
  const of = sampled === undefined ? '' : ` of the ${sampled} that were read as a sample`;
  const pairs =
    rule === 'rows-cross-tenants' || rule === 'rows-two-owners'
      ? ` ${tenants.map(({ from, to, rows: count }) => `${from} → ${to}: ${count}`).join(', ')}.`
      : '';
  const message = `${rows} rows${of} ${damageTexts[rule]} (${by}).${pairs} Keys: ${keys.join(', ')}${rows > keys.length ? ', …' : ''}.`;
  return reportedFinding(settings, {
    rule,
    severity,
    at: { ...tableObject(catalog, table), part: by },
    message,
  });
}

function tableObject(catalog: Catalog, id: TableId): IsolationObject {
  const table = findTable(catalog, id);
  return { kind: 'table', schema: table?.schema ?? '', name: table?.name ?? id };
}
