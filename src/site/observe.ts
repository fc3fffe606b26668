/** What running and counting rows show of a database that was judged. */
import type { ProbedVerdict } from '../engine/isolation/proof.ts';
import type { IsolationReport } from '../engine/isolation/report.ts';
import type { Rules } from '../engine/rules/references.ts';
import type { Observed } from '../isolation/observed.ts';
import type { Database } from '../postgres/driver/database.ts';
import { readDamage } from '../postgres/isolation/damage.ts';
import { probe } from '../postgres/isolation/probe/probe.ts';

export interface Observation {
  /** `write` makes rows, tries to reach them, and takes everything back. */
  readonly probe?: 'read' | 'write';
  /** `sample`: tables of a million rows and more are sampled. */
  readonly damage: 'full' | 'sample' | 'none';
}

export interface Observable {
  readonly report: IsolationReport;
  readonly rules: Rules;
  /** How a transaction of each application role says for which tenant it works. */
  readonly contexts: readonly {
    readonly role: string;
    readonly settings: Readonly<Record<string, string>>;
  }[];
}

/** The probe comes first: nothing may have named a tenant on the connection before. */
export async function observe(
  database: Database,
  { rules, contexts }: Observable,
  { probe: mode, damage }: Observation,
): Promise<Observed> {
  const verdicts: ProbedVerdict[] = [];
  const { seed, triggers } = rules.config.isolation?.probe ?? {};
  // Roles with one context are tried together: another probe on the connection would find the setting emptied.
  const groups = Map.groupBy(contexts, ({ settings }) => JSON.stringify(settings));
  for (const group of mode === undefined ? [] : groups.values())
    verdicts.push(
      ...(await probe(database, {
        rules,
        roles: group.map(({ role }) => role),
        context: { settings: group[0]?.settings ?? {} },
        mode: mode ?? 'read',
        ...(seed === undefined ? {} : { seed }),
        runsTriggers: triggers === 'run',
      })),
    );
  return {
    ...(mode === undefined ? {} : { probe: { mode, verdicts } }),
    ...(damage === 'none' ? {} : { damage: await readDamage(database, { rules, mode: damage }) }),
  };
}
