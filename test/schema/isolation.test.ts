/** Promise 2: as the application's roles no tenant reads, changes or refers to another's rows, in any table. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sharedRows } from '../../src/engine/tenant.ts';
import { expectedPrivileges, roles } from '../../src/isolation/policies.ts';
import { manifest } from '../../src/platform/manifest.ts';
import { platformScope } from '../../src/platform/scope.ts';
import type { Tx } from '../../src/postgres/driver/database.ts';
import { asFleet, asOperator, asTenant } from '../../src/postgres/scope/tenant.ts';
import { eachEngine } from '../support/databases.ts';
import { type PlatformDatabase, platformDatabase, refusal } from '../support/platform.ts';

const a = '00000001-def0-def0-def0-000000000000';
const b = '00000002-def0-def0-def0-000000000000';
const c = '00000003-def0-def0-def0-000000000000';

const tenantTables = Object.entries(manifest).filter(([, table]) => table.kind === 'tenant');

/** Columns that the database fills itself. */
const generated = ['registry_model', 'verdict_model', 'usable'];

/** One finished migration per tenant, and one of the shared rows, because the demo has none. */
const units = `(SELECT id FROM migration.tenants UNION ALL SELECT '${sharedRows}') AS units (id)`;
const records = `
  INSERT INTO migration.migrations (tenant_id, id, kind, parent_id, status, actor)
    SELECT id, id, 'model', NULL, 'succeeded', 'test' FROM ${units};
  INSERT INTO migration.migration_steps (tenant_id, migration_id, step, operation, table_name, entity, expected)
    SELECT id, id, 1, 'repoint', 'apps', 'apps', 1 FROM ${units};
  INSERT INTO migration.journal (tenant_id, migration_id, step, chunk, action, table_name, key_columns, uuid_keys, row_count)
    SELECT id, id, 1, 1, 'set', 'apps', '{id}', ARRAY[id], 1 FROM ${units};
  INSERT INTO migration.aliases (tenant_id, table_name, old_key, new_key, migration_id)
    SELECT id, 'apps', 'a', 'b', id FROM ${units};
  INSERT INTO migration.set_aside (tenant_id, migration_id, table_name, row_key, row)
    SELECT id, id, 'apps', 'a', '{}' FROM ${units};
  INSERT INTO migration.assets (tenant_id, id, table_name, row_key, kind)
    SELECT t.id, a.id, 'apps', a.id::text, 'apps' FROM migration.tenants t, LATERAL (VALUES (t.id), (md5(t.id::text)::uuid)) a (id);
  INSERT INTO migration.asset_dependencies (tenant_id, dependent_asset_id, dependency_asset_id)
    SELECT id, id, md5(id::text)::uuid FROM migration.tenants;
  INSERT INTO migration.assessments (tenant_id, id, status, horizon, use_days, parameters, actor)
    SELECT id, id, 'in_review', '2030-01-01', 90, 'translate', 'test' FROM migration.tenants;
  INSERT INTO migration.assessment_sources (tenant_id, assessment_id, survey, source, label, kind, says)
    SELECT id, id, 1, 'm', 'm', 'completion', 'registry' FROM migration.tenants;
  INSERT INTO migration.asset_facts (tenant_id, assessment_id, survey, asset_id, source, dead, dependents, data_bound, errors, asked,
      group_name, strategy, confidence, rule, reasons)
    SELECT id, id, 1, id, 'm', false, 0, false, '{}', false, 'g', 'retain', 0.8, 4, '[]'
    FROM migration.tenants;
  INSERT INTO migration.decisions (tenant_id, id, assessment_id, asset_id, source, strategy, until, singly, actor, recommended, confidence, rule)
    SELECT id, id, id, id, 'm', 'retain', '2030-01-01', true, 'test', 'retain', 0.8, 4
    FROM migration.tenants;
  INSERT INTO migration.wave_members (tenant_id, assessment_id, asset_id, wave)
    SELECT id, id, id, 1 FROM migration.tenants;
  INSERT INTO migration.audit_log (tenant_id, id, actor, action)
    VALUES ('${sharedRows}', '${sharedRows}', 'test', 'migration.apply');
  INSERT INTO migration.run_tenants (tenant_id, run_id, position, tenant_name, status)
    SELECT id, '00000000-0000-4000-8000-000000000001', 1, name, 'pending' FROM migration.tenants;
  INSERT INTO migration.idempotency_keys (tenant_id, user_id, key, request_hash, token, lease_until, expires_at)
    SELECT id, id, 'key', 'hash', id, now(), now() FROM migration.tenants`;

