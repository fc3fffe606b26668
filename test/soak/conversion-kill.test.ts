/** kill -9 at fifty moments of a conversion, each statement of every phase as likely as the next: up and down, finished and taken back. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { DroverError } from '../../src/errors.ts';
import { killAndFinish, statementsOfAll } from '../tenantize/killing.ts';
import { inWorkshop } from '../tenantize/workshop.ts';

describe('a conversion that is killed', () => {
  let sent = { up: 0, down: 0 };
  before(async () => {
    sent = await statementsOfAll();
  });
  for (let moment = 0; moment < 50; moment += 1)
    test(`at moment ${moment} of fifty is finished, or taken back`, () => {
      const way = moment % 5 === 0 ? 'revert' : 'apply';
      const all = way === 'apply' ? sent.up : sent.down;
      const killAt = 1 + Math.floor(((all - 1) * moment) / 50);
      const finish = Math.floor(moment / 2) % 2 === 0 ? 'apply' : 'revert';
      return killAndFinish({ name: `soak${moment}`, way, killAt, finish });
    });
});

/** Whoever goes back part of the way and forth again finds each step as its record says. */
test('a way back that is stopped after any number of steps goes forth again', () =>
  inWorkshop('server', { name: 'forth' }, async ({ apply, revert, drifts }) => {
    const all = (await apply('bind')).record?.steps.filter(({ phase }) => phase !== 'contract').length ?? 0;
    assert.ok(all > 50);
    for (let steps = 1; steps < all; steps += 1) {
      let left = steps;
      const check = (): void => {
        // Called before each step and before each attempt.
        if (left < 0) throw new DroverError('INTERRUPTED', 'Stopped.');
      };
      const say = (): void => void (left -= 1);
      await assert.rejects(revert('expand', { check, say }), { code: 'INTERRUPTED' }, String(steps));
      assert.deepEqual(await drifts(), [], String(steps));
      await apply('bind');
      assert.deepEqual(await drifts(), [], String(steps));
    }
  }));
