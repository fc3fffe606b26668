/** What concerns one tenant of a run concerns no other: each gets what it should, with its reason, whatever becomes of the others. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { createRun } from '../../src/fleet/create.ts';
import { type PlannedRun, type PlannedTenant, planRun } from '../../src/fleet/plan-run.ts';
import { claimTenants, renewClaim } from '../../src/postgres/runs/claims.ts';
import type { RunTenant } from '../../src/postgres/runs/tenants.ts';
import { planOne } from '../support/batches.ts';
import { oneEngine } from '../support/databases.ts';
import {
  digestFleet,
  type Fleet,
  fleetId,
  newModel,
  oldModel,
  openFleet,
  runAll,
  runRequest,
  tenantsOf,
} from '../support/fleet.ts';
import { intentFor, refusedWith } from '../support/guarantee.ts';

const tenant = (n: number): string => fleetId(n, 'tenant');

oneEngine((engine) => {
  let fleet: Fleet;
  beforeEach(async () => {
    fleet = await openFleet(engine, 12);
  });
  afterEach(() => fleet.drop());

  const byNumber = async (runId: string): Promise<(n: number) => RunTenant> => {
    const all = await tenantsOf(fleet.site, runId);
    return (n) => {
      const found = all.find((one) => one.tenant === tenant(n));
      assert.ok(found, `tenant ${n}`);
      return found;
    };
  };
  const says = ({ status, code }: RunTenant): string => [status, ...(code === null ? [] : [code])].join(' ');
  const referencesOf = async (n: number): Promise<string[]> => {
    const rows = await fleet.many<{ name: string }>(
      `SELECT DISTINCT m.name FROM migration.assistants a JOIN migration.completion_models m ON (m.tenant_id, m.id) = (a.tenant_id, a.completion_model_id) WHERE a.tenant_id = $1 ORDER BY 1`,
      [tenant(n)],
    );
    return rows.map(({ name }) => name);
  };

  /** 1 a row that cannot move, 2 a disabled target, 3 no target, 4 no source, 5 suspended, 6 off it before, 7 a demand of its space. */
  const trouble = `
    CREATE FUNCTION migration.planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.completion_model_id = '${fleetId(1, 'new')}' THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'planted', CONSTRAINT = 'planted';
      END IF; RETURN NEW; END $$;
    CREATE TRIGGER planted BEFORE UPDATE ON migration.assistants FOR EACH ROW EXECUTE FUNCTION migration.planted();
    UPDATE migration.completion_models SET is_enabled = false WHERE id = '${fleetId(2, 'new')}';
    UPDATE migration.completion_models SET name = 'Claude-Sonnet-4-6' WHERE id = '${fleetId(3, 'new')}';
    UPDATE migration.completion_models SET name = 'Claude-3-7-Sonnet' WHERE id = '${fleetId(4, 'old')}';
    UPDATE migration.tenants SET state = 'suspended' WHERE id = '${tenant(5)}';
    UPDATE migration.completion_models SET security_classification = 3 WHERE id = '${fleetId(7, 'old')}';
    UPDATE migration.spaces SET security_classification = 3 WHERE id = '${fleetId(7, 'space')}'`;

  it('each tenant fails, is skipped or succeeds by itself, with its reason', async () => {
    const first = await runAll(fleet.site, { tenants: [tenant(6)] });
    assert.equal(first.succeeded, 1);
    await fleet.script(trouble);
    const run = await runAll(fleet.site, { waveSize: 100 });
    assert.deepEqual(
      [run.status, run.succeeded, run.failed, run.skipped, run.total],
      ['failed', 5, 4, 3, 12],
    );
    const of = await byNumber(run.id);
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((n) => says(of(n))),
      [
        'failed ROW_REFUSED',
        'failed PLAN_REFUSED',
        'failed MODEL_NOT_FOUND',
        'skipped SOURCE_MISSING',
        'skipped TENANT_SUSPENDED',
        'skipped ALREADY_MIGRATED',
        'failed PLAN_REFUSED',
        'succeeded',
      ],
    );
    assert.match(of(1).message ?? '', /planted/);
    assert.ok(of(2).findings.some(({ code }) => code === 'TARGET_DISABLED'));
    assert.ok(of(7).findings.some(({ code }) => code === 'SECURITY_BELOW_DEMAND'));
    assert.ok(of(3).findings.some(({ code }) => code === 'NEAR_MISS'));
    assert.ok(of(4).findings.some(({ code }) => code === 'NEAR_MISS'));
    for (const n of [1, 2, 3, 5, 7]) assert.deepEqual(await referencesOf(n), [oldModel], `tenant ${n}`);
    for (const n of [6, 8, 9, 10, 11, 12]) assert.deepEqual(await referencesOf(n), [newModel], `tenant ${n}`);
  });

  it('a refusal leaves a record with its reason, as a single migration does', async () => {
    await fleet.script(trouble);
    await runAll(fleet.site, { tenants: [1, 2].map(tenant) });
    const records = await fleet.many<{ code: string }>(
      `SELECT error_code AS code FROM migration.migrations WHERE status = 'failed' ORDER BY 1`,
    );
    assert.deepEqual(
      records.map(({ code }) => code),
      ['PLAN_REFUSED', 'ROW_REFUSED'],
    );
  });

  it('suspended tenants are moved where that is said, and what is forced the database may still refuse', async () => {
    await fleet.script(trouble);
    const run = await runAll(fleet.site, {
      tenants: [5, 7].map(tenant),
      includeSuspended: true,
      force: true,
      reason: 'agreed with their security',
    });
    assert.deepEqual([run.status, run.succeeded, run.failed], ['failed', 1, 1]);
    assert.equal(says((await byNumber(run.id))(7)), 'failed SECURITY_BELOW_DEMAND');
  });

  it('a confirmation passes warnings and nothing else; without it a warning fails that tenant', async () => {
    await fleet.script(
      `${trouble}; UPDATE migration.completion_models SET is_deprecated = true WHERE id = '${fleetId(8, 'new')}'`,
    );
    const unconfirmed = await runAll(fleet.site, { tenants: [2, 8].map(tenant), confirm: false });
    const of = await byNumber(unconfirmed.id);
    assert.deepEqual(
      [2, 8].map((n) => says(of(n))),
      ['failed PLAN_REFUSED', 'failed CONFIRMATION_REQUIRED'],
    );
    assert.ok(of(8).findings.some(({ code }) => code === 'TARGET_DEPRECATED'));
    const confirmed = await byNumber(
      (await runAll(fleet.site, { tenants: [2, 8].map(tenant), confirm: true })).id,
    );
    assert.deepEqual(
      [2, 8].map((n) => says(confirmed(n))),
      ['failed PLAN_REFUSED', 'succeeded'],
    );
  });

  it('keys are used in the tenant that owns them, names in the others, and a mapping before both', async () => {
    await fleet.script(`
      INSERT INTO migration.completion_models (tenant_id, id, name, family, provider_id) VALUES
        ('${tenant(2)}', 'f1ee7200-0000-4000-8000-000000000001', 'something else', 'claude', '${fleetId(2, 'provider')}')`);
    const run = await runAll(fleet.site, {
      tenants: [1, 2, 3].map(tenant),
      from: fleetId(1, 'old'),
      to: fleetId(1, 'new'),
      mapping: { [tenant(2)]: { to: 'f1ee7200-0000-4000-8000-000000000001' } },
    });
    assert.equal(run.succeeded, 3);
    const of = await byNumber(run.id);
    assert.deepEqual(
      [1, 2, 3].map((n) => [of(n).fromKey, of(n).toKey]),
      [
        [fleetId(1, 'old'), fleetId(1, 'new')],
        [fleetId(2, 'old'), 'f1ee7200-0000-4000-8000-000000000001'],
        [fleetId(3, 'old'), fleetId(3, 'new')],
      ],
    );
  });

  it('what is wrong for all tenants is refused before anything is begun', async () => {
    const start = await digestFleet(fleet.database);
    const ask = (change: Parameters<typeof runRequest>[0]): Promise<string> =>
      createRun(fleet.site, runRequest(change));
    await refusedWith(ask({ to: oldModel }), 'SAME_MODEL');
    await refusedWith(ask({ to: `claude/${oldModel}` }), 'SAME_MODEL');
    await refusedWith(ask({ from: 'claude-9' }), 'MODEL_NOT_FOUND');
    await refusedWith(ask({ to: fleetId(1, 'user') }), 'MODEL_NOT_FOUND');
    await refusedWith(ask({ entityTypes: ['app'] }), 'ENTITY_TYPE_UNKNOWN');
    await refusedWith(ask({ entityTypes: [] }), 'ENTITY_TYPE_UNKNOWN');
    await refusedWith(ask({ entityTypes: ['global_app_templates'], shared: true }), 'ENTITY_TYPE_UNKNOWN');
    await refusedWith(ask({ entityTypes: ['space_completion_models'] }), 'ENTITY_TYPES_INCOMPLETE');
    await refusedWith(ask({ kind: 'smell' }), 'KIND_UNKNOWN');
    await refusedWith(ask({ tenants: [fleetId(1, 'user')] }), 'TENANT_NOT_FOUND');
    await refusedWith(ask({ tenants: [tenant(1), tenant(1)] }), 'RUN_INVALID');
    await refusedWith(ask({ tenants: [tenant(1)], mapping: { [tenant(2)]: {} } }), 'RUN_INVALID');
    await refusedWith(ask({ waveSize: 0 }), 'RUN_INVALID');
    await refusedWith(ask({ force: true }), 'FORCE_NEEDS_REASON');
    await fleet.script(
      `INSERT INTO migration.completion_models (tenant_id, id, name, family, provider_id) VALUES ('${tenant(9)}', gen_random_uuid(), '${newModel}', 'other', '${fleetId(9, 'provider')}')`,
    );
    await refusedWith(ask({}), 'MODEL_AMBIGUOUS');
    assert.deepEqual(await fleet.many('SELECT FROM migration.runs'), []);
    await fleet.script(`DELETE FROM migration.completion_models WHERE family = 'other'`);
    assert.deepEqual(await digestFleet(fleet.database), start);
  });

  it('a plan of a run says of each tenant what the run does then, and writes nothing', async () => {
    await fleet.script(trouble);
    const start = await digestFleet(fleet.database);
    const planned = await planRun(fleet.site, runRequest());
    const gone = { rehearse: true, signal: AbortSignal.abort() };
    await assert.rejects(planRun(fleet.site, runRequest(), gone), { code: 'INTERRUPTED' });
    assert.deepEqual(await digestFleet(fleet.database), start);
    assert.deepEqual(await fleet.many('SELECT FROM migration.runs'), []);
    assert.deepEqual([planned.total, planned.ready, planned.failed, planned.skipped], [12, 7, 3, 2]);
    for (const one of planned.tenants.filter(({ status }) => status === 'ready')) {
      const keys = { from: one.fromKey ?? '', to: one.toKey ?? '' };
      const alone = await planOne(fleet.site, intentFor({ tenant: one.tenant, kind: 'completion', ...keys }));
      assert.equal(one.planHash, alone.hash, one.tenantName);
      assert.deepEqual(one.details, alone.counts);
    }
    const taken: PlannedTenant[] = [];
    const kept = await planRun(fleet.site, runRequest(), { take: (one) => taken.push(one) });
    assert.deepEqual([kept, taken], [{ ...planned, tenants: [] }, planned.tenants]);
    await pagesOf(planned);
    const tried = await planRun(fleet.site, runRequest(), { rehearse: true });
    assert.deepEqual([tried.ready, tried.failed], [6, 4], 'a rehearsal finds what a plan does not');
    await pagesOf(tried, true);
  });

  it('a page reads the models of its tenants only, once the names were looked for in all', async () => {
    const counted = await planRun(fleet.site, runRequest());
    const bound: string[] = [];
    const { database } = fleet.site;
    const watched: Database = {
      engine: database.engine,
      transaction: (opening, work, extent) => {
        bound.push(JSON.stringify(opening));
        return database.transaction(opening, work, extent);
      },
      alone: (work) => database.alone(work),
      close: () => database.close(),
    };
    await planRun({ ...fleet.site, database: watched }, runRequest(), {
      page: { after: 0, limit: 2, counted },
    });
    const naming = (n: number): number => bound.filter((opening) => opening.includes(tenant(n))).length;
    assert.ok(naming(1) > 2, String(naming(1)));
    // What the two names mean is told by the rows of all tenants.
    assert.deepEqual([4, 8, 12].map(naming), [1, 1, 1]);
  });

  /** Page by page the same tenants and in the end the same counts; after the first page no tenant of another one is planned. */
  async function pagesOf({ tenants, ...counts }: PlannedRun, rehearse = false): Promise<void> {
    const limit = 5;
    let before: PlannedRun | undefined;
    for (let after = 0; after < tenants.length; after += limit) {
      const visits: number[] = [];
      const page = { after, limit, ...(before === undefined ? {} : { counted: before }) };
      const onTenant = (_: number, total: number): unknown => visits.push(total);
      before = await planRun(fleet.site, runRequest(), { rehearse, page, onTenant });
      assert.deepEqual(before.tenants.slice(0, limit), tenants.slice(after, after + limit));
      assert.equal(before.tenants.length > limit, after + limit < tenants.length);
      assert.deepEqual(visits, [after === 0 ? 12 : Math.min(limit + 1, 12 - after)]);
    }
    const { tenants: _, ...told } = before ?? { tenants };
    assert.deepEqual(told, counts);
  }

  it('a sign of life does not wait for the tenants that are being recorded', async () => {
    if (engine === 'embedded') return;
    const runId = await createRun(fleet.site, runRequest());
    const claim = { runId, claim: fleetId(1, 'user'), worker: 'one', leaseMs: 30_000 };
    await fleet.script(`UPDATE migration.runs SET status = 'running'`);
    assert.equal((await claimTenants(fleet.site, claim, 12)).length, 12);
    await fleet.script(`UPDATE migration.run_tenants SET claimed_until = now() - interval '1 second'`);
    const recording = await openDatabase(fleet.target);
    try {
      await recording.transaction({}, async (tx) => {
        await tx.run('SELECT FROM migration.run_tenants WHERE tenant_id = $1 FOR UPDATE', [tenant(7)]);
        await renewClaim(fleet.site, claim);
      });
    } finally {
      await recording.close();
    }
    const overdue = await fleet.many(
      'SELECT tenant_id AS id FROM migration.run_tenants WHERE claimed_until < now()',
    );
    assert.deepEqual(overdue, [{ id: tenant(7) }]);
  });
});
