/**
 * A workspace names its model as its runtime writes it. Whatever the tenant calls its provider, each of these spellings is found,
 * counted, moved and taken back: for every model of the registry, and every spelling that an arm of some runtime has.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { spellingPairs } from '../../src/engine/models/spelling.ts';
import type { ModelFacts } from '../../src/engine/models/model.ts';
import { modelTableOf } from '../../src/engine/rules/references.ts';
import { listModels } from '../../src/postgres/facts/model-rows.ts';
import { withTenant } from '../../src/postgres/scope/site.ts';
import { readRules } from '../../src/postgres/catalogue/rules.ts';
import { countUsage } from '../../src/postgres/usage/usage.ts';
import { findMeant } from '../../src/registry/load/routes.ts';
import { allPairs } from '../../src/registry/verdict/pairs.ts';
import { loadRegistryFolder } from '../../src/registry/load/folder.ts';
import { routablePairs } from '../../src/registry/verdict/pairs.ts';
import type { Model } from '../../src/registry/load/shape.ts';
import { applyOne, rollbackOne } from '../support/batches.ts';
import { oneEngine } from '../support/databases.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';

const loaded = loadRegistryFolder();
assert.ok(loaded.kind === 'ok');
const { registry, routes } = loaded;
const models = registry.models.filter(({ kind }) => kind === 'completion');
const tenant = '5e11000f-0000-4000-8000-000000000000';

/** A workspace, and the model that its text means. */
interface Named {
  readonly id: string;
  readonly runtime: string;
  readonly text: string;
  readonly model: Model;
}

