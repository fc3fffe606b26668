/**
 * What must not pass while a conversion is under way: each is planted in a database that is half converted, and refused by its name before
 * a further step; and what stands in the way is named, waited for, and gone on from.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { ConversionPhase } from '../../src/engine/tenantize/conversion.ts';
import { DroverError } from '../../src/errors.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import { oneEngine } from '../support/databases.ts';
import { converting } from './converting.ts';
import { openRaw, withOpened } from './ground.ts';
import { inWorkshop, other, v1Login, zero } from './workshop.ts';

/** What is done between two phases, what is said of it, and how it is undone. */
const plants: readonly (readonly [
  what: string,
  after: ConversionPhase,
  plant: string,
  says: RegExp,
  undo: string,
])[] = [
  [
    'a table',
    'expand',
    'CREATE TABLE public.late (id integer)',
    /public\.late has come, and has no class/,
    'DROP TABLE public.late',
  ],
  [
    'a column',
    'expand',
    'ALTER TABLE v2.notes ADD late integer',
    /v2\.notes has a column late \(integer\)/,
    'ALTER TABLE v2.notes DROP late',
  ],
  [
    'a shim that is written anew',
    'expand',
    'CREATE OR REPLACE VIEW public.notes WITH (security_invoker = true) AS SELECT id, body FROM v2.notes t WHERE id < 9',
    /the shim public\.notes is not as it was made/,
    'CREATE OR REPLACE VIEW public.notes WITH (security_invoker = true) AS SELECT id, body FROM v2.notes t',
  ],
  [
    'a right on a shim that is taken away',
    'expand',
    `REVOKE SELECT ON public.tasks FROM ${v1Login}`,
    /workshop_v0 may not select public\.tasks/,
    `GRANT SELECT ON public.tasks TO ${v1Login}`,
  ],
  [
    'a trigger',
    'fill',
    'CREATE TRIGGER late BEFORE UPDATE ON v2.notes FOR EACH ROW EXECUTE FUNCTION public.stamps()',
    /v2\.notes has a trigger late/,
    'DROP TRIGGER late ON v2.notes',
  ],
  [
    'an owner trigger that is gone',
    'fill',
    'ALTER TRIGGER zzzz_owner_tasks ON v2.tasks RENAME TO off',
    /has no trigger zzzz_owner_tasks any more/,
    'ALTER TRIGGER off ON v2.tasks RENAME TO zzzz_owner_tasks',
  ],
  [
    'an index of a name that is needed',
    'fill',
    'CREATE INDEX tasks_tenant_id_project_id_idx ON v2.notes (body)',
    /is called tasks_tenant_id_project_id_idx/,
    'DROP INDEX v2.tasks_tenant_id_project_id_idx',
  ],
  [
    'a key that says that it is valid',
    'fill',
    `UPDATE pg_constraint SET convalidated = true WHERE conname = 'notes_tenant_id_fkey'`,
    /notes_tenant_id_fkey of v2\.notes was validated by somebody else/,
    `UPDATE pg_constraint SET convalidated = false WHERE conname = 'notes_tenant_id_fkey'`,
  ],
  [
    'policies that hide',
    'fill',
    'ALTER TABLE v2.tasks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
    /row-level security of v2\.tasks is not as it was/,
    'ALTER TABLE v2.tasks DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY',
  ],
  [
    'an owner trigger that is off',
    'fill',
    'ALTER TABLE v2.tasks DISABLE TRIGGER zzzz_owner_tasks',
    /trigger zzzz_owner_tasks of v2\.tasks does not fire/,
    'ALTER TABLE v2.tasks ENABLE TRIGGER zzzz_owner_tasks',
  ],
  [
    'a key of V1 that is gone',
    'fill',
    'ALTER TABLE v2.tasks RENAME CONSTRAINT tasks_project_id_fkey TO off',
    /v2\.tasks has no constraint tasks_project_id_fkey any more, or not validated/,
    'ALTER TABLE v2.tasks RENAME CONSTRAINT off TO tasks_project_id_fkey',
  ],
  [
    'an index that is gone',
    'validate',
    'ALTER INDEX v2.tasks_tenant_id_project_id_idx RENAME TO off',
    /tasks_tenant_id_project_id_idx of v2\.tasks is gone/,
    'ALTER INDEX v2.off RENAME TO tasks_tenant_id_project_id_idx',
  ],
  [
    'a tenant that may be missing',
    'validate',
    'ALTER TABLE v2.tasks ALTER tenant_id DROP NOT NULL',
    /v2\.tasks\.tenant_id is not NOT NULL any more/,
    'ALTER TABLE v2.tasks ALTER tenant_id SET NOT NULL',
  ],
  [
    'policies that are off',
    'shadow',
    'ALTER TABLE v2.tasks NO FORCE ROW LEVEL SECURITY',
    /row-level security of v2\.tasks is not on and forced/,
    'ALTER TABLE v2.tasks FORCE ROW LEVEL SECURITY',
  ],
  [
    'a policy',
    'shadow',
    'CREATE POLICY late ON v2.tasks USING (true)',
    /v2\.tasks has a policy late/,
    'DROP POLICY late ON v2.tasks',
  ],
  [
    'a right that is taken away',
    'shadow',
    'REVOKE SELECT ON v2.tasks FROM planted_app',
    /planted_app may not select v2\.tasks any more/,
    'GRANT SELECT ON v2.tasks TO planted_app',
  ],
  [
    'a policy that says otherwise',
    'shadow',
    'ALTER POLICY planted_v1 ON v2.tasks USING (id > 9)',
    /the policy planted_v1 of v2\.tasks does not say what it said/,
    'ALTER POLICY planted_v1 ON v2.tasks USING (true)',
  ],
  [
    'a policy for everybody',
    'bind',
    'ALTER POLICY planted_app ON v2.tasks TO PUBLIC',
    /the policy planted_app of v2\.tasks does not say what it said/,
    'ALTER POLICY planted_app ON v2.tasks TO planted_app',
  ],
  [
    'a value of an enum',
    'bind',
    `ALTER TYPE public.mood ADD VALUE 'late'`,
    /the values of the type (?:public\.)?mood of v2\.tasks\.mood_v1/,
    '',
  ],
];