eachEngine((engine) => {
  let database: PlatformDatabase;

  before(async () => {
    database = await platformDatabase(engine, 'demo');
    await database.asSuperuser((tx) => tx.script(records));
  });
  after(() => database.drop());

  const asA = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => asTenant(database.db, platformScope, a, work);
  const asNobody = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
    database.db.transaction({ settings: [`SET LOCAL ROLE ${roles.application}`] }, work);
  const operate = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
    asOperator(database.db, platformScope, work);
  const count = async (tx: Tx, table: string, where = 'true'): Promise<number> =>
    (await tx.one<{ n: number }>(`SELECT count(*) AS n FROM migration.${table} WHERE ${where}`)).n;
  /** A whole row as it is, inserted again with some values changed. */
  const insert =
    (table: string, row: object) =>
    async (tx: Tx): Promise<number> => {
      const columns = Object.keys(row)
        .filter((name) => !generated.includes(name))
        .map((name) => `"${name}"`)
        .join(', ');
      const target = `migration.${table}`;
      const from = `jsonb_populate_record(NULL::${target}, $1::jsonb)`;
      return tx.run(`INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${from}`, [row]);
    };
  const rowOf = async (table: string, column: string, tenant: string): Promise<Record<string, unknown>> => {
    const sql = `SELECT to_jsonb(t) AS row FROM migration.${table} t WHERE ${column} = $1 ORDER BY t::text LIMIT 1`;
    return (await database.asSuperuser((tx) => tx.one<{ row: Record<string, unknown> }>(sql, [tenant]))).row;
  };
  /** What changes nothing is as good as what is refused. */
  const nothing = async (work: Promise<number>): Promise<void> => {
    const changed = await work.catch((error: unknown) => (refusal('NOT_PERMITTED')(error) ? 0 : -1));
    assert.equal(changed, 0);
  };

  for (const [table, declaration] of tenantTables) {
    const column = declaration.tenantColumn ?? 'tenant_id';

    describe(table, () => {
      it('has rows of both tenants, of which each sees its own', async () => {
        const all = await database.asSuperuser(async (tx) => ({
          a: await count(tx, table, `${column} = '${a}'`),
          b: await count(tx, table, `${column} = '${b}'`),
        }));
        assert.ok(all.a > 0 && all.b > 0);
        assert.equal(await asA((tx) => count(tx, table)), all.a);
        assert.equal(await asA((tx) => count(tx, table, `${column} = '${b}'`)), 0);
      });

      it('takes no row for another tenant, by insert or by update', async () => {
        const theirs = await rowOf(table, column, b);
        await assert.rejects(asA(insert(table, theirs)), refusal('NOT_PERMITTED'));
        const give = `UPDATE migration.${table} SET ${column} = $1 WHERE ${column} = $2`;
        await assert.rejects(
          asA((tx) => tx.run(give, [b, a])),
          refusal('NOT_PERMITTED'),
        );
      });

      it('does not let another tenant’s rows be changed or deleted', async () => {
        await nothing(
          asA((tx) =>
            tx.run(`UPDATE migration.${table} SET ${column} = ${column} WHERE ${column} = $1`, [b]),
          ),
        );
        await nothing(asA((tx) => tx.run(`DELETE FROM migration.${table} WHERE ${column} = $1`, [b])));
        await nothing(asA((tx) => tx.run(`TRUNCATE migration.${table} CASCADE`)));
      });

      it('shows nothing and takes nothing where no tenant is set', async () => {
        assert.equal(await asNobody((tx) => count(tx, table)), 0);
        await assert.rejects(
          asNobody(insert(table, await rowOf(table, column, a))),
          refusal('NOT_PERMITTED'),
        );
        await nothing(asNobody((tx) => tx.run(`DELETE FROM migration.${table}`)));
      });

      it('shows a fleet the tenants that it names', async () => {
        const tenants = await asFleet(database.db, platformScope, [a, c], (tx) =>
          tx.many<{ id: string }>(`SELECT DISTINCT ${column}::text AS id FROM migration.${table} ORDER BY 1`),
        );
        assert.deepEqual(
          tenants.map(({ id }) => id),
          [a, c],
        );
        const theirs = await rowOf(table, column, b);
        await assert.rejects(
          asFleet(database.db, platformScope, [a, c], insert(table, theirs)),
          refusal('NOT_PERMITTED'),
        );
      });

      it('opens to an operator only where the manifest says so', async () => {
        const open = declaration.operatorRows === 'shared' ? `${column} = '${sharedRows}'` : 'true';
        const all = await database.asSuperuser((tx) => count(tx, table, open));
        const look = operate((tx) => count(tx, table));
        if (expectedPrivileges(declaration, roles.operator).length === 0)
          return assert.rejects(look, refusal('NOT_PERMITTED'));
        assert.ok(all > 0);
        assert.equal(await look, all);
        if (open === 'true') return;
        const theirs = await rowOf(table, column, b);
        await assert.rejects(operate(insert(table, theirs)), refusal('NOT_PERMITTED'));
        await nothing(
          operate((tx) =>
            tx.run(`UPDATE migration.${table} SET ${column} = ${column} WHERE ${column} = $1`, [b]),
          ),
        );
      });

      it('refuses a reference to another tenant’s row even to a superuser', async () => {
        const keys = await database.asSuperuser((tx) =>
          tx.many<Reference>(references, [`migration.${table}`]),
        );
        for (const { column: reference, target, referenced } of keys) {
          const theirs = (await rowOf(target, 'tenant_id', b))[referenced];
          const point = `UPDATE migration.${table} SET "${reference}" = $1
            WHERE ctid = (SELECT ctid FROM migration.${table} WHERE tenant_id = $2 ORDER BY "${reference}" IS NULL LIMIT 1)`;
          await assert.rejects(
            database.asSuperuser((tx) => tx.run(point, [theirs, a])),
            refusal('STILL_REFERENCED'),
            reference,
          );
        }
      });
    });
  }

  it('records cannot be rewritten, and everybody’s templates only be read', async () => {
    for (const table of ['audit_log', 'journal', 'questions', 'app_runs']) {
      await assert.rejects(
        asA((tx) => tx.run(`UPDATE migration.${table} SET tenant_id = tenant_id`)),
        refusal('NOT_PERMITTED'),
      );
      await assert.rejects(
        asA((tx) => tx.run(`DELETE FROM migration.${table}`)),
        refusal('NOT_PERMITTED'),
      );
    }
    for (const table of ['global_assistant_templates', 'global_app_templates']) {
      assert.ok((await asA((tx) => count(tx, table))) > 0);
      await assert.rejects(
        asA((tx) => tx.run(`DELETE FROM migration.${table}`)),
        refusal('NOT_PERMITTED'),
      );
    }
    await assert.rejects(
      asA((tx) => count(tx, 'schema_migrations')),
      refusal('NOT_PERMITTED'),
    );
  });
});

interface Reference {
  readonly column: string;
  readonly target: string;
  readonly referenced: string;
}

/**
 * For each foreign key between tenants' tables the column that names a row within the tenant. The keys of a workspace's route
 * hold or not by another column; test/guarantees/routing.test.ts tries them.
 */
const references = `
  SELECT a.attname::text AS column, t.relname::text AS target, r.attname::text AS referenced
  FROM pg_constraint k JOIN pg_class t ON t.oid = k.confrelid
  CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS pair (own, other)
  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.own
  JOIN pg_attribute r ON r.attrelid = k.confrelid AND r.attnum = pair.other
  WHERE k.conrelid = $1::regclass AND k.contype = 'f' AND r.attname NOT IN ('tenant_id', 'is_live') AND t.relname NOT IN ('tenants', 'registry_pairs', 'workspace_verdicts') AND a.attname NOT LIKE 'held\\_%'`;
