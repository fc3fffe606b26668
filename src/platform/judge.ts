/** The doctor on Drover's own schema: the roles of its scope are bound, the operator is trusted, and a finding is a fault of ours. */
import { fileURLToPath } from 'node:url';
import { loadConfigFile } from '../config-file.ts';
import type { IsolationReport } from '../engine/isolation/report.ts';
import { judge } from '../isolation/judge.ts';
import { roles } from '../isolation/policies.ts';
import type { Database } from '../postgres/driver/database.ts';
import { readOwnedFacts } from '../postgres/isolation/owned-facts.ts';

const configFile = fileURLToPath(new URL('drover.config.yaml', import.meta.url));

/** What the doctor says of Drover's own schema. It reads the catalogue and no row. */
export async function judgePlatform(database: Database, today: string): Promise<IsolationReport> {
  const config = loadConfigFile(configFile);
  const bound = [roles.application, roles.fleet];
  const settings = ['app.tenant_id', 'app.tenant_ids'];
  const request = { config, records: '', roles: Object.values(roles), settings };
  const { facts } = await readOwnedFacts(database, request);
  return judge(facts, {
    ownership: 'declared',
    roles: { names: bound, from: 'session' },
    // The login has all three roles: who is it is each of them.
    trusted: [roles.operator, facts.login],
    context: settings,
    ignored: config.isolation?.ignore ?? [],
    today,
  });
}
