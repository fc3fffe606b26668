/**
 * An assessment is what the rows say: each row of the tenant that names a model which ends, and no row of another one. What is decided
 * stays, what is refused writes nothing, and of two reviewers one is the first.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { loadConfigFile } from '../../src/config-file.ts';
import { groupsOf, nameOf } from '../../src/engine/assess/review.ts';
import type { AssetFacts } from '../../src/engine/assess/facts.ts';
import { recommend } from '../../src/engine/assess/recommend.ts';
import type { ModelKnowledge, NameKnowledge } from '../../src/engine/models/knowledge.ts';
import { DroverError } from '../../src/errors.ts';
import { accept, cancel, reopen } from '../../src/postgres/assess/accept.ts';
import { readAssessed, saveAssets, saveFacts } from '../../src/postgres/assess/asset-rows.ts';
import type { SurveyedAsset } from '../../src/postgres/assess/asset-rows.ts';
import { decide } from '../../src/postgres/assess/decide.ts';
import type { DecidedAssets } from '../../src/postgres/assess/decide.ts';
import { readWaves, saveWaves } from '../../src/postgres/assess/decision-rows.ts';
import { readAssessment } from '../../src/postgres/assess/show.ts';
import { startAssessment } from '../../src/postgres/assess/start.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { openSite, withState } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { knowledgeOf } from '../../src/registry/known/knowledge.ts';
import { loadValid } from '../../src/registry/load/folder.ts';
import { examplePlace } from '../cli/drover-process.ts';
import { anyAsset, settings } from '../engine/assess/asset.ts';
import { oneEngine } from '../support/databases.ts';
import { refusal } from '../support/platform.ts';
import { lastingRegistry } from '../support/routing.ts';

const alder = '10a00000-0000-4000-8000-000000000000';
const birch = '10b00000-0000-4000-8000-000000000000';
const actor = 'ada';
/** After every end that the registry knows. */
const horizon = '2100-01-01';
const until = '2101-01-01';

/** The registry of the tests has models that stay; of the source it says a day here. */
function endingOn(known: ModelKnowledge, shutdown: string): ModelKnowledge {
  const ends = <T extends NameKnowledge>(one: T): T => ({
    ...one,
    lifecycle: { ...one.lifecycle, status: 'deprecated', shutdown },
  });
  const find: ModelKnowledge['find'] = (kind, name, provider) => {
    const found = known.find(kind, name, provider);
    return found === undefined || name !== 'gpt-4o' ? found : ends(found);
  };
  const models: ModelKnowledge['models'] = (kind) =>
    known.models(kind).map((one) => (one.components['name'] === 'gpt-4o' ? ends(one) : one));
  return { ...known, find, models };
}