/** Tasks of another tenant than their project's. */
const astray = `SELECT count(*)::integer AS n FROM v2.tasks t JOIN v2.projects p ON p.id = t.project_id
  WHERE t.tenant_id IS DISTINCT FROM p.tenant_id`;

const unfilled = `SELECT (SELECT count(*) FROM v2.projects WHERE tenant_id IS NULL)::integer AS projects,
  (SELECT count(*) FROM v2.tasks WHERE tenant_id IS NULL)::integer AS tasks,
  (SELECT count(*) FROM v2.tasks WHERE mood IS NULL)::integer AS moods`;

oneEngine((engine) => {
  test('whatever is done between phases is named, nothing follows it, and once it is undone the conversion goes on', () =>
    inWorkshop(engine, { name: 'planted' }, async ({ apply, revert, run, drifts }) => {
      for (const [what, after, plant, says, undo] of plants) {
        await apply(after);
        await run(plant);
        await assert.rejects(apply('contract'), { code: 'CONVERSION_DRIFTED', message: says }, what);
        await assert.rejects(revert(), { code: 'CONVERSION_DRIFTED', message: says }, what);
        assert.equal((await drifts()).length > 0, true, what);
        if (undo === '') continue;
        await run(undo);
        assert.deepEqual(await drifts(), [], what);
      }
    }));

  test('what a process left that was killed in a fill, or while it made an index, is gone on from', () =>
    inWorkshop(engine, { name: 'left' }, async ({ apply, run, rows, drifts }) => {
      await apply('expand');
      const left = (which: string, more = ''): string =>
        `UPDATE drover.conversion_steps SET state = 'under_way'${more} WHERE what = '${which}'`;
      // It came to the end of the table, and rows before it changed their place meanwhile.
      await run(left('owners', ', position = 1000'), left('values of mood', ', position = 1000'));
      await apply('fill');
      assert.deepEqual(await rows(unfilled), [{ projects: 0, tasks: 0, moods: 0 }]);
      const name = 'tasks_tenant_id_project_id_idx';
      await run(
        `CREATE INDEX ${name} ON v2.tasks (tenant_id)`,
        `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'v2.${name}'::regclass`,
        left(`index ${name}`),
      );
      await apply('validate');
      assert.deepEqual(await drifts(), []);
      assert.deepEqual(
        await rows(`SELECT pg_get_indexdef('v2.${name}'::regclass) LIKE '%(tenant_id, project_id)' AS same`),
        [{ same: true }],
      );
    }));

  test('an index of somebody else is left alone, although one of its name was under way', () =>
    inWorkshop(engine, { name: 'foreign' }, async ({ apply, run, rows }) => {
      await apply('fill');
      const name = 'tasks_tenant_id_project_id_idx';
      await run(
        `CREATE INDEX ${name} ON v2.tasks (title)`,
        `UPDATE drover.conversion_steps SET state = 'under_way' WHERE what = 'index ${name}'`,
      );
      await assert.rejects(apply('validate'), {
        code: 'CONVERSION_DRIFTED',
        message: new RegExp(`is called ${name}`),
      });
      assert.deepEqual(await rows(`SELECT pg_get_indexdef('v2.${name}'::regclass) LIKE '%(title)' AS same`), [
        { same: true },
      ]);
    }));

  test('what could not be taken back is refused before anything is written', () => {
    const more = `CREATE TABLE visits (tenant_id uuid REFERENCES firms (id), note text); INSERT INTO visits VALUES (NULL, 'guest');`;
    return inWorkshop(engine, { name: 'unkeyed', more }, async ({ apply, config, run, rows }) => {
      const text = readFileSync(config, 'utf8');
      writeFileSync(config, text.replace('  tables:\n', `  tables:\n    visits: { ownerless: ${zero} }\n`));
      await assert.rejects(
        apply('expand'),
        /rows of public\.visits that lead to no tenant cannot be given to one/,
      );
      await run(`UPDATE visits SET tenant_id = '${zero}'`, 'DROP TABLE visits', 'CREATE ROLE unkeyed_app');
      writeFileSync(config, text);
      await assert.rejects(apply('expand'), {
        code: 'PHASE_BLOCKED',
        message: /are there already[^]*unkeyed_app/,
      });
      assert.deepEqual(await rows(`SELECT to_regnamespace('drover') IS NULL AS clean`), [{ clean: true }]);
    });
  });

  test('a way back that is stopped behind a step goes forth again', () =>
    inWorkshop(engine, { name: 'forth' }, async ({ apply, revert, drifts }) => {
      for (const kind of ['wide-constraint', 'drop-check', 'valid-key', 'owner-trigger']) {
        await apply('shadow');
        let [isHere, isPast] = [false, false];
        const stopped = revert('expand', {
          say: ({ step }) => ([isHere, isPast] = [step.change.kind === kind, isHere]),
          check: () => {
            if (isPast) throw new DroverError('INTERRUPTED', 'Stopped.');
          },
        });
        await assert.rejects(stopped, { code: 'INTERRUPTED' }, kind);
        assert.deepEqual(await drifts(), [], kind);
      }
      await apply('shadow');
      assert.deepEqual(await drifts(), []);
    }));

  describe('rows', () => {
    test('that differ from what they name stop validate; mended, it goes on, and all of it goes back', () =>
      inWorkshop(engine, { name: 'gated' }, async ({ apply, revert, run, rows }) => {
        const before = await rows('SELECT id, tenant_id FROM public.projects ORDER BY 1');
        await apply('fill');
        assert.deepEqual(await rows(astray), [{ n: 0 }]);
        const lie = (tenant: string): string[] => [
          'ALTER TABLE v2.tasks DISABLE TRIGGER zzzz_owner_tasks',
          `UPDATE v2.tasks SET tenant_id = ${tenant} WHERE id = 1`,
          'ALTER TABLE v2.tasks ENABLE TRIGGER zzzz_owner_tasks',
        ];
        for (const [tenant, says] of [
          [
            `CASE WHEN tenant_id = '${zero}' THEN '${other}' ELSE '${zero}' END::uuid`,
            /rows of another tenant than the rows of projects/,
          ],
          ['NULL', /rows without a tenant/],
        ] as const) {
          await run(...lie(tenant));
          await assert.rejects(apply('bind'), { code: 'PHASE_BLOCKED', message: says });
        }
        await run(`UPDATE v2.tasks SET project_id = project_id WHERE id = 1`);
        await apply('bind');
        await revert();
        assert.deepEqual(await rows('SELECT id, tenant_id FROM public.projects ORDER BY 1'), before);
      }));

    test('that a trigger keeps from being filled are no rows that were filled', () => {
      const more = `
        CREATE FUNCTION swallows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER swallow BEFORE UPDATE ON projects FOR EACH ROW EXECUTE FUNCTION swallows();
        ALTER TABLE projects ENABLE TRIGGER swallow;`;
      return inWorkshop(engine, { name: 'swallowed', more }, async ({ apply, config, rows }) => {
        writeFileSync(
          config,
          readFileSync(config, 'utf8').replace(
            'projects:\n',
            'projects:\n      triggers: { swallow: fire }\n',
          ),
        );
        await assert.rejects(apply('bind'), { code: 'PHASE_BLOCKED', message: /projects/ });
        assert.deepEqual(
          await rows('SELECT count(*)::integer AS n FROM v2.projects WHERE tenant_id IS NULL'),
          [{ n: 10 }],
        );
      });
    });

    test('that come before the fill get the tenant of the row that they name, and everybody may call what shadow counts with', () => {
      const more = `CREATE TABLE comments (id integer PRIMARY KEY, task_id integer REFERENCES tasks (id));
        INSERT INTO comments VALUES (1, NULL);
        GRANT SELECT, INSERT ON comments TO ${v1Login}; ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;`;
      return inWorkshop(engine, { name: 'early', more }, async ({ apply, config, run, rows }) => {
        const text = readFileSync(config, 'utf8');
        writeFileSync(
          config,
          text.replace('  tables:\n', `  tables:\n    comments: { ownerless: ${zero} }\n`),
        );
        await apply('expand');
        await run('INSERT INTO public.comments VALUES (2, 30), (3, NULL)');
        await apply('shadow');
        assert.deepEqual(
          await rows(`SELECT id, tenant_id::text AS tenant FROM v2.comments ORDER BY 1`),
          [zero, other, zero].map((tenant, at) => ({ id: at + 1, tenant })),
        );
        await run(`SET LOCAL ROLE ${v1Login}`, 'SELECT count(*) FROM public.notes');
      });
    });

    test('are filled unseen by a trigger that always fires, which stays one that always fires', () => {
      const more = `CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
        CREATE TRIGGER always BEFORE UPDATE ON projects FOR EACH ROW EXECUTE FUNCTION refuses();
        CREATE TRIGGER "On" BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION stamps();
        ALTER TABLE projects ENABLE ALWAYS TRIGGER always; ALTER TABLE tasks ENABLE REPLICA TRIGGER "On";`;
      return inWorkshop(engine, { name: 'always', more }, async ({ apply, revert, config, rows, drifts }) => {
        const fired = `SELECT string_agg(tgenabled::text, '' ORDER BY tgname) AS fires FROM pg_trigger WHERE tgname IN ('always', 'On')`;
        const text = readFileSync(config, 'utf8').replace(
          'projects:\n',
          'projects:\n      triggers: { always: silence }\n',
        );
        writeFileSync(config, text.replace('tasks:\n', 'tasks:\n      triggers: { "On": silence }\n'));
        const before = await rows(fired);
        await apply('fill');
        assert.deepEqual(await drifts(), []);
        await revert();
        assert.deepEqual(await rows(fired), before);
      });
    });

    test('of a second tenant keep V1 from coming back, with their number', () =>
      inWorkshop(engine, { name: 'second' }, async ({ apply, revert, run }) => {
        await apply('bind');
        await run(`INSERT INTO v2.notes (id, body, tenant_id) VALUES (1000, 'theirs', '${other}')`);
        for (const phase of ['bind', 'expand'] as const)
          await assert.rejects(revert(phase), { code: 'PHASE_BLOCKED', message: /"v2"\."notes": 1$/ });
        await run('DELETE FROM v2.notes WHERE id = 1000');
        await revert();
      }));
  });

  if (engine === 'server') {
    test('a tenant in the context of the database owns no row that was there', () =>
      inWorkshop(engine, { name: 'context' }, async ({ target, config, run }) => {
        await run(
          `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET app.tenant_id = %L', current_database(), '${other}'); END $$`,
        );
        await withOpened(target, async (database) => {
          const rows = (sql: string): Promise<unknown[]> => database.transaction({}, (tx) => tx.many(sql));
          assert.deepEqual(await rows(`SELECT current_setting('app.tenant_id') AS t`), [{ t: other }]);
          await converting(database, config).apply('validate');
          assert.deepEqual(await rows('SELECT DISTINCT tenant_id::text AS t FROM v2.notes'), [{ t: zero }]);
          assert.deepEqual(await rows(astray), [{ n: 0 }]);
        });
      }));

    test('behind a reader it gives way, names it, lets others by, and goes on once it is gone', () =>
      inWorkshop(engine, { name: 'behind' }, async ({ apply, target, rows }) => {
        await apply('validate');
        const reader = await openRaw(target);
        await reader.run('BEGIN');
        await reader.run('SELECT FROM v2.notes LIMIT 1');
        let others = 0;
        const tried = apply('shadow', { lockWaitMs: 1500 }).finally(() => (others = -others));
        const refused = assert.rejects(tried, {
          code: 'LOCK_TIMEOUT',
          message: /^shadow of public\.notes .* gave way\. Now process \d+ .* holds notes\./,
        });
        while (others >= 0) {
          await rows('SELECT count(*) FROM v2.notes');
          others += 1;
        }
        await refused;
        assert.ok(others < -3, 'others read meanwhile');
        await reader.run('COMMIT');
        await reader.close();
        await apply('shadow');
      }));

    test('of four at once one works, and all end well', () =>
      inWorkshop(engine, { name: 'four' }, async ({ config, database, target }) => {
        const workers = await Promise.all([1, 2, 3].map(() => openDatabase(target)));
        const done = await Promise.all(
          [database, ...workers].map((each) => converting(each, config).apply('bind')),
        );
        await Promise.all(workers.map((each) => each.close()));
        const all = done[0]?.record?.steps.length ?? 0;
        assert.ok(all > 30);
        const taken = done.map(({ steps }) => steps);
        assert.equal(taken.filter((steps) => steps > 0).length, 1, taken.join(' '));
      }));
  }
});
