/** Judges the facts of a database: who is bound, what each rule sees, what one rule explains of another, and what nobody judged. */
import { hash } from 'node:crypto';
import { canonicalText } from '../engine/canonical.ts';
import type { IsolationFacts } from '../engine/isolation/facts.ts';
import type {
  IsolationFinding,
  IsolationObject,
  IsolationReport,
  RuleState,
} from '../engine/isolation/report.ts';
import { compareText } from '../engine/order.ts';
import { groundOf } from './application-roles.ts';
import { readConditions } from './conditions/read.ts';
import { shownObject } from './ground.ts';
import type { Ground, IsolationSettings } from './ground.ts';
import type { IsolationRule, Sighting } from './rule.ts';
import { allRules } from './rules/all-rules.ts';
import { unverifiedUses } from './unverified.ts';

/** The whole judgement. Nothing is asked of the database any more. */
export async function judge(facts: IsolationFacts, settings: IsolationSettings): Promise<IsolationReport> {
  const bare = groundOf(facts, settings);
  const ground: Ground = { ...bare, conditions: await readConditions(bare) };
  const states = allRules.map((rule) => stateOf(rule, facts));
  const seen = lookFor(ground, states);
  const findings = explained(seen)
    .map((each) => findingOf(ground, each))
    .sort(byWeight);
  return {
    ...headOf(ground),
    rules: states,
    notRead: notRead(ground),
    findings: findings.filter(({ ignored }) => ignored === undefined),
    ignored: findings.filter(({ ignored }) => ignored !== undefined),
    verdicts: unverifiedUses(ground),
  };
}

/** Rules in their order: the last of them judges what the others saw. */
function lookFor(ground: Ground, states: readonly RuleState[]): SeenByRule[] {
  const judged = new Set(states.filter(({ state }) => state === 'judged').map(({ rule }) => rule));
  const seen: SeenByRule[] = [];
  for (const rule of allRules.filter(({ id }) => judged.has(id))) {
    const sightings = seen.map(({ rule: { id }, sighting: { at } }) => ({ rule: id, at }));
    seen.push(...rule.find(ground, { states, sightings }).map((sighting) => ({ rule, sighting })));
  }
  return seen;
}

/** The report on a database that has a single tenant, or in which each has a schema of its own: policies keep nobody apart there. */
export function nothingToJudge(
  facts: IsolationFacts,
  settings: IsolationSettings,
  tenancy: 'single' | 'schemas',
): IsolationReport {
  const reason =
    tenancy === 'single'
      ? 'the database has a single tenant'
      : 'each tenant has a schema of its own, which the doctor does not judge';
  return {
    ...headOf({ ...groundOf(facts, settings), conditions: new Map() }),
    nothingToJudge: reason,
    rules: allRules.map(({ id }) => ({ rule: id, state: 'skipped', reason })),
    notRead: [],
    findings: [],
    ignored: [],
    verdicts: [],
  };
}

function headOf({
  facts,
  settings,
  applicationRoles,
  rolesFrom,
  trusted,
}: Ground): Omit<IsolationReport, 'rules' | 'notRead' | 'findings' | 'ignored' | 'verdicts'> {
  const kinds = [...facts.ownership.values()].map(({ kind }) => kind);
  const count = (wanted: string): number => kinds.filter((kind) => kind === wanted).length;
  return {
    version: 1,
    server: facts.version,
    engine: facts.engine,
    database: facts.database,
    login: facts.login,
    ownership: settings.ownership,
    applicationRoles,
    rolesFrom,
    trusted,
    tables: { owned: count('tenant'), global: count('global'), unknown: count('unknown') },
  };
}

function stateOf({ id, needs = [] }: IsolationRule, { unread }: IsolationFacts): RuleState {
  const missing = unread.find(({ part }) => needs.includes(part));
  return missing === undefined
    ? { rule: id, state: 'judged' }
    : { rule: id, state: 'skipped', reason: missing.reason };
}

function notRead({ conditions }: Ground): IsolationReport['notRead'] {
  return [...conditions.values()].flatMap(({ at, unread }) =>
    unread === undefined ? [] : [{ at, reason: unread }],
  );
}

interface SeenByRule {
  readonly rule: IsolationRule;
  readonly sighting: Sighting;
}

interface ExplainedSighting extends SeenByRule {
  readonly also: IsolationFinding['also'];
}

/** One fault, one finding: what a rule explains on an object that it names is told with it. */
function explained(seen: readonly SeenByRule[]): ExplainedSighting[] {
  const explains = ({ rule, sighting }: SeenByRule, other: SeenByRule): boolean =>
    (rule.explains ?? []).includes(other.rule.id) &&
    [sighting.at, ...(sighting.covers ?? [])].some((at) => isWithin(other.sighting.at, at));
  const isExplained = (each: SeenByRule): boolean =>
    seen.some((other) => other !== each && explains(other, each));
  return seen
    .filter((each) => !isExplained(each))
    .map((each) => ({
      ...each,
      also: seen
        .filter((other) => explains(each, other))
        .map(({ rule, sighting }) => ({ rule: rule.id, at: sighting.at })),
    }));
}

/** A table holds its policies and keys. */
function isWithin(inner: IsolationObject, outer: IsolationObject): boolean {
  return (
    inner.kind === outer.kind &&
    inner.schema === outer.schema &&
    inner.name === outer.name &&
    (outer.part === undefined || outer.part === inner.part)
  );
}

function findingOf({ settings }: Ground, { rule, sighting, also }: ExplainedSighting): IsolationFinding {
  const severity = sighting.severity ?? (rule.severity === 'by reach' ? 'error' : rule.severity);
  return reportedFinding(settings, { ...sighting, rule: rule.id, severity, also });
}

/** A finding with its fingerprint, and why it is not counted where somebody said so. */
export function reportedFinding(
  settings: Pick<IsolationSettings, 'ignored' | 'ownership' | 'today'>,
  seen: Pick<IsolationFinding, 'rule' | 'severity' | 'at' | 'message'> & Partial<IsolationFinding>,
): IsolationFinding {
  const { rule, severity, at, message, reachedBy = [], also = [] } = seen;
  const ignored = settings.ignored.find(
    (each) =>
      each.rule === rule &&
      (each.at === '*' || each.at === shownObject(at)) &&
      (each.until === undefined || each.until >= settings.today),
  );
  return {
    rule,
    severity,
    at,
    message,
    ownership: settings.ownership,
    reachedBy,
    also,
    fingerprint: fingerprintOf(rule, at),
    ...(ignored === undefined ? {} : { ignored: ignored.reason }),
  };
}

/** The same for the same rule and object, whatever else changes. */
function fingerprintOf(rule: string, { kind, schema, name, part }: IsolationObject): string {
  return hash('sha256', canonicalText([rule, kind, schema, name, part ?? null])).slice(0, 32);
}

const weights = { error: 0, warning: 1, info: 2 } as const;

/** The worst first. */
export function byWeight(a: IsolationFinding, b: IsolationFinding): number {
  const text = ({ at, rule }: IsolationFinding): string =>
    canonicalText([at.schema, at.name, at.part ?? '', rule]);
  return weights[a.severity] - weights[b.severity] || compareText(text(a), text(b));
}
