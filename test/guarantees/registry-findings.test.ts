/**
 * What a plan finds by the registry alone: a database without one column of facts gets each finding of the table in the design with its
 * severity, and confirming and forcing pass what they may pass and nothing else.
 */
import { planMove } from '../../src/postgres/move/plan.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { Finding } from '../../src/engine/finding.ts';
import { applyMove } from '../../src/postgres/move/move.ts';
import { rollbackMove } from '../../src/postgres/undo/rollback.ts';
import { type Site, openSite } from '../../src/postgres/scope/site.ts';
import { knowledgeOf } from '../../src/registry/known/knowledge.ts';
import { finish } from '../../src/registry/load/load.ts';
import type { Model } from '../../src/registry/load/shape.ts';
import { oneEngine } from '../support/databases.ts';
import { studioForAll } from '../support/ground.ts';
import { refusedWith } from '../support/guarantee.ts';
import { newEngine, north, oldEngine, studioConfig } from '../support/studio.ts';
import { entry } from '../registry/model-entry.ts';

type Facts = Partial<Omit<Model, 'id'>>;

interface Row {
  readonly what: string;
  readonly source?: Facts;
  readonly target?: Facts;
  readonly expected: readonly [Finding['severity'], string, RegExp];
  readonly parameters?: Intent['parameters'];
}

const shut = (status: Model['lifecycle']['status'], shutdown?: string): Facts => ({
  lifecycle: { status, ...(shutdown === undefined ? {} : { shutdown }) },
});
const lost = (name: string, facts: Facts, without: Facts): Row => ({
  what: `${name} lost`,
  source: facts,
  target: without,
  expected: ['warning', 'CAPABILITY_LOST', new RegExp(`capability ${name}; the target does not have it`)],
});
const accepts = (parameters: NonNullable<Model['parameters']>['accepts']): Facts => ({
  parameters: { accepts: parameters },
});

const table: readonly Row[] = [
  {
    what: 'a retired target',
    target: shut('retired'),
    expected: ['error', 'TARGET_RETIRED', /says the registry/],
  },
  {
    what: 'a withdrawn target',
    target: shut('withdrawn'),
    expected: ['error', 'TARGET_RETIRED', /says the registry/],
  },
  {
    what: 'a target past its shutdown date',
    target: shut('active', '2020-01-31'),
    expected: ['error', 'TARGET_PAST_SHUTDOWN', /on 2020-01-31, says the registry/],
  },
  {
    what: 'a deprecated target',
    target: shut('deprecated', '2199-01-31'),
    expected: ['warning', 'TARGET_DEPRECATED', /says the registry and shuts down on 2199-01-31/],
  },
  {
    what: 'a smaller context',
    source: { context: 200_000 },
    target: { context: 100_000 },
    expected: ['warning', 'CONTEXT_LOWER', /200000 to 100000/],
  },
  {
    what: 'a smaller output',
    source: { maxOutput: 64_000 },
    target: { maxOutput: 8_000 },
    expected: ['warning', 'OUTPUT_LOWER', /64000 to 8000/],
  },
  {
    what: 'another family',
    target: { family: 'lynx' },
    expected: ['warning', 'FAMILY_DIFFERS', /owl.*lynx/],
  },
  lost('vision', { input: ['text', 'image'] }, { input: ['text'] }),
  lost('audio', { input: ['text', 'audio'] }, { input: ['text'] }),
  lost('tools', { tools: true }, { tools: false }),
  lost('reasoning', { reasoning: true }, { reasoning: false }),
  lost('structured', { structured: true }, { structured: false }),
  {
    what: 'a capability of which nobody knows whether it is kept',
    source: { tools: true },
    expected: ['warning', 'CAPABILITY_LOST', /is not known to have it/],
  },
  {
    what: 'a price above the limit',
    source: { prices: { output: 5 } },
    target: { prices: { output: 11 } },
    expected: ['warning', 'PRICE_HIGHER', /Output costs 11/],
  },
  {
    what: 'a deprecated source',
    source: shut('deprecated'),
    expected: ['info', 'SOURCE_DEPRECATED', /registry/],
  },
  { what: 'a retired source', source: shut('retired'), expected: ['info', 'SOURCE_RETIRED', /registry/] },
  {
    what: 'a source past its shutdown date',
    source: shut('deprecated', '2020-01-31'),
    expected: ['info', 'SOURCE_DEPRECATED', /registry/],
  },
  {
    what: 'parameters that are clamped, with their values',
    target: accepts({ heat: { min: 0, max: 5 } }),
    parameters: 'translate',
    expected: ['warning', 'PARAMETER_CHANGES', /heat is clamped in \d+ row.*6 → 5 in 1/],
  },
  {
    what: 'parameters of which nobody says what the target takes',
    source: accepts({ heat: {} }),
    parameters: 'translate',
    expected: ['warning', 'PARAMETER_SUPPORT_UNKNOWN', /stay as they are/],
  },
];

oneEngine((engine) => {
  describe('by the registry alone, a plan finds', () => {
    const ground = studioForAll(engine);
    const siteOf = ({ source = {}, target = {} }: Pick<Row, 'source' | 'target'>): Promise<Site> => {
      const models = [entry('old', source), entry('new', target)];
      const knowledge = knowledgeOf(
        finish({ version: 'test', levels: {}, providers: [], runtimes: [], models }),
      );
      const config = { ...studioConfig, priceLimit: 2 };
      return openSite({ database: ground.database, config, knowledge: () => knowledge });
    };
    const intentOf = ({ parameters = 'reset' }: Pick<Row, 'parameters'> = {}): Intent => ({
      tenant: north,
      from: oldEngine,
      to: newEngine,
      parameters,
      answers: {},
      leaveAsks: true,
    });
    const codesOf = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code);

    for (const row of table)
      it(row.what, async () => {
        const site = await siteOf(row);
        const [severity, code, says] = row.expected;
        const plain = codesOf((await planMove(await siteOf({}), intentOf())).findings);
        assert.ok(!plain.includes(code), 'nothing of it without the fact');
        const plan = await planMove(site, intentOf(row));
        const found = plan.findings.find((one) => one.code === code && says.test(one.message));
        assert.ok(found !== undefined, JSON.stringify(plan.findings));
        assert.equal(found.severity, severity);
        const request = { intent: intentOf(row), actor: 'test', reason: 'because' };
        if (severity === 'error') {
          assert.notEqual(found.forceable, true);
          await refusedWith(applyMove(site, { ...request, confirm: true, force: true }), 'PLAN_REFUSED');
          return;
        }
        if (severity === 'warning')
          await refusedWith(
            applyMove(site, { ...request, confirm: false, force: false }),
            'CONFIRMATION_REQUIRED',
          );
        const done = await applyMove(site, { ...request, confirm: true, force: false });
        await rollbackMove(site, { tenant: north, migrationId: done.migrationId, actor: 'test' });
      });

    it('nothing that stands in the way where the registry knows nothing', async () => {
      const { findings } = await planMove(await siteOf({}), intentOf());
      const known = table.map(({ expected }) => expected[1]);
      assert.deepEqual(
        codesOf(findings).filter((code) => known.includes(code)),
        [],
      );
    });
  });
});
