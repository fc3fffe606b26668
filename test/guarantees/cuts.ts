/**
 * A connection that is cut at any message of an apply or a rollback, before the server has it or before the answer is back: what the
 * command says is what the rows say. "Nobody knows" is said only where the database cannot be asked any more. What is committed in
 * parts stays, and the command says how much that is; the same command again goes on, or a rollback takes it back.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { smallDatabase } from '../cases/small-database.ts';
import type { SmallDatabase } from '../cases/small-database.ts';
import type { Outcome } from '../cli/drover-process.ts';
import { openTollGate } from '../support/toll-gate.ts';
import type { Cut } from '../support/toll-gate.ts';

/** Documents that are so far apart in their table that several parts move them. */
const documents = 60;

const script = `
  CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE bots (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text NOT NULL);
  CREATE TABLE papers (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, doc json NOT NULL) WITH (fillfactor = 20);
  INSERT INTO firms VALUES (1, 'Alder');
  INSERT INTO bots SELECT n, 1, 'gpt-4o' FROM generate_series(1, 5) n;
  INSERT INTO papers SELECT n, 1, json_build_object('model', 'gpt-4o', 'say', repeat('word ', 200)) FROM generate_series(1, ${documents}) n;`;

const yaml = `version: 1
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places: [{ at: bots.model }, { at: papers.doc, json: /model }]
`;

/** What a command did to the rows of the tenant. */
interface Moved {
  readonly bots: number;
  readonly papers: number;
}

const [none, all]: readonly [Moved, Moved] = [
  { bots: 0, papers: 0 },
  { bots: 5, papers: documents },
];

/** @param step every how manieth message is cut, beside the last ones */
export function declareCuts(step: number): void {
  describe('on a server', () => suite(step));
}

