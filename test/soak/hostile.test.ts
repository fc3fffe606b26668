/** Attacks every operation with new cases each time, for minutes. A failure is shown with the seed that repeats it. */
import { after, before, it } from 'node:test';
import { eachEngine } from '../support/databases.ts';
import { attack, type HostileGround, hostileGround } from '../http/hostile-run.ts';
import { targets } from '../http/hostile-schemas.ts';

/** For each of about 160 operations on each of two engines, so that all of them take less than ten minutes. */
const msEach = 1500;

eachEngine((engine) => {
  let ground: HostileGround;
  before(async () => {
    ground = await hostileGround(engine);
  });
  after(() => ground.close());

  for (const target of targets) {
    it(`${target.method} ${target.path}`, async () => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      await attack(ground, target, { seed, numRuns: 300, interruptAfterTimeLimit: msEach });
    });
  }
});
