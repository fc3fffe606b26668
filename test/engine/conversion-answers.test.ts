/** What a person is asked of a conversion can be answered by what is printed, whatever the tables are called. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { checkConversion } from '../../src/engine/tenantize/check-conversion.ts';
import type { ConversionGround } from '../../src/engine/tenantize/ground.ts';
import { planConversion } from '../../src/engine/tenantize/plan-conversion.ts';
import type { ConversionPlan } from '../../src/engine/tenantize/plan-conversion.ts';
import { buildCatalog } from './build-catalog.ts';
import { buildGround } from './build-ground.ts';

const oddNames = ['null', 'True', 'NO', 'off', 'y', 'n', '~', 'Order', 'a-b', 'a b', '7', 'straße', 'plain'];

/** The plan, which its checker must not contradict: a person can answer a question, and no contradiction. */
function held(ground: ConversionGround): ConversionPlan {
  const plan = planConversion(ground);
  assert.deepEqual(checkConversion(ground, plan), []);
  return plan;
}

function answersOf({ questions }: ConversionPlan): unknown[] {
  return questions.flatMap(({ answers }) => answers.map(({ yaml }) => parse(yaml) as unknown));
}

describe('a printed answer', () => {
  for (const name of oddNames)
    it(`answers when it is pasted, of a table ${name}`, () => {
      const catalog = buildCatalog({ [name]: { id: 'uuid!' } });
      const answers = answersOf(held(buildGround(catalog))) as {
        tenant?: { global: string[] };
        tenantize?: { tables: Record<string, object> };
      }[];
      assert.equal(answers.length, 2);
      for (const { tenant, tenantize } of answers)
        assert.deepEqual(held(buildGround(catalog, { tenant, tenantize } as object)).questions, []);
    });
});
