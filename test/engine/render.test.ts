/**
 * Plans and notices read as the golden texts in test/golden say. After a wanted change write them again:
 * `UPDATE_GOLDEN=1 npm test -- render`.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { renderNotice } from '../../src/engine/planner/notice.ts';
import { renderPlan } from '../../src/engine/planner/render.ts';
import { completePlan, emptyPlan, partialPlan } from './example-plan.ts';

function compareWithGolden(name: string, text: string): void {
  const file = new URL(`../golden/${name}`, import.meta.url);
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'));
}

const plans = { partial: partialPlan, complete: completePlan, empty: emptyPlan };

describe('a plan for a person', () => {
  for (const [name, plan] of Object.entries(plans)) {
    it(`reads well where it is ${name}`, () => {
      compareWithGolden(`plan-${name}.txt`, `${renderPlan(plan).join('\n')}\n`);
    });
  }

  it('names as many rows as asked for', () => {
    assert.ok(renderPlan(partialPlan, { names: 1 }).includes('    Helpdesk and 6 to 8 more'));
    assert.ok(!renderPlan(partialPlan, { names: 0 }).some((line) => line.includes('Helpdesk')));
  });

  it('leaves colours to the caller', () => {
    const mark = (name: string) => (text: string) => `<${name}>${text}</${name}>`;
    const style = {
      heading: mark('h'),
      error: mark('e'),
      warning: mark('w'),
      info: mark('i'),
      muted: mark('m'),
    };
    const text = renderPlan(partialPlan, { style }).join('\n');
    for (const part of [
      '<h>Findings</h>',
      '<e>error  </e>',
      '<w>warning</w>',
      '<i>info   </i>',
      '<m>Plan 0123456789ab</m>',
    ])
      assert.ok(text.includes(part), part);
  });

  it('lets no name from the database drive the terminal', () => {
    for (const line of renderPlan(partialPlan)) assert.doesNotMatch(line, /[\p{Cc}\u202e]/u);
  });
});

describe('a notice for the people concerned', () => {
  for (const [name, plan] of Object.entries(plans)) {
    it(`reads well where the plan is ${name}`, () => {
      compareWithGolden(`notice-${name}.md`, renderNotice(plan).markdown);
    });
  }

  it('says the same as data, without history', () => {
    const { json } = renderNotice(partialPlan);
    assert.deepEqual(
      json.changes.map(({ entity, count, upTo, parameters }) => [entity, count, upTo, parameters]),
      [
        ['assistants', 7, 9, 'reset'],
        ['space links', 3, undefined, 'kept'],
      ],
    );
    assert.deepEqual(
      json.changes[0]?.rows.map(({ key }) => key),
      ['11', '12', '13'],
    );
    assert.deepEqual(
      json.stays.map(({ place }) => place),
      ['apps.model_id'],
    );
    assert.deepEqual(
      json.warnings.map(({ code }) => code),
      ['CONTEXT_LOWER'],
    );
    assert.equal(json.planHash, partialPlan.hash);
  });
});
