/** Who takes an assessment from which state to which; the six words, in one place. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { assessmentStatuses, mayBecome } from '../../../src/engine/assess/status.ts';
import { strategies } from '../../../src/engine/assess/strategy.ts';

/** As the specification says it: from, to, who. */
const allowed = new Set(
  `draft assessing a
   draft cancelled a
   assessing in_review w
   assessing failed w
   assessing cancelled a
   in_review accepted a
   in_review assessing a
   in_review cancelled a
   accepted migrating w
   accepted in_review a
   accepted cancelled a
   migrating completed w
   migrating failed w
   migrating accepted w
   completed migrating w
   completed accepted w
   failed migrating w
   failed accepted w
   failed assessing a`
    .split('\n')
    .map((line) => line.trim()),
);

it('every pair of states is allowed to whom it is meant for, and to nobody else', () => {
  assert.equal(assessmentStatuses.length, 8);
  for (const from of assessmentStatuses)
    for (const to of assessmentStatuses)
      for (const role of ['admin', 'worker'] as const) {
        const line = `${from} ${to} ${role.slice(0, 1)}`;
        assert.equal(mayBecome(from, to, role), allowed.has(line), line);
      }
});

const root = join(import.meta.dirname, '../../..');

it('the six words are written in one place of the sources, and the constraints of the database say the same', () => {
  const words = ['rehost', 'replatform', 'refactor', 'repurchase', 'retire', 'retain'];
  assert.deepEqual(strategies, words);
  const listed = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => {
      const text = readFileSync(join(root, 'src', file), 'utf8');
      return words.every((word) => text.includes(word));
    });
  // The rules say which of them they recommend.
  assert.deepEqual(listed.sort(), ['engine/assess/recommend.ts', 'engine/assess/strategy.ts']);
  const migration = readFileSync(join(root, 'migrations/0025_assessments.sql'), 'utf8');
  const lists = [...migration.matchAll(/(?:strategy|recommended) IN\s+\(('rehost', '[^)]*'retain')\)/g)];
  assert.equal(lists.length, 3);
  for (const [, list = ''] of lists)
    assert.deepEqual(
      list.split(', '),
      words.map((word) => `'${word}'`),
    );
});
