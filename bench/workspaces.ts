/**
 * `npm run bench:workspaces [-- WORKSPACES …]`: how much the registry's verdict adds to changing a workspace. The endpoints of the API beside
 * a bare route with the same authentication that locks the row and writes it; the same endpoint without a verdict is `PATCH name`. With
 * the built-in registry and with one of 2 000 models and 20 runtimes. Ratios are of processor time (of the server's thread and the database), which
 * a busy machine disturbs least; absolute figures do not travel.
 */
import autocannon from 'autocannon';
import Table from 'cli-table3';
import pg from 'pg';
import { loadRegistryFolder } from '../src/registry/load/folder.ts';
import type { LoadedRegistry } from '../src/registry/load/load.ts';
import { judge } from '../src/registry/verdict/routability.ts';
import { startPostgres } from '../test/support/postgres-server.ts';
import { processorTime } from './processor-time.ts';
import { buildRegistry } from './registry-fixture.ts';
import {
  type Asked,
  buildWorkspaces,
  choosePairs,
  clients,
  type Contender,
  openContenders,
  startAnew,
} from './workspaces-fixture.ts';

const rounds = 3;
const secondsEach = 2;

const asked = process.argv
  .slice(2)
  .map(Number)
  .filter((workspaces) => workspaces > 0);

const builtIn = loadRegistryFolder();
if (builtIn.kind !== 'ok') throw new Error('The built-in registry is broken.');
const registries = { 'built-in': builtIn, large: buildRegistry() };

const server = await startPostgres();
try {
  const table = new Table({
    head: [
      'registry',
      'workspaces',
      'contender',
      'round trips',
      'requests/s',
      'processor time',
      'of the bare route',
      'of PATCH name',
    ],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'left', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const [name, loaded] of Object.entries(registries))
    for (const workspaces of asked.length > 0 ? asked : [10, 100, 1_000, 10_000])
      table.push(...(await measureSize(name, loaded, workspaces)));
  process.stdout.write(`${table.toString()}\n`);
  for (const [name, loaded] of Object.entries(registries))
    process.stdout.write(
      `A verdict by itself, ${name} registry: ${verdictMicroseconds(loaded).toFixed(2)} µs\n`,
    );
} finally {
  await server.stop();
}

async function measureSize(
  registry: string,
  loaded: LoadedRegistry,
  workspaces: number,
): Promise<string[][]> {
  const name = `workspaces_${registry.replace('-', '_')}_${workspaces}`;
  const { url, workspaceIds } = await buildWorkspaces(server.url, { name, workspaces, loaded });
  const { contenders, close } = await openContenders(url, loaded);
  try {
    const trips = new Map<string, number>();
    for (const contender of contenders) trips.set(contender.name, await countTrips(contender, workspaceIds));
    const measured = new Map<string, Measured[]>();
    // Round by round, so that a busy moment meets all of them; the first round warms up.
    for (let round = 0; round <= rounds; round += 1)
      for (const contender of contenders) {
        await startAnew(url, loaded);
        const found = await measure(contender, workspaceIds);
        process.stderr.write(`${name}, round ${round}: ${contender.name} ${Math.round(found.perSecond)}/s\n`);
        if (round > 0) measured.set(contender.name, [...(measured.get(contender.name) ?? []), found]);
      }
    const costs = contenders.map(({ name: each }) =>
      median((measured.get(each) ?? []).map(({ processorUs }) => processorUs)),
    );
    const [bare = 0, nameOnly = 0] = costs;
    return contenders.map(({ name: each }, at) => {
      const cost = costs[at] ?? 0;
      const rate = median((measured.get(each) ?? []).map(({ perSecond }) => perSecond));
      return [
        registry,
        workspaces.toLocaleString('en'),
        each,
        String(trips.get(each)),
        Math.round(rate).toLocaleString('en'),
        `${(cost / 1000).toFixed(2)} ms`,
        (bare / cost).toFixed(2),
        (nameOnly / cost).toFixed(2),
      ];
    });
  } finally {
    await close();
  }
}

function optionsOf({ url, key }: Contender, requests: readonly Asked[]): autocannon.Options {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return { url, headers, requests: [...requests], connections: 1, duration: secondsEach, workers: 1 };
}

interface Measured {
  /** Of all clients together. */
  readonly perSecond: number;
  /** Of the server's thread and the database, for one request. */
  readonly processorUs: number;
}

async function measure(contender: Contender, workspaceIds: readonly string[]): Promise<Measured> {
  const before = processorTime();
  const results = await Promise.all(
    Array.from({ length: clients }, (_, client) => {
      const mine = workspaceIds
        .filter((_id, at) => at % clients === client)
        .map((id) => contender.changes(id));
      const requests = [...mine.map(([change]) => change), ...mine.map(([, back]) => back)];
      return autocannon(optionsOf(contender, requests));
    }),
  );
  for (const { non2xx, errors } of results)
    if (non2xx > 0 || errors > 0)
      throw new Error(`${contender.name}: ${non2xx} answers were no success, ${errors} failed.`);
  const spent = processorTime() - before;
  const count = results.reduce((sum, { requests }) => sum + requests.total, 0);
  const perSecond = results.reduce((sum, { requests }) => sum + requests.average, 0);
  return { perSecond, processorUs: spent / count };
}

/** Messages to the database for one request, once every statement is known. */
async function countTrips({ url, key, changes }: Contender, [id = '']: readonly string[]): Promise<number> {
  const send = async ({ method, path, body }: Asked): Promise<void> => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(`${url}${path}`, { method, body, headers });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  };
  const [change, back] = changes(id);
  await send(change);
  await send(back);
  let trips = 0;
  // oxlint-disable-next-line typescript/unbound-method -- called on its client
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = new Proxy(query, {
    apply: (target, client, given) => {
      trips += 1;
      return Reflect.apply(target, client, given);
    },
  });
  try {
    await send(change);
  } finally {
    pg.Client.prototype.query = query;
  }
  await send(back);
  return trips;
}

function verdictMicroseconds(loaded: LoadedRegistry): number {
  const { here, there, secrets } = choosePairs(loaded);
  const questions = [...here, ...there].map((pair) => ({ ...pair, secrets: new Set(secrets) }));
  const repeats = 200_000;
  const timed = Array.from({ length: 5 }, () => {
    const began = process.hrtime.bigint();
    for (let repeat = 0; repeat < repeats; repeat += 1)
      for (const question of questions)
        if (judge(loaded, question).verdict !== 'allow') throw new Error('A verdict is wrong.');
    return Number(process.hrtime.bigint() - began) / 1000 / repeats / questions.length;
  });
  return median(timed);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
