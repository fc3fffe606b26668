/**
 * `npm run bench:plans [-- TENANTS …]`: how long plans take. Plans for all tenants of a fleet with five documents each, tenants growing
 * ten-fold, where SQL knows the way in the documents and where an editor reads them; and one tenant's plan with many places. What counts
 * is processor time, of this thread and of the server.
 */
import Table from 'cli-table3';
import type { Config } from '../src/engine/rules/config.ts';
import { planRun } from '../src/fleet/plan-run.ts';
import { openDatabase } from '../src/postgres/driver/connect.ts';
import { planMove } from '../src/postgres/move/plan.ts';
import { openSite } from '../src/postgres/scope/site.ts';
import type { Site } from '../src/postgres/scope/site.ts';
import { withClient } from './fixture.ts';
import { processorTime } from './processor-time.ts';
import { startPostgres } from '../test/support/postgres-server.ts';

const asked = process.argv
  .slice(2)
  .map(Number)
  .filter((tenants) => tenants > 0);
const move = { from: 'gpt-4o', to: 'gpt-4.1', parameters: 'keep', answers: {}, leaveAsks: true } as const;

const style = { head: [], border: [] };

const server = await startPostgres();
try {
  const fleet = new Table({
    head: ['tenants', 'documents', 'time', 'processor', 'tenants/s', 'peak memory'],
  });
  for (const tenants of asked.length > 0 ? asked : [200, 2_000, 20_000])
    for (const kind of ['jsonb', 'json'] as const) fleet.push(await planFleet(server.url, tenants, kind));
  const places = new Table({ head: ['places', 'time', 'processor'], style });
  for (const tables of [10, 100]) places.push(await planPlaces(server.url, tables));
  process.stdout.write(`${fleet.toString()}\n${places.toString()}\n`);
} finally {
  await server.stop();
}

async function planFleet(url: string, tenants: number, kind: 'json' | 'jsonb'): Promise<string[]> {
  const script = `
    CREATE TABLE flows (id bigint PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, graph ${kind});
    INSERT INTO flows SELECT n, 1 + (n - 1) / 5, ${kind}_build_object('model', 'gpt-4o', 'prompt', repeat('You answer letter ' || n, 3))
      FROM generate_series(1, ${tenants * 5}) n;
    CREATE INDEX ON flows (tenant_id);`;
  const spent = await measure(
    url,
    { tenants, script, places: [{ at: 'flows.graph', json: '/model' }] },
    async (site) => {
      const { ready } = await planRun(site, move);
      if (ready !== tenants) throw new Error(`${ready} of ${tenants} tenants would move`);
    },
  );
  const memory = `${Math.round(process.resourceUsage().maxRSS / 1024)} MB`;
  const perSecond = Math.round((tenants / spent.processorMs) * 1000).toLocaleString('en');
  return [tenants.toLocaleString('en'), `5 ${kind}`, ms(spent.ms), ms(spent.processorMs), perSecond, memory];
}

/** A table has three places: two columns and a document. */
async function planPlaces(url: string, tables: number): Promise<string[]> {
  const names = Array.from({ length: tables }, (_, at) => `t${at}`);
  const created = names.map(
    (
      name,
    ) => `CREATE TABLE ${name} (id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, model text, other text, settings jsonb);
      INSERT INTO ${name} VALUES (1, 1, 'gpt-4o', 'gpt-4o', '{"model": "gpt-4o"}');`,
  );
  const places = names.flatMap((name) => [
    { at: `${name}.model` },
    { at: `${name}.other` },
    { at: `${name}.settings`, json: '/model' },
  ]);
  const spent = await measure(url, { tenants: 1, script: created.join('\n'), places }, async (site) => {
    await planMove(site, { ...move, tenant: '1' });
  });
  return [String(places.length), ms(spent.ms), ms(spent.processorMs)];
}

interface Scene {
  readonly tenants: number;
  readonly script: string;
  readonly places: NonNullable<Config['places']>;
}

/** The work of a process that has read the catalogue before. */
function measure(
  url: string,
  { tenants, script, places }: Scene,
  work: (site: Site) => Promise<void>,
): Promise<{ ms: number; processorMs: number }> {
  return withClient(url, async (client) => {
    await client.query(
      'DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE tenants (id int PRIMARY KEY, name text)',
    );
    await client.query(
      `INSERT INTO tenants SELECT n, 'Tenant ' || n FROM generate_series(1, ${tenants}) n; ${script}`,
    );
    await client.query('VACUUM ANALYZE');
    const database = await openDatabase({ url });
    const tenant = { root: 'tenants', key: 'id', display: 'name', column: 'tenant_id' };
    const config: Config = { version: 1, model: { identity: ['name'] }, tenant, places };
    const site = await openSite({ database, config });
    await planMove(site, { ...move, tenant: '1' });
    const [begin, processor] = [performance.now(), processorTime()];
    await work(site);
    const spent = {
      ms: performance.now() - begin,
      processorMs: (processorTime() - processor) / 1000,
    };
    await database.close();
    return spent;
  });
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
