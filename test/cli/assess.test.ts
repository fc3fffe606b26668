/** From "models end" to "each row is decided", by commands alone, on Drover's own schema and on a database of other people. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { droverHere } from './drover-here.ts';
import { demoPlace, examplePlace, scratch } from './drover-process.ts';
import type { Place } from './drover-process.ts';

const horizon = ['--horizon', '2100-01-01'];
const task = ['--owner', 'Platform team', '--due', '2101-01-01'];

interface Shown {
  readonly tenant: string;
  readonly tenantName: string;
  readonly status: string;
  readonly version: number;
  readonly assessed: readonly {
    readonly facts: { readonly key: string; readonly name: string | null; readonly table: string };
    readonly decision: unknown;
  }[];
  readonly groups: readonly { readonly name: string; readonly count: number }[];
  readonly waves: readonly object[];
  readonly readiness: { readonly points: number };
}

oneEngine((engine) => {
  const ways: readonly (readonly [string, () => Promise<Place>])[] = [
    ['Drover’s own schema', () => demoPlace(engine)],
    ['an attached database', () => examplePlace(engine, 'b-text-pairs')],
  ];
  for (const [name, open] of ways)
    describe(name, () => {
      let place: Place;
      before(async () => {
        place = await open();
      });
      after(() => place.drop());

      const run = async (words: readonly string[], status = 0): Promise<string> => {
        const outcome = await droverHere(['assess', ...words, ...place.where]);
        assert.equal(outcome.status, status, `${words.join(' ')}: ${outcome.stderr}`);
        return status === 0 ? outcome.stdout : outcome.stderr;
      };
      const shown = async (): Promise<readonly Shown[]> =>
        (JSON.parse(await run(['show', '--json'])) as { assessments: Shown[] }).assessments;

      it('is decided by seven commands, and nothing of it moves', async () => {
        const rows = (): Promise<string> => dataOf(place);
        const was = await rows();
        assert.match(await run(['show'], 0), /^$/);
        await run(['start', '--all-tenants', ...horizon]);
        const found = await shown();
        assert.ok(found.length >= 1 && found.every(({ status }) => status === 'in_review'));
        await run(['decide', '--recommended', '--at-least', '0.75', ...task]);
        const [first] = found;
        const { tenant = '', groups = [] } = first ?? {};
        const refused = await run(
          ['decide', '--tenant', tenant, '--group', `${groups[0]?.name ?? ''}:999`],
          1,
        );
        assert.match(refused, /PRECONDITION_FAILED/);
        await run(['decide', '--recommended', ...task]);
        await run(['accept', '--tenant', tenant, '--seen', '1'], 1);
        await run(['accept']);
        const accepted = await shown();
        for (const one of accepted) {
          assert.equal(one.status, 'accepted', one.tenantName);
          assert.ok(one.assessed.every(({ decision }) => decision !== null));
        }
        assert.ok(accepted.some(({ waves }) => waves.length > 0));
        assert.equal(await rows(), was);
      });

      it('is exported: a row for each asset, a document, a calendar', async () => {
        const all = await shown();
        const csv = (await run(['export', '--csv'])).trimEnd().split('\r\n');
        const assets = all.reduce((sum, { assessed }) => sum + assessed.length, 0);
        assert.equal(csv.length, assets + 1);
        const markdown = await run(['export']);
        assert.equal(
          markdown.split('\n').filter((line) => line.startsWith('# Assessment')).length,
          all.length,
        );
        const calendar = await run(['export', '--ical']);
        assert.match(calendar, /^BEGIN:VCALENDAR\r\n/);
        await run(['export', '--ical', '--csv'], 1);
      });

      it('is opened again for a reason, and given up', async () => {
        const [first] = await shown();
        const tenant = ['--tenant', first?.tenant ?? ''];
        assert.match(await run(['reopen', ...tenant], 1), /DECISION_NEEDS_REASON/);
        assert.match(await run(['start', ...tenant], 1), /assess reopen/);
        await run(['reopen', ...tenant, '--reason', 'one forgotten']);
        await run(['cancel', ...tenant]);
        assert.match(await run(['accept', ...tenant], 1), /ASSESSMENT_NOT_FOUND/);
      });
    });

  it('what is no choice is refused before anything is opened', async () => {
    for (const words of [
      ['--asset', 'x', '--strategy', 'REHOST'],
      ['--asset', 'x', '--strategy', 'rearchitect'],
      ['--asset', 'x', '--strategy', ''],
      ['--recommended', '--strategy', 'retire'],
      ['--recommended', '--group', '12345678:1'],
      ['--group', '12345678'],
      ['--group', '12345678:0'],
      ['--recommended', '--at-least', '75'],
      ['--recommended', '--at-least', '0'],
      ['--asset', 'x', '--until', '2026-02-30'],
      ['--asset', 'x', '--at-least', '0.5'],
      [],
    ]) {
      const { status, stderr } = await droverHere([
        'assess',
        'decide',
        ...words,
        '--data',
        scratch('nowhere'),
      ]);
      assert.equal(status, 1);
      assert.match(stderr, /USAGE_INVALID/, words.join(' '));
    }
  });

  it('a name that begins like a formula is a text in CSV, and stays in its cell in Markdown', async () => {
    const place = await examplePlace(engine, 'b-text-pairs');
    await place.look((tx) => tx.script(`UPDATE agents SET name = '=1+1 | # x' WHERE id = 'iris-8'`));
    const run = (...words: string[]) => droverHere(['assess', ...words, ...place.where]);
    await run('start', '--all-tenants', ...horizon);
    assert.match((await run('export', '--csv')).stdout, /,'=1\+1 \| # x,/);
    assert.match((await run('export')).stdout, /\| =1\+1 \\\| \\# x \|/);
    await place.drop();
  });
});

/** All rows but Drover's records, as text. */
function dataOf(place: Place): Promise<string> {
  return place.look(async (tx) => {
    const tables = await tx.many<{ name: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'drover')
         AND c.relname NOT IN ('assets', 'asset_dependencies', 'assessments', 'assessment_sources', 'asset_facts', 'decisions', 'wave_members', 'audit_log')
       ORDER BY 1`,
    );
    const texts: string[] = [];
    for (const { name } of tables) {
      const { rows } = await tx.one<{ rows: string }>(
        `SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') AS rows FROM ${name} t`,
      );
      texts.push(rows);
    }
    return texts.join('\n\n');
  });
}
