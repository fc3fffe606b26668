/** What mends findings, online and by phase. Files are written elsewhere, and never to the database. */
import type { IsolationFacts } from '../../engine/isolation/facts.ts';
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { groundOf } from '../application-roles.ts';
import { loadParser } from '../conditions/parser.ts';
import { readConditions } from '../conditions/read.ts';
import type { IsolationSettings } from '../ground.ts';
import { askAsReader, declareStable, fixPath, leak, workAsCaller } from './around-mends.ts';
import { guardCast, nameTenant, namesCaller, oneSetting, silence } from './context-mends.ts';
import { adoptRows, converted, settled } from './data-mends.ts';
import { closeDefaults, closeSchema, guardMapping, takeRights } from './grant-mends.ts';
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
import { noSql } from './mend.ts';
import type { Mend, MendPhase, MendStep, Mending } from './mend.ts';

import {
  dropPolicy,
  forcePolicies,
  replaceCondition,
  sealGlobalRows,
  secureChild,
  secureTable,
  serveRight,
  switchOn,
  tieBehindTrigger,
  tiePolicy,
} from './policy-mends.ts';
import type { MendGround } from './policy-steps.ts';
import { beginWithoutTenant, bindRole, giveAway, keepTriggers, stopWatching } from './role-mends.ts';

type Mends = (ground: MendGround, finding: IsolationFinding) => Mending;

const mendings: ReadonlyMap<string, Mends> = new Map<string, Mends>([
  ['rls-off', secureTable],
  ['rls-not-forced', forcePolicies],
  ['policy-inert', switchOn],
  ['policy-for-exempt-role', dropPolicy],
  ['command-without-policy', serveRight],
  ['job-role-blind', serveRight],
  ['policy-recursive', replaceCondition],
  ['policy-always-true', tiePolicy],
  ['policy-ignores-tenant', tiePolicy],
  ['policies-or-open', tiePolicy],
  ['command-escapes-select', tiePolicy],
  ['check-weaker-than-using', tiePolicy],
  ['context-fails-open', tiePolicy],
  ['global-row-writable', sealGlobalRows],
  ['policy-reads-open-table', guardMapping],
  ['tenant-literal', namesCaller],
  ['tenant-trigger-partial', tieBehindTrigger],
  ['context-cast-unguarded', guardCast],
  ['context-mixed', silence],
  ['context-many-settings', oneSetting],
  ['current-user-shared', nameTenant],
  ['child-table-reachable', secureChild],
  ['immutable-context', declareStable],
  ['volatile-in-policy', declareStable],
  ['definer-function-open', workAsCaller],
  ['definer-search-path', fixPath],
  ['function-leakproof', leak],
  ['view-exempt-owner', askAsReader],
  ['materialized-view-open', takeRights],
  ['foreign-table-open', takeRights],
  ['whole-table-grant', takeRights],
  ['sequence-readable', takeRights],
  ['schema-writable', closeSchema],
  ['default-privileges-open', closeDefaults],
  ['role-exempt', bindRole],
  ['role-owns', giveAway],
  ['monitoring-role', stopWatching],
  ['replica-mode-settable', keepTriggers],
  ['context-by-default', beginWithoutTenant],
  ['rows-without-owner', adoptRows],
  ['rows-cross-tenants', settled],
  ['rows-two-owners', settled],
  ['rows-orphaned', settled],
  ['child-without-tenant-column', converted],
  ['tenant-column-type', converted],
  ['enum-column', converted],
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

/**
 * Mends of those findings that these rules have, in the order of the findings. Nothing for a finding of another rule. Of two that write
 * the same the first is taken, and the other one waits: it would undo it.
 */
export async function mendsOf(
  facts: IsolationFacts,
  settings: IsolationSettings,
  findings: readonly IsolationFinding[],
): Promise<Mend[]> {
  const bare = groundOf(facts, settings);
  const conditions = await readConditions(bare);
  const ground = { ...bare, conditions, parser: await loadParser() };
  const written = new Set<string>();
  return findings.flatMap((finding) => {
    const mending = mendings.get(finding.rule)?.(ground, finding);
    if (mending === undefined) return [];
    const { writes = [] } = mending;
    const isLate = writes.some((each) => written.has(each));
    for (const each of writes) written.add(each);
    return [{ rule: finding.rule, at: finding.at, ...(isLate ? later : mending) }];
  });
}

const later = noSql('another mend writes the same: once it is run, ask again');

const phases: readonly MendPhase[] = ['expand', 'validate', 'bind', 'contract'];

/** The steps of several mends by phase, each once. Taken in this order they clear the findings. */
export function stepsInOrder(mends: readonly Mend[]): MendStep[] {
  const steps = new Map(mends.flatMap((mend) => mend.steps).map((step) => [step.sql.join(';\n'), step]));
  return phases.flatMap((phase) => [...steps.values()].filter((step) => step.phase === phase));
}
