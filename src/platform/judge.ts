/** The doctor on Drover's own schema: the roles of its scope are bound, the operator is trusted, and a finding is a fault of ours. */
import { fileURLToPath } from 'node:url';
import { loadConfigFile } from '../config-file.ts';
import type { IsolationFacts } from '../engine/isolation/facts.ts';
import type { IsolationReport } from '../engine/isolation/report.ts';
import type { Config } from '../engine/rules/config.ts';
import type { Rules } from '../engine/rules/references.ts';
import { shownObject } from '../isolation/ground.ts';
import type { IsolationSettings } from '../isolation/ground.ts';
import { judge } from '../isolation/judge.ts';
import { optionalRoles, roles } from '../isolation/policies.ts';
import { catalogueMark, reachMark } from '../postgres/catalogue/mark.ts';
import type { Database } from '../postgres/driver/database.ts';
import { manifest } from './manifest.ts';
import { readOwnedFacts } from '../postgres/isolation/owned-facts.ts';

const configFile = fileURLToPath(new URL('drover.config.yaml', import.meta.url));

/** A report, and what it was made from: what probing and counting rows begin with. */
interface JudgedPlatform {
  readonly report: IsolationReport;
  readonly facts: IsolationFacts;
  readonly rules: Rules;
  readonly settings: IsolationSettings;
}

/** The settings by which each of the two roles says for which tenants it works. */
export const platformContexts = [
  { role: roles.application, settings: { 'app.tenant_id': '$tenant' } },
  { role: roles.fleet, settings: { 'app.tenant_ids': '{$tenant}' } },
] as const;

/** Records of Drover's own work name no model that could move, and are left out of plans; whose they are is judged all the same. */
function judgedConfig(): Config {
  const config = loadConfigFile(configFile);
  const ignore = config.database?.ignore?.filter((name) => manifest[name]?.kind !== 'tenant') ?? [];
  return { ...config, database: { ...config.database, ignore } };
}

/** How long what was judged counts where nothing says that it has changed: not all that it reads is marked. */
const judgedForMs = 60_000;

/**
 * Errors of the doctor on Drover's own schema, each as its rule and object. It judges anew when the catalogue is another one, and
 * after a minute at the latest.
 * @param now milliseconds
 */
export function watchIsolation(
  database: Database,
  now: () => number = () => performance.now(),
): () => Promise<readonly string[]> {
  let last: { readonly mark: string; readonly at: number; readonly errors: readonly string[] } | undefined;
  let judging: Promise<readonly string[]> | undefined;
  const ask = async (): Promise<readonly string[]> => {
    const mark = await database.transaction({ readOnly: true }, async (tx) => {
      const [rules, reach] = [await tx.ask(catalogueMark), await tx.ask(reachMark)];
      return `${rules.mark} ${reach.mark}`;
    });
    const at = now();
    if (last?.mark === mark && at - last.at < judgedForMs) return last.errors;
    const { report } = await judgePlatform(database, new Date().toISOString().slice(0, 10));
    const errors = report.findings
      .filter(({ severity }) => severity === 'error')
      .map((finding) => `${finding.rule} ${shownObject(finding.at)}`);
    last = { mark, at, errors };
    return last.errors;
  };
  // Who asks while it judges gets the same answer.
  return () =>
    (judging ??= ask().finally(() => {
      judging = undefined;
    }));
}

/** What the doctor says of Drover's own schema. It reads the catalogue and no row. */
export async function judgePlatform(database: Database, today: string): Promise<JudgedPlatform> {
  const config = judgedConfig();
  const bound = platformContexts.map(({ role }) => role);
  const context = platformContexts.flatMap(({ settings }) => Object.keys(settings));
  const request = { config, records: '', roles: Object.values(roles), settings: context };
  const { facts, rules } = await readOwnedFacts(database, request);
  const settings: IsolationSettings = {
    ownership: 'declared',
    roles: {
      names: [...bound, ...optionalRoles.filter((name) => facts.roles.some((role) => role.name === name))],
      from: 'session',
    },
    // The login has all of these roles: who is it is each of them.
    trusted: [roles.operator, facts.login],
    context,
    ignored: config.isolation?.ignore ?? [],
    today,
  };
  return { report: await judge(facts, settings), facts, rules, settings };
}
