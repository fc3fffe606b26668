/** Attacks every operation with new cases each time: 10,000 requests to each engine. A failure is shown with the seed that repeats it. */
import { after, before, it } from 'node:test';
import { eachEngine } from '../support/databases.ts';
import { attack, holdsWhatItWouldTake, type HostileGround, hostileGround } from '../http/hostile-run.ts';
import { targets } from '../http/hostile-schemas.ts';

const requests = 10_000;

eachEngine((engine) => {
  let ground: HostileGround;
  before(async () => {
    ground = await hostileGround(engine);
  });
  after(() => ground.close());

  for (const target of targets) {
    it(`${target.method} ${target.path}`, async () => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      await attack(ground, target, { seed, numRuns: Math.ceil(requests / targets.length) });
      await holdsWhatItWouldTake(ground, `${target.method} ${target.path}`);
    });
  }
});