function suite(step: number): void {
  let database: SmallDatabase;
  let rows: unknown;

  before(async () => {
    database = await smallDatabase('server', script, yaml);
    rows = await content();
    // The records are there before anything is cut.
    assert.equal((await apply()).status, 0);
    assert.equal((await rollback()).status, 0);
  });
  after(() => database.drop());

  const by = (way: string | undefined): string[] => (way === undefined ? [] : ['--database', way]);
  const move = ['--tenant', 'Alder', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes'];
  const apply = (way?: string): Promise<Outcome> => database.run('apply', ...move, ...by(way));
  const online = (way?: string): Promise<Outcome> => database.run('apply', ...move, '--online', ...by(way));
  const rollback = async (way?: string): Promise<Outcome> => {
    const [[id] = []] = await database.rows(
      `SELECT id FROM drover.migrations WHERE kind = 'model' AND status IN ('succeeded', 'under_way') ORDER BY started_at DESC LIMIT 1`,
    );
    return database.run('rollback', id ?? '', '--tenant', 'Alder', '--yes', ...by(way));
  };
  const content = (): Promise<unknown> =>
    database.rows(`SELECT id, model FROM bots UNION ALL SELECT id, doc::text FROM papers ORDER BY 1, 2`);
  const moved = async (): Promise<Moved> => {
    const [[bots, papers] = []] = await database.rows(
      `SELECT (SELECT count(*) FROM bots WHERE model = 'gpt-4.1') AS bots, (SELECT count(*) FROM papers WHERE doc ->> 'model' = 'gpt-4.1') AS papers`,
    );
    return { bots: Number(bots), papers: Number(papers) };
  };

  /** Runs the command by a way that is cut, and says what it said and how many messages it took. */
  async function byWay(
    command: (way: string) => Promise<Outcome>,
    cut?: Cut,
  ): Promise<Outcome & { messages: number }> {
    const gate = await openTollGate(database.address, cut);
    try {
      return { ...(await command(gate.url)), messages: gate.messages() };
    } finally {
      await gate.close();
    }
  }

  /** Which of them are tried: of an ordinary migration the COMMIT of the work is among the last. */
  const cutsOf = (messages: number, last = 8): Cut[] =>
    Array.from({ length: messages + 1 }, (_, n) => n + 1)
      .filter((at) => at % step === 0 || at > messages - last)
      .flatMap((at) => waysOf(at).map((how) => ({ at, how })));
  /** Both where every message is tried, and else one after the other. */
  const waysOf = (at: number): Cut['how'][] =>
    step === 1 ? ['before', 'after'] : at % 2 === 0 ? ['before'] : ['after'];

  for (const [name, command, undo, there] of [
    ['an apply', apply, rollback, all],
    ['a rollback', rollback, apply, none],
  ] as const)
    it(`${name} that is cut says what is true`, async () => {
      if (name === 'a rollback') await apply();
      const whole = await byWay(command);
      assert.equal(whole.status, 0, whole.stdout + whole.stderr);
      await undo();
      const [seen, back] = [new Set<number | null>(), there === all ? none : all];
      for (const cut of cutsOf(whole.messages)) {
        const { status, stderr } = await byWay(command, cut);
        const now = await moved();
        const where = `${cut.how} ${cut.at} of ${whole.messages}: ${stderr}`;
        seen.add(status);
        assert.deepEqual(now, status === 0 ? there : back, where);
        if (status === 0) await undo();
        assert.deepEqual(await moved(), back, where);
      }
      // The database is there again at once, so it could always be asked.
      assert.deepEqual(seen, new Set([0, 1]));
      if (name === 'a rollback') await rollback();
      assert.deepEqual(await content(), rows);
    });

  /** How many rows of those that move in parts the command says are committed; undefined where it says nothing of that. */
  const committedBy = ({ stderr }: Outcome): number | undefined => {
    const said = /(?:is under way: |Before it )(\d+) row changes? (?:committed so far|of migration)/;
    const [, rows] = said.exec(stderr.replaceAll(/\s+/g, ' ')) ?? [];
    return rows === undefined ? undefined : Number(rows);
  };
  const underWay = async (): Promise<boolean> =>
    (await database.rows(`SELECT id FROM drover.migrations WHERE status = 'under_way'`)).length > 0;

  it('an apply in parts that is cut says what is committed, and goes on or is taken back', async () => {
    const whole = await byWay(online);
    assert.equal(whole.status, 0, whole.stdout + whole.stderr);
    assert.match(whole.stdout, new RegExp(`${documents} row changes of these committed in parts`));
    const back = await byWay(rollback);
    const seen = new Set<string>();
    for (const [number, cut] of cutsOf(whole.messages, 2).entries()) {
      const tried = await byWay(online, cut);
      const [said, where] = [
        committedBy(tried),
        `${cut.how} ${cut.at} of ${whole.messages}: ${tried.stderr}`,
      ];
      const { status } = tried;
      seen.add(status === 0 ? 'done' : said === undefined ? 'nothing' : said === 0 ? 'begun' : 'in part');
      if (status !== 0) assert.equal(status, 1, where);
      const now = status === 0 ? all : { bots: 0, papers: said ?? 0 };
      assert.deepEqual(await moved(), now, where);
      assert.equal(await underWay(), status !== 0 && said !== undefined, where);
      if (number % 2 === 0) assert.equal((await online()).status, 0, where);
      else if (status !== 0 && said !== undefined) {
        const taken = await byWay(rollback, { at: 1 + ((number * step) % back.messages), how: cut.how });
        assert.deepEqual(await moved(), taken.status === 0 ? none : now, where + taken.stderr);
        assert.equal(await underWay(), taken.status !== 0, where + taken.stderr);
      }
      if ((await moved()).papers > 0 || (await underWay())) assert.equal((await rollback()).status, 0, where);
      assert.deepEqual(await content(), rows, where);
    }
    // Which end a sample meets depends on how many messages there are.
    if (step === 1) assert.deepEqual([...seen].sort(), ['begun', 'done', 'in part', 'nothing']);
    else assert.ok(seen.has('in part'), [...seen].join(', '));
  });

  it('an apply in parts that is cut for good says no more than it knows, and the next one finds what is so', async () => {
    const { messages } = await byWay(online);
    await rollback();
    const seen = new Set<number | null>();
    for (let at = step; at < messages; at += 2 * step)
      for (const how of waysOf(at)) {
        const tried = await byWay(online, { at, how, forGood: true });
        const [said, where] = [committedBy(tried), `${how} ${at} of ${messages}: ${tried.stderr}`];
        const { papers } = await moved();
        seen.add(tried.status);
        assert.ok(tried.status === 1 || tried.status === 4, where);
        // Only of its last transaction nobody knows.
        if (tried.status === 1) assert.equal(papers, said ?? 0, where);
        else assert.ok(papers >= (said ?? 0), where);
        const again = await online();
        assert.equal(again.status, 0, where + again.stderr);
        assert.deepEqual(await moved(), all, where);
        await rollback();
        assert.deepEqual(await content(), rows, where);
      }
    if (step === 1) assert.deepEqual(seen, new Set([1, 4]));
  });
}
