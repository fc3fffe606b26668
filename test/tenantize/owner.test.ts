/** A login that owns the tables and may make roles, and is neither superuser nor exempt from policies, takes all steps it can; and says what it cannot. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { converting } from './converting.ts';
import { withOpened } from './ground.ts';
import { inWorkshop } from './workshop.ts';

const login = 'workshop_owner';

test('an owner goes to validate and back, and up to contract; back from bind it takes a login that no policy binds', () =>
  inWorkshop('server', { name: 'owned' }, async ({ target, config, run }) => {
    assert.ok('url' in target);
    await run(
      `DO $$ BEGIN CREATE ROLE ${login} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
      `ALTER ROLE ${login} NOCREATEROLE NOBYPASSRLS`,
      `DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['firms', 'projects', 'tasks', 'notes', 'countries'] LOOP
        EXECUTE format('ALTER TABLE public.%I OWNER TO ${login}', t); END LOOP;
        ALTER TYPE public.mood OWNER TO ${login}; END $$`,
    );
    const url = new URL(target.url);
    url.username = login;
    await withOpened({ url: url.href }, async (database) => {
      const own = converting(database, config);
      await assert.rejects(own.apply('shadow'), {
        code: 'NOT_PERMITTED',
        message: /may not make roles[^]*may not make schemas[^]*lacks CREATE on the schema public/,
      });
      await run(
        `ALTER ROLE ${login} CREATEROLE`,
        `DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO ${login}', current_database()); END $$`,
        `GRANT USAGE, CREATE ON SCHEMA public TO ${login}`,
      );
      const text = readFileSync(config, 'utf8');
      writeFileSync(config, text.replace('projects:\n', 'projects:\n      mode: in-place\n'));
      await run('CREATE VIEW public.titles AS SELECT title FROM public.tasks');
      await assert.rejects(own.apply('expand'), {
        code: 'NOT_PERMITTED',
        message:
          /lacks CREATE WITH GRANT OPTION on the schema public[^]*lacks USAGE WITH[^]*titles"? belongs to/,
      });
      writeFileSync(config, text);
      await run('DROP VIEW public.titles');
      await own.apply('validate');
      await own.revert();
      await own.apply('bind');
      await assert.rejects(own.revert('bind'), { code: 'NOT_PERMITTED', message: /with BYPASSRLS/ });
      await run(`ALTER ROLE ${login} BYPASSRLS`);
      await own.revert('shadow');
      await run(`ALTER ROLE ${login} NOBYPASSRLS`);
      const hidden = { code: 'NOT_PERMITTED', message: /whether contract would lose values/ };
      await assert.rejects(own.apply('contract'), hidden);
      await run(`ALTER ROLE ${login} BYPASSRLS`);
      assert.equal((await own.apply('contract')).record?.outcome, 'contracted');
    });
  }));