oneEngine((engine) => {
  describe('an assessment', () => {
    let database: Database;
    let site: Site;
    let drop: () => Promise<void>;

    before(async () => {
      const place = await examplePlace(engine, 'a-two-owners');
      database = await openDatabase(place.target);
      const known = endingOn(knowledgeOf(loadValid(lastingRegistry)), '2027-01-14');
      site = await openSite({ database, config: loadConfigFile(place.config), knowledge: () => known });
      drop = () => place.drop();
    });
    after(async () => {
      await database.close();
      await drop();
    });

    const sql = (text: string): Promise<void> => database.transaction({}, (tx) => tx.script(text));
    const start = (tenant = alder) => startAssessment(site, { tenant, actor, horizon });
    const show = (tenant = alder) => readAssessment(site, tenant);
    const about = (chosen: DecidedAssets, more: object = {}) =>
      decide(site, { tenant: alder, about: chosen, actor, ...more });
    /** All records, as text. */
    const records = (): Promise<string> =>
      database.transaction({ readOnly: true }, async (tx) => {
        const texts: string[] = [];
        for (const table of [
          'assets',
          'asset_dependencies',
          'assessments',
          'assessment_sources',
          'asset_facts',
          'decisions',
          'wave_members',
          'audit_log',
        ])
          texts.push(
            (
              await tx.one<{ rows: string }>(
                `SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') AS rows FROM drover.${table} t`,
              )
            ).rows,
          );
        return texts.join('\n\n');
      });
    const refused = async (
      work: () => Promise<unknown>,
      code: Parameters<typeof refusal>[0],
      says = /./,
    ): Promise<void> => {
      const was = await records();
      await assert.rejects(work, refusal(code, says));
      assert.equal(await records(), was, 'what is refused writes nothing');
    };

    it('finds each row of its tenant and none of another, and keeps what it found', async () => {
      const [mine, theirs] = [await start(), await start(birch)];
      const keys = ({ survey }: typeof mine): string[] =>
        survey.facts.map(({ table, key }) => `${table} ${key}`);
      assert.ok(mine.survey.facts.length > 20 && theirs.survey.facts.length > 5);
      assert.deepEqual(
        keys(mine).filter((key) => keys(theirs).includes(key)),
        [],
      );
      const stored = await show();
      assert.deepEqual(
        stored.assessed.map(({ facts }) => facts),
        mine.survey.facts,
      );
      assert.deepEqual(
        stored.assessed.map(({ recommendation }) => recommendation),
        mine.survey.facts.map((facts) => recommend(facts, mine.survey.settings)),
      );
      assert.equal(stored.record.status, 'in_review');
      const dead = stored.assessed.find(({ facts }) => facts.name === 'Deleted helper');
      assert.deepEqual([dead?.recommendation.strategy, dead?.recommendation.rule], ['retire', 1]);
      assert.ok(
        stored.assessed.every(({ facts }) => facts.table !== 'public.space_models'),
        'a grant is a setting',
      );
      assert.ok(
        mine.survey.followers > 0 && mine.survey.shared > 0,
        'what follows and what is nobody’s alone is counted',
      );
    });

    it('refuses what does not fit, and writes nothing', async () => {
      const { record, assessed } = await show();
      const [group] = groupsOf(assessed);
      const { name, members } = group ?? { name: '', members: [] };
      const asset = members[0]?.facts.key ?? '';
      await refused(
        () => accept(site, { tenant: alder, actor }),
        'UNDECIDED',
        new RegExp(`${assessed.length} assets are not decided`),
      );
      await refused(
        () => about({ group: name, count: members.length + 1 }),
        'PRECONDITION_FAILED',
        /not \d+: look at it again/,
      );
      await refused(() => about({ group: '00000000', count: 1 }), 'ASSESSMENT_CONFLICT', /no group/);
      await refused(
        () => about({ group: name, count: members.length }, { strategy: 'retire' }),
        'DECISION_NEEDS_REASON',
      );
      await refused(
        () => about({ asset }, { strategy: 'retain', reason: 'x' }),
        'DECISION_INCOMPLETE',
        /--until/,
      );
      await refused(
        () => about({ asset }, { strategy: 'refactor', reason: 'x', owner: 'Ada' }),
        'DECISION_INCOMPLETE',
        /--due/,
      );
      await refused(
        () => about({ asset }, { strategy: 'rehost', reason: 'x' }),
        'DECISION_INCOMPLETE',
        /--target/,
      );
      await refused(() => about({ asset: 'nothing' }), 'ASSESSMENT_CONFLICT');
      await refused(
        () => about({ recommended: 0 }, { version: record.version - 1 }),
        'PRECONDITION_FAILED',
        /version/,
      );
      await refused(
        () => reopen(site, { tenant: alder, actor, reason: 'x' }),
        'ASSESSMENT_CONFLICT',
        /is in_review/,
      );
      await refused(() => reopen(site, { tenant: alder, actor }), 'DECISION_NEEDS_REASON');
      await refused(() => accept(site, { tenant: 'nobody', actor }), 'ASSESSMENT_NOT_FOUND');
    });

    it('keeps a decision for each asset, of a group, of one and as recommended; one that stands is replaced on purpose only', async () => {
      const [group] = groupsOf((await show()).assessed);
      const { name, members } = group ?? { name: '', members: [] };
      assert.equal((await about({ group: name, count: members.length })).decided, members.length);
      await refused(
        () => about({ group: name, count: members.length }),
        'PRECONDITION_FAILED',
        /ada has decided replatform/,
      );
      const asset = members[0]?.facts.key ?? '';
      await refused(
        () => about({ asset }, { strategy: 'retain', reason: 'x', until }),
        'PRECONDITION_FAILED',
        /--instead/,
      );
      await about({ asset }, { strategy: 'retain', reason: 'wait', until, instead: true });
      const { left } = await about({ recommended: 0 }, { owner: 'Bo', due: until });
      assert.deepEqual(left, []);
      const { assessed } = await show();
      const one = assessed.find(({ facts }) => facts.key === asset);
      assert.deepEqual(
        { ...one?.decision, at: '' },
        {
          strategy: 'retain', target: null, reason: 'wait', until, owner: null, due: null, group: null, singly: true, actor, at: '',
          recommended: one?.recommendation.strategy, recommendedTarget: one?.recommendation.target, confidence: one?.recommendation.confidence, rule: 6,
        }, // prettier-ignore
      );
      const { superseded } = await database.transaction({ readOnly: true }, (tx) =>
        tx.one<{ superseded: number }>(
          'SELECT count(superseded_by)::int AS superseded FROM drover.decisions',
        ),
      );
      assert.equal(superseded, 1, 'what stood before is kept');
    });

    it('is accepted once all are decided: waves are fixed, and nobody decides any more until it is opened again', async () => {
      const { waves } = await accept(site, { tenant: alder, actor });
      const { record, assessed, waves: stored } = await show();
      assert.equal(record.status, 'accepted');
      const moving = assessed.filter(({ decision }) =>
        ['replatform', 'rehost', 'retire'].includes(decision?.strategy ?? ''),
      );
      assert.deepEqual(
        stored.map(({ asset }) => asset).toSorted(),
        [...new Set(moving.map(({ asset }) => asset))].toSorted(),
        'who stays is in no wave',
      );
      assert.equal(waves[0]?.canary, true);
      await refused(() => about({ recommended: 0 }), 'ASSESSMENT_CONFLICT', /is accepted/);
      await refused(() => accept(site, { tenant: alder, actor }), 'ASSESSMENT_CONFLICT');
      const was = await records();
      await assert.rejects(() => start(), refusal('ASSESSMENT_CONFLICT', /assess reopen/));
      assert.equal(await records(), was);
      await reopen(site, { tenant: alder, actor, reason: 'one more' });
      assert.equal((await show()).record.status, 'in_review');
    });

    it('surveyed again keeps decisions, names what changed, adds what is new and closes what is gone', async () => {
      const { assessed } = await show();
      const [first, second] = assessed.filter(({ facts }) => facts.table === 'public.assistants');
      await sql(`UPDATE assistants SET deleted_at = now() WHERE id = '${first?.facts.key ?? ''}';
        UPDATE assistants SET model_id = NULL, fallback_model_id = NULL WHERE id = '${second?.facts.key ?? ''}';
        INSERT INTO assistants (id, member_id, name, model_id) SELECT 'aa000000-0000-4000-8000-000000000001', member_id, 'New one', '30a00000-0000-4000-8000-000000000001'
        FROM assistants WHERE name = 'My notes'`);
      await start();
      const after = await show();
      assert.deepEqual(after.changes.gone, second === undefined ? [] : [nameOf(second)]);
      assert.deepEqual(after.changes.added, [
        'public.assistants/aa000000-0000-4000-8000-000000000001 (gpt-4o)',
      ]);
      const name = first === undefined ? '' : nameOf(first);
      assert.deepEqual(
        after.changes.facts.filter(({ asset }) => asset === name),
        [{ asset: name, fact: 'dead', before: 'no', after: 'yes' }],
      );
      const kept = after.assessed.filter(({ decision }) => decision !== null).length;
      assert.equal(kept, assessed.length - 1, 'every decision stands, but of what is gone');
      assert.deepEqual(
        after.assessed.filter(({ decision }) => decision === null).map(({ facts }) => facts.name),
        ['New one'],
      );
      await refused(() => accept(site, { tenant: alder, actor }), 'UNDECIDED', /One asset is not decided/);
    });

    it('gives random facts and waves back as they were', async () => {
      const { record } = await show(birch);
      const rows = new Map(
        fc
          .sample(anyAsset, 500)
          .map((facts, at) => [String(at), { ...facts, key: String(at) } satisfies AssetFacts]),
      );
      const facts = [...rows.values()].map((one) => ({
        ...one,
        name: one.name?.replaceAll('\0', '') ?? null,
      }));
      const read = await withState(site, birch, async (state) => {
        const ids = await saveAssets(state, site, { tenant: birch, facts });
        const assets = facts.map((one): SurveyedAsset => {
          const asset = ids.get(JSON.stringify([one.table, one.key])) ?? '';
          return { asset, facts: one, recommendation: recommend(one, settings), group: 'g' };
        });
        await saveFacts(state, site, { record: { ...record, survey: 77 }, assets });
        const members = [...ids.values()].map((asset, at) => ({
          asset,
          wave: (at % 10) + 1,
          canary: at % 10 === 0,
        }));
        await saveWaves(state, site, { record, members });
        const byAsset = (a: { asset: string }, b: { asset: string }): number => (a.asset < b.asset ? -1 : 1);
        assert.deepEqual((await readWaves(state, site, record)).toSorted(byAsset), members.toSorted(byAsset));
        await saveWaves(state, site, { record, members: members.slice(0, 3) });
        assert.equal((await readWaves(state, site, record)).length, 3);
        const stored = await readAssessed(state, site, { record, survey: 77 });
        assert.deepEqual(
          stored.toSorted(byAsset),
          assets.map((one) => ({ ...one, decision: null })).toSorted(byAsset),
        );
        return stored.length;
      });
      assert.equal(read, 500);
    });

    it('given up stays on record, and another one may begin', async () => {
      await cancel(site, { tenant: birch, actor, reason: 'wrong day' });
      await refused(() => cancel(site, { tenant: birch, actor }), 'ASSESSMENT_CONFLICT', /assess start/);
      const { record } = await start(birch);
      assert.equal(record?.version, 3);
      const { n } = await database.transaction({ readOnly: true }, (tx) =>
        tx.one<{ n: number }>(`SELECT count(*) AS n FROM drover.assessments WHERE tenant_id = '${birch}'`),
      );
      assert.equal(n, 2);
    });

    it('lets no edge lead to an asset of another tenant, whoever writes it', async () => {
      await assert.rejects(
        sql(`INSERT INTO drover.asset_dependencies (tenant_id, dependent_asset_id, dependency_asset_id)
          SELECT a.tenant_id, a.id, b.id FROM drover.assets a, drover.assets b WHERE a.tenant_id <> b.tenant_id LIMIT 1`),
        refusal('STILL_REFERENCED'),
      );
      for (const word of ['REHOST', 'rearchitect', 'replace', ''])
        await assert.rejects(
          sql(`UPDATE drover.decisions SET strategy = '${word}' WHERE singly`),
          refusal('INVALID_VALUE'),
          word,
        );
    });

    it(
      'is decided by one of two reviewers, and the other is told by whom',
      { skip: engine === 'embedded' },
      async () => {
        const { assessed } = await show(birch);
        for (let round = 0; round < Math.min(20, assessed.length); round += 1) {
          const { key, source, table } = assessed[round % assessed.length]?.facts ?? {
            key: '',
            source: '',
            table: '',
          };
          const decideAs = (who: string) =>
            decide(site, {
              tenant: birch,
              about: { asset: `${table}/${key}`, source },
              actor: who,
              strategy: 'retain',
              reason: who,
              until,
            });
          const outcomes = await Promise.allSettled([decideAs('ada'), decideAs('bo')]);
          const lost = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
          assert.equal(lost.length, 1);
          assert.ok(
            lost[0] instanceof DroverError && lost[0].code === 'PRECONDITION_FAILED',
            String(lost[0]),
          );
          const one = (await show(birch)).assessed.find(
            ({ facts }) => facts.key === key && facts.source === source && facts.table === table,
          );
          assert.match(lost[0].message, new RegExp(`${one?.decision?.actor ?? ''} has decided retain`));
        }
      },
    );

    it('has its records in another database where somebody says so, and nothing in this one', async () => {
      const place = await examplePlace(engine, 'e-settings');
      const attached = await openDatabase(place.target);
      const config = loadConfigFile(place.config);
      const { knowledge } = site;
      const apart = await openSite({
        database: attached,
        config,
        knowledge,
        state: database,
        trustsConfig: true,
      });
      const { record, survey } = await startAssessment(apart, { tenant: 'fern', actor, horizon });
      assert.ok(record !== null && survey.facts.length > 0);
      await decide(apart, { tenant: 'fern', about: { recommended: 0 }, actor, owner: 'Bo', due: until });
      await accept(apart, { tenant: 'fern', actor });
      assert.equal((await readAssessment(apart, 'fern')).record.status, 'accepted');
      const { made } = await attached.transaction({ readOnly: true }, (tx) =>
        tx.one<{ made: boolean }>(
          `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'drover') AS made`,
        ),
      );
      assert.equal(made, false);
      await attached.close();
      await place.drop();
    });

    it('of two that begin at once one is the first', { skip: engine === 'embedded' }, async () => {
      await cancel(site, { tenant: birch, actor });
      const outcomes = await Promise.allSettled([start(birch), start(birch)]);
      const lost = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
      // Where the second one began its survey after the first had ended, it is a second survey, and no conflict.
      for (const error of lost)
        assert.ok(error instanceof DroverError && error.code === 'ASSESSMENT_CONFLICT', String(error));
      assert.ok(lost.length <= 1);
    });
  });
});
