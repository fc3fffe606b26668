/** A plan for all tenants of a fleet, five documents each, by a process that takes little memory. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { PlannedRun } from '../../src/fleet/plan-run.ts';
import { smallDatabase } from '../cases/small-database.ts';
import { drover, scratch } from '../cli/drover-process.ts';
import type { Engine } from './databases.ts';

const config = `
version: 1
model: { identity: [name] }
tenant: { root: tenants, key: id, display: name, column: tenant_id }
places:
  - { at: flows.graph, json: /model }
  - { at: flows.steps, json: "/nodes/*/model" }
`;

/** The document of a flow names the source once where SQL knows the way, and once behind a pattern. */
function script(tenants: number): string {
  return `CREATE TABLE tenants (id int PRIMARY KEY, name text);
    INSERT INTO tenants SELECT n, 'Tenant ' || n FROM generate_series(1, ${tenants}) n;
    CREATE TABLE flows (id bigint PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, graph jsonb, steps json);
    INSERT INTO flows SELECT n, 1 + (n - 1) / 5, jsonb_build_object('model', 'gpt-4o', 'prompt', repeat('letter ' || n, 5)),
      CASE WHEN n % 5 = 0 THEN json_build_object('nodes', json_build_array(json_build_object('model', 'gpt-4o', 'n', n))) END
      FROM generate_series(1, ${tenants * 5}) n;
    CREATE INDEX ON flows (tenant_id); ANALYZE;`;
}

/** Says at the end how much memory the process took at most, in kilobytes. */
const measured = `--import=data:text/javascript,process.on('exit',()=>console.error('peak',process.resourceUsage().maxRSS))`;

const mostMegabytes = 200;

/** Plans, and checks that every tenant and every row of it is there. */
export async function planFleet(engine: Engine, tenants: number): Promise<void> {
  const small = await smallDatabase(engine, script(tenants));
  try {
    const file = scratch('fleet.yaml');
    writeFileSync(file, config);
    const move = ['--all-tenants', '--from', 'gpt-4o', '--to', 'gpt-5', '--json'];
    const { status, stdout, stderr } = await drover(
      ['plan', ...move, '--database', small.address, '--config', file],
      { env: { NODE_OPTIONS: measured } },
    );
    assert.equal(status, 2, stderr.slice(-2000));
    const [, kilobytes] = /^peak (\d+)$/m.exec(stderr) ?? [];
    assert.ok(Number(kilobytes) <= mostMegabytes * 1024, `${kilobytes} kB`);
    const plan = JSON.parse(stdout) as PlannedRun;
    assert.equal(stdout, `${JSON.stringify(plan, null, 2)}\n`);
    assert.deepEqual(
      [plan.total, plan.ready, plan.count, plan.tenants.length],
      [tenants, tenants, tenants * 6, tenants],
    );
    assert.deepEqual(new Set(plan.tenants.map(({ count }) => count)), new Set([6]));
  } finally {
    await small.drop();
  }
}
