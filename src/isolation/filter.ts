/** A report of some rules and tables alone. What is left out is counted in it, so that a short report is never taken for a clean one. */
import { tableId } from '../engine/catalogue/catalog.ts';
import type { TableId } from '../engine/catalogue/catalog.ts';
import type { IsolationObject, IsolationReport } from '../engine/isolation/report.ts';
import { listed } from './ground.ts';

export interface ReportFilter {
  readonly rules?: readonly string[];
  readonly tables?: readonly TableId[];
}

/** Findings of these rules on these tables; a rule says nothing of verdicts, which a table keeps or leaves out. */
export function filtered(report: IsolationReport, { rules, tables }: ReportFilter): IsolationReport {
  if (rules === undefined && tables === undefined) return report;
  const hasRule = ({ rule }: { readonly rule: string }): boolean => rules?.includes(rule) ?? true;
  const hasTable = (id: TableId): boolean => tables?.includes(id) ?? true;
  const isAt = ({ at }: { readonly at: IsolationObject }): boolean =>
    tables === undefined || (['table', 'view'].includes(at.kind) && hasTable(tableId(at.schema, at.name)));
  const kept = <T extends { readonly rule: string; readonly at: IsolationObject }>(all: readonly T[]): T[] =>
    all.filter((each) => hasRule(each) && isAt(each));
  const ofTable = <T extends { readonly table: TableId }>(all: readonly T[]): T[] =>
    all.filter(({ table }) => hasTable(table));
  const { findings, ignored, baselined, damage, verdicts } = report;
  const shown = { findings: kept(findings), verdicts: ofTable(verdicts) };
  return {
    ...report,
    ...shown,
    rules: report.rules.filter(hasRule),
    notRead: report.notRead.filter(isAt),
    ignored: kept(ignored),
    ...(baselined === undefined ? {} : { baselined: kept(baselined) }),
    ...(damage === undefined
      ? {}
      : {
          damage: {
            tables: ofTable(damage.tables),
            found: ofTable(damage.found).filter(hasRule),
            unseen: ofTable(damage.unseen),
          },
        }),
    filter: {
      ...(rules === undefined ? {} : { rules }),
      ...(tables === undefined ? {} : { tables }),
      findings: findings.length - shown.findings.length,
      verdicts: verdicts.length - shown.verdicts.length,
    },
  };
}

/** What a report leaves out, in a sentence for people; nothing where it is whole. */
export function filterText({ filter }: Pick<IsolationReport, 'filter'>): string | undefined {
  if (filter === undefined) return undefined;
  const { rules, tables, findings, verdicts } = filter;
  const only = [
    ...(rules === undefined ? [] : [`of ${listed(rules)}`]),
    ...(tables === undefined ? [] : [`on ${listed(tables)}`]),
  ].join(' ');
  return `Only findings ${only}: ${findings} findings and ${verdicts} uses of tables are left out and not counted`;
}
