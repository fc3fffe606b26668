/** Takes the steps of a conversion as the command line does, in a database that is open. */
import assert from 'node:assert/strict';
import type { ConversionPhase } from '../../src/engine/tenantize/conversion.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { applyIn, revertIn, statusIn } from '../../src/site/convert.ts';
import type { ConvertHow, Converted } from '../../src/site/conversion-work.ts';

export interface Converting {
  readonly apply: (to?: ConversionPhase, how?: Partial<ConvertHow>) => Promise<Converted>;
  readonly revert: (to?: ConversionPhase, how?: Partial<ConvertHow>) => Promise<Converted>;
  readonly drifts: () => Promise<readonly string[]>;
}

export function converting(database: Database, config: string): Converting {
  const usual: ConvertHow = {
    actor: 'tester',
    lockWaitMs: 10_000,
    throttle: {},
    accept: 'it is a test',
    agree: () => Promise.resolve(true),
    check: () => undefined,
    say: () => undefined,
    waits: () => undefined,
  };
  return {
    apply: async (to = 'bind', how = {}) => {
      const done = await applyIn(database, config, { ...usual, ...how, to });
      assert.deepEqual(done.open?.questions.map(({ message }) => message) ?? [], []);
      return done;
    },
    revert: (to = 'expand', how = {}) => revertIn(database, config, { ...usual, ...how, to }),
    drifts: async () => (await statusIn(database, config)).drifts,
  };
}
