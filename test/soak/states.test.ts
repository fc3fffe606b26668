/** Migrations, edits and rollbacks over HTTP with new dice each time, for minutes. A failure is shown with the seed that repeats it. */
import { it } from 'node:test';
import { throwDice } from '../http/states.ts';
import { eachEngine } from '../support/databases.ts';
import { httpPlatform } from '../support/http.ts';

eachEngine((engine) => {
  for (let n = 1; n <= 40; n += 1)
    it(`dice ${n}`, async () => {
      const http = await httpPlatform(engine);
      try {
        await throwDice(http, { seed: Math.floor(Math.random() * 2 ** 31), steps: 60 });
      } finally {
        await http.close();
      }
    });
});
