/** kill -9 at fifty moments of a conversion, each statement of every phase as likely as the next: up and down, finished and taken back. */
import { before, describe, test } from 'node:test';
import { killAndFinish, statementsOfAll } from '../tenantize/killing.ts';

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
