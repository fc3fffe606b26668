/** What mends findings of keys, owner columns and indexes, online and by phase. Files are written elsewhere, and never to the database. */
import type { IsolationFacts } from '../../engine/isolation/facts.ts';
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { groundOf } from '../application-roles.ts';
import type { Ground, IsolationSettings } from '../ground.ts';
import { indexKey, indexTenant, widenUnique } from './index-mends.ts';
import {
  enforce,
  fillOwner,
  spareOwner,
  tieKey,
  tiePartner,
  tieRoot,
  validateConstraint,
} from './key-mends.ts';
import type { Mend, MendPhase, MendStep, Mending } from './mend.ts';

const mendings: ReadonlyMap<string, (ground: Ground, finding: IsolationFinding) => Mending> = new Map([
  ['key-crosses-tenants', tieKey],
  ['key-acts-across-tenants', tieKey],
  ['key-tenant-optional', fillOwner],
  ['key-set-null-tenant', spareOwner],
  ['key-not-validated', validateConstraint],
  ['key-not-enforced', enforce],
  ['unique-across-tenants', widenUnique],
  ['tenant-column-nullable', fillOwner],
  ['tenant-root-untied', tieRoot],
  ['second-owner-untied', tiePartner],
  ['tenant-index-missing', indexTenant],
  ['foreign-key-unindexed', indexKey],
]);

/** Mends of those findings that these rules have, in the order of the findings. Nothing for a finding of another rule. */
export function mendsOf(
  facts: IsolationFacts,
  settings: IsolationSettings,
  findings: readonly IsolationFinding[],
): Mend[] {
  const ground = { ...groundOf(facts, settings), conditions: new Map() };
  return findings.flatMap((finding) => {
    const mending = mendings.get(finding.rule);
    return mending === undefined ? [] : [{ rule: finding.rule, at: finding.at, ...mending(ground, finding) }];
  });
}

const phases: readonly MendPhase[] = ['expand', 'validate', 'bind', 'contract'];

/** The steps of several mends by phase, each once. Taken in this order they clear the findings. */
export function stepsInOrder(mends: readonly Mend[]): MendStep[] {
  const steps = new Map(mends.flatMap((mend) => mend.steps).map((step) => [step.sql.join(';\n'), step]));
  return phases.flatMap((phase) => [...steps.values()].filter((step) => step.phase === phase));
}
