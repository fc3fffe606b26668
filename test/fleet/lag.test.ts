/** A run waits while a replica lags. The replica is a connection that says of itself how far it is, as real ones do. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import pg from 'pg';
import { createRun } from '../../src/fleet/create.ts';
import { waitForRun } from '../../src/fleet/follow.ts';
import { startWorker } from '../../src/fleet/worker.ts';
import { openServer } from '../../src/postgres/driver/connect.ts';
import { readPressure } from '../../src/postgres/runs/pressure.ts';
import { getRun } from '../../src/postgres/runs/runs.ts';
import { openFleet, runRequest } from '../support/fleet.ts';
import { platformSite, refusedWith, waitUntil } from '../support/guarantee.ts';

/** A connection that receives the log, and the means to say up to where it has replayed it. */
async function connectReplica(url: string): Promise<{ report: (upTo: bigint) => void; end: () => void }> {
  const client = new pg.Client({ connectionString: url, replication: 'true' } as pg.ClientConfig);
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ xlogpos: string }>('IDENTIFY_SYSTEM');
  void client.query(`START_REPLICATION PHYSICAL ${rows[0]?.xlogpos ?? '0/0'}`).catch(() => undefined);
  const { connection } = client as unknown as {
    connection: { sendCopyFromChunk(chunk: Buffer): void; stream: { destroy(): void } };
  };
  const report = (upTo: bigint): void => {
    const message = Buffer.alloc(34);
    message.write('r', 0, 'latin1');
    for (const at of [1, 9, 17]) message.writeBigUInt64BE(upTo, at);
    connection.sendCopyFromChunk(message);
  };
  return { report, end: () => connection.stream.destroy() };
}

it('no wave is begun while a replica is further behind than allowed', async () => {
  const fleet = await openFleet('server', 4);
  if (!('url' in fleet.target)) throw new Error('a server has a URL');
  const replica = await connectReplica(fleet.target.url);
  try {
    const lag = async (): Promise<number> => (await readPressure(fleet.site)).replicationLagBytes ?? -1;
    await waitUntil(async () => {
      replica.report(1n);
      return (await lag()) > 1_000_000;
    }, 'the replica is behind');
    const runId = await createRun(
      fleet.site,
      runRequest({ throttle: { maxReplicationLagBytes: 1_000_000 } }),
    );
    const worker = startWorker(fleet.site, { only: runId, pollMs: 20 });
    await waitUntil(async () => (await getRun(fleet.site, runId)).throttleReason !== null, 'the run waits');
    const held = await getRun(fleet.site, runId);
    assert.match(held.throttleReason ?? '', /a replica lags: \d+ bytes \(limit 1000000\)/);
    assert.equal(held.succeeded, 0);
    replica.report(2n ** 62n);
    const ended = await waitForRun(fleet.site, runId, { pollMs: 20 });
    await worker.stop();
    assert.deepEqual([ended.status, ended.succeeded], ['succeeded', 4]);
  } finally {
    replica.end();
    await fleet.drop();
  }
});

it('a login that may not see replicas is told so, instead of a limit that never applies', async () => {
  const fleet = await openFleet('server', 1);
  if (!('url' in fleet.target)) throw new Error('a server has a URL');
  const login = `lag_login_${process.pid}`;
  await fleet.script(
    `CREATE ROLE ${login} LOGIN; GRANT drover_app, drover_fleet, drover_operator TO ${login}; GRANT USAGE ON SCHEMA migration TO ${login}`,
  );
  const url = new URL(fleet.target.url);
  url.username = login;
  const database = await openServer({ url: url.href });
  try {
    const site = await platformSite(database);
    const asked = runRequest({ throttle: { maxReplicationLagMs: 100 } });
    const refused = await refusedWith(createRun(site, asked), 'RUN_INVALID');
    assert.match(refused.message, /pg_monitor/);
    assert.match(await createRun(site, runRequest()), /^[0-9a-f-]{36}$/, 'without the limit it may');
  } finally {
    await database.close();
    await fleet.script(`DROP OWNED BY ${login}; DROP ROLE ${login}`);
    await fleet.drop();
  }
});
