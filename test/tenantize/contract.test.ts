/** Contract is done whole or not at all: what would stop it halfway, or go unsaid, is named while V1 still works. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { openRaw } from './ground.ts';
import { inWorkshop } from './workshop.ts';

const more = `
ALTER TABLE tasks ADD hot boolean GENERATED ALWAYS AS (mood = 'busy') STORED;
CREATE FUNCTION moods(m mood) RETURNS boolean LANGUAGE sql AS 'SELECT true';
ALTER TABLE notes ADD strategy text, ADD CONSTRAINT why CHECK (strategy <> 'retire' OR body IS NOT NULL);
CREATE INDEX gone ON notes (id) WHERE strategy = 'retire';
UPDATE notes SET strategy = 'rehost' WHERE id < 9;
ALTER TABLE projects ADD label text, ADD CONSTRAINT labels UNIQUE (label) INCLUDE (name), ADD CONSTRAINT pair UNIQUE (id, name);
CREATE TABLE halves (a integer, b text, CONSTRAINT half FOREIGN KEY (a, b) REFERENCES projects (id, name) MATCH FULL);`;

oneEngine((engine) => {
  test('what refuses contract, or would be lost by it, is named before its first step', () =>
    inWorkshop(engine, { name: 'whole', more }, async ({ apply, config, run, rows, target }) => {
      const text = readFileSync(config, 'utf8');
      writeFileSync(
        config,
        text.replace('notes:\n', 'notes:\n      values: { strategy: { rehost: host, retire: gone } }\n'),
      );
      await assert.rejects(apply('bind'), /foreign key half is MATCH FULL over columns that may be empty/);
      await run('DROP TABLE halves');
      await apply('bind');
      const write = `INSERT INTO public.notes (id, body, strategy) VALUES (99, 'late', 'Re-Platform')`;
      await run(write);
      const refused = async (message: RegExp): Promise<void> => {
        await assert.rejects(apply('contract', { lockWaitMs: 500 }), { code: 'PHASE_BLOCKED', message });
        const [states] = await rows(
          `SELECT count(*)::integer AS n FROM drover.conversion_steps WHERE phase = 'contract' AND state <> 'planned'`,
        );
        assert.deepEqual(states, { n: 0 });
        await run(`UPDATE public.notes SET body = body, strategy = strategy`, 'SELECT id FROM public.tasks');
      };
      await refused(/VALUE_UNMAPPED v2\.notes\.strategy_v1: "Re-Platform" \(1 rows\)/);
      await run(`UPDATE public.notes SET strategy = 'retire' WHERE id = 99`);
      await run('CREATE VIEW public.seen AS SELECT title FROM public.tasks');
      await refused(/public\.tasks the shim goes: cannot drop .*view public\.seen depends on/);
      await run('DROP VIEW public.seen');
      await refused(
        /public\.notes column strategy_v1 goes: constraint why [^]*index v2\.gone would go[^]*public\.tasks column mood_v1 goes: .*column hot /,
      );
      await run(
        'ALTER TABLE v2.tasks ALTER hot DROP EXPRESSION',
        'ALTER TABLE v2.notes DROP CONSTRAINT why',
        'DROP INDEX v2.gone',
      );
      await refused(/type (?:public\.)?mood goes: .*function public\.moods/);
      await run('DROP FUNCTION public.moods');
      if ('url' in target) {
        const reader = await openRaw(target);
        await reader.run('BEGIN');
        await reader.run('SELECT FROM v2.tasks LIMIT 1');
        await assert.rejects(apply('contract', { lockWaitMs: 200 }), {
          code: 'LOCK_TIMEOUT',
          message: /holds tasks/,
        });
        await reader.run('COMMIT');
        await reader.close();
      }
      assert.equal((await apply('contract')).record?.outcome, 'contracted');
      assert.deepEqual(await rows('SELECT strategy FROM v2.notes WHERE id = 99'), [{ strategy: 'gone' }]);
      assert.deepEqual(
        await rows(
          `SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname IN ('labels', 'labels_tenant')`,
        ),
        [{ text: 'UNIQUE (tenant_id, label) INCLUDE (name)' }],
      );
    }));

  test('a conversion whose first step failed ends when it is taken back, and one whose steps are done when it is gone on', () =>
    inWorkshop(engine, { name: 'ended' }, async ({ apply, revert, config, run }) => {
      const agree = { check: (): void => assert.fail('stopped') };
      await assert.rejects(apply('expand', agree), /stopped/);
      writeFileSync(config, readFileSync(config, 'utf8').replace('busy: loud', 'busy: noisy'));
      await assert.rejects(apply('expand'), { code: 'CONVERSION_DRIFTED' });
      assert.equal((await revert()).record?.outcome, 'reverted');
      await apply('contract');
      await run(
        'UPDATE drover.conversions SET outcome = NULL, ended_at = NULL WHERE outcome = $$contracted$$',
      );
      const { record, steps } = await apply('contract');
      assert.deepEqual([record?.outcome, steps], ['contracted', 0]);
    }));
});