const workspaces: Named[] = allPairs(loaded).flatMap(({ runtime, model: text }, n) => {
  const model = routes.runtimes.get(runtime)?.listed.get(text)?.arms[0]?.model ?? findMeant(routes, text);
  assert.ok(model !== undefined, text);
  const id = `5e110000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  return model.kind === 'completion' ? [{ id, runtime, text, model }] : [];
});

const idOf = (n: number, what: number): string =>
  `5e11000${what}-0000-4000-8000-${String(n).padStart(12, '0')}`;
const keyOf = (model: Model): string => idOf(models.indexOf(model), 1);

function named(model: Model): Named[] {
  return workspaces.filter((one) => one.model === model);
}

/** One of each vendor; `npm run soak` moves every model. */
function moving(): Model[] {
  const used = models.filter((model) => named(model).length > 0);
  const isLong = process.env.DROVER_SOAK !== undefined;
  return isLong ? used : [...new Map(used.map((model) => [model.vendor, model])).values()];
}

/** A row of each model, of providers that are called as nobody else calls them, and a workspace of each spelling. */
async function furnish(http: HttpPlatform): Promise<void> {
  const vendors = [...new Set(models.map(({ vendor }) => vendor))];
  await http.asSuperuser(async (tx) => {
    await tx.run(`INSERT INTO migration.tenants (id, name, slug) VALUES ($1, 'Speller', 'speller')`, [
      tenant,
    ]);
    await tx.run(
      `INSERT INTO migration.users (tenant_id, id, email, display_name) VALUES ($1, $1, 'sue@speller.example', 'Sue')`,
      [tenant],
    );
    await tx.run(
      `INSERT INTO migration.model_providers (tenant_id, id, name, is_active, has_credentials) SELECT $1, *, true, true FROM unnest($2::uuid[], $3::text[])`,
      [tenant, vendors.map((_, n) => idOf(n, 2)), vendors.map((vendor) => `Our very own ${vendor}`)],
    );
    await tx.run(
      `INSERT INTO migration.completion_models (tenant_id, id, name, family, provider_id)
       SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[])`,
      [
        tenant,
        models.map(keyOf),
        // The last of several names: rows are found by every name of their model.
        models.map(({ id, aliases = [] }) => aliases.at(-1) ?? id),
        models.map(() => 'spelled'),
        models.map(({ vendor }) => idOf(vendors.indexOf(vendor), 2)),
      ],
    );
    const columns = [workspaces.map(({ id }) => id), workspaces.map(({ runtime }) => runtime)];
    const given = [tenant, ...columns, workspaces.map(({ text }) => text)];
    await tx.run(
      `INSERT INTO migration.workspace_verdicts (tenant_id, workspace_id, runtime, model, reason, registry_version)
       SELECT $1, *, 'kept', 'test' FROM unnest($2::uuid[], $3::text[], $4::text[])`,
      given,
    );
    await tx.run(
      `INSERT INTO migration.workspaces (tenant_id, id, user_id, name, runtime, model, route)
       SELECT $1, id, $1, id::text, runtime, model, 'verdict' FROM unnest($2::uuid[], $3::text[], $4::text[]) AS w (id, runtime, model)`,
      given,
    );
  });
}

oneEngine((engine) => {
  let http: HttpPlatform;
  let rows: ReadonlyMap<string, ModelFacts>;
  before(async () => {
    http = await httpPlatform(engine);
    await furnish(http);
    rows = await withTenant(http.platform.site, { tenant, readOnly: true }, async (tx) => {
      const rules = await readRules(tx, http.platform.site, tenant);
      const model = modelTableOf(rules, { kind: 'completion' });
      assert.ok(model !== undefined);
      const all = await listModels(tx, rules, { model, tenant });
      return new Map(all.map((one) => [one.key ?? '', one]));
    });
  });
  after(() => http.close());

  const stored = async (): Promise<Map<string, string>> => {
    const found = await http.asSuperuser((tx) =>
      tx.many<{ id: string; model: string }>(
        `SELECT id::text, model FROM migration.workspaces WHERE tenant_id = $1 AND model IS NOT NULL`,
        [tenant],
      ),
    );
    return new Map(found.map(({ id, model }) => [id, model]));
  };
  const rowOf = (model: Model): ModelFacts => {
    const row = rows.get(keyOf(model));
    assert.ok(row !== undefined, model.id);
    return row;
  };

  it('counts each workspace once, at the model that it means', async () => {
    const counts = await withTenant(http.platform.site, { tenant, readOnly: true }, async (tx) =>
      countUsage(tx, {
        rules: await readRules(tx, http.platform.site, tenant),
        tenant,
        models: models.map(rowOf),
      }),
    );
    for (const [at, model] of models.entries())
      assert.equal(counts[at]?.['workspaces']?.live ?? 0, named(model).length, model.id);
  });

  it('moves each in its own spelling where its runtime has the target and the same party pays, lists the others, and takes all back', async () => {
    const today = new Date().toISOString().slice(0, 10);
    const payers = new Map(
      routablePairs(loaded, today).map((pair) => [`${pair.runtime} ${pair.model}`, pair.payers]),
    );
    const before = await stored();
    let moved = 0;
    for (const model of moving()) {
      const target = models.find(
        (one) => one !== model && one.vendor === model.vendor && one.lifecycle.status === 'active',
      );
      if (target === undefined) continue;
      const to = new Map(spellingPairs(rowOf(model), rowOf(target)).map((pair) => [pair.from, pair.to]));
      const done = await applyOne(http.platform.site, {
        intent: {
          tenant,
          kind: 'completion',
          from: keyOf(model),
          to: keyOf(target),
          parameters: 'reset',
          answers: {},
          leaveAsks: false,
        },
        actor: 'test',
        confirm: true,
        force: false,
      });
      const now = await stored();
      const left = done.leftBehind.filter(({ reason }) => reason === 'not-allowed');
      let stays = 0;
      for (const { id, runtime, text } of named(model)) {
        const wanted = to.get(text) ?? '';
        const paid = payers.get(`${runtime} ${wanted}`);
        const can = paid !== undefined && paid === (payers.get(`${runtime} ${text}`) ?? paid);
        assert.equal(now.get(id), can ? wanted : text, `${runtime} ${text}`);
        if (can) moved += 1;
        else stays += 1;
      }
      assert.equal(
        left.reduce((sum, { count }) => sum + count, 0),
        stays,
        model.id,
      );
      assert.equal(done.completion !== 'partial', stays === 0);
      const back = await rollbackOne(http.platform.site, {
        tenant,
        migrationId: done.migrationId,
        actor: 'test',
      });
      assert.deepEqual(back.skipped, []);
      assert.deepEqual(await stored(), before, model.id);
    }
    const all = moving().flatMap(named).length;
    assert.ok(moved > all * 0.8, `${moved} of ${all}`);
  });
});
