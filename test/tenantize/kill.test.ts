/** kill -9 at any moment of a conversion: the next apply or revert finishes. Fifty moments are in the soak. */
import { before, describe, test } from 'node:test';
import { killAndFinish, statementsOfAll } from './killing.ts';

describe('a conversion that is killed', () => {
  let sent = { up: 0, down: 0 };
  before(async () => {
    sent = await statementsOfAll();
  });
  for (const moment of [1, 2, 3, 4, 5, 6])
    test(`at moment ${moment} of six is finished, or taken back`, () => {
      const way = moment % 3 === 0 ? 'revert' : 'apply';
      const all = way === 'apply' ? sent.up : sent.down;
      const killAt = Math.floor((all * (moment - 0.5)) / 6);
      return killAndFinish({
        name: `kill${moment}`,
        way,
        killAt,
        finish: moment % 2 === 0 ? 'apply' : 'revert',
      });
    });
});
