/** A plan file is believed only as it was written: whatever somebody edits in it, it is refused. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readPlan, writePlan } from '../../src/engine/planner/plan-file.ts';
import { buildPlan, buildSnapshot, digest, plainGroups } from './build-snapshot.ts';

const named = plainGroups.map((group) => ({ ...group, sample: [{ key: '1', name: 'Ann "Änn" ✓' }] }));
const plan = buildPlan(buildSnapshot({ groups: named }));
const text = writePlan(plan, digest);

function reasonOf(changed: string): string {
  const result = readPlan(changed, digest);
  return 'invalid' in result ? result.invalid : 'accepted';
}

describe('a plan file', () => {
  it('gives back the plan that was written', () => assert.deepEqual(readPlan(text, digest), plan));

  it('is refused where a word of it was changed', () => {
    const edits: [string, string][] = [
      ['"expected": 2', '"expected": 3'],
      ['"tenant": "acme"', '"tenant": "globex"'],
      ['"completion": "complete"', '"completion": "partial"'],
      ['"old-1"', '"older-1"'],
      ['Ann "Änn" ✓'.replaceAll('"', String.raw`\"`), 'Bob'],
      ['"key": "1"', '"key": "2"'],
      [/,\n {2}"shownHash".*/.exec(text)?.[0] ?? '', ''],
      ['"table": "public.agents"', '"table": "public.users"'],
      [plan.hash, plan.hash.replace(/^./, (first) => (first === '0' ? '1' : '0'))],
    ];
    for (const [from, to] of edits) {
      assert.ok(text.includes(from), from);
      assert.match(reasonOf(text.replace(from, to)), /hashes that it carries|not a plan/, `${from} → ${to}`);
    }
  });

  it('is refused where any number in it was changed', () => {
    const numbers = [...text.matchAll(/: (\d+)/g)].map((match) => match.index + 2);
    fc.assert(
      fc.property(fc.constantFrom(...numbers), fc.integer({ min: 1, max: 9 }), (at, digit) => {
        const changed = `${text.slice(0, at)}${digit}${text.slice(at)}`;
        assert.notEqual(reasonOf(changed), 'accepted');
      }),
    );
  });

  it('is refused where it is something else, without a stack trace', () => {
    const others = [
      '',
      '{',
      'null',
      '[]',
      '{}',
      '{"version":1}',
      text.replace('"version": 1', '"version": 2'),
    ];
    for (const other of others) assert.match(reasonOf(other), /not a plan/, other.slice(0, 20));
  });
});
