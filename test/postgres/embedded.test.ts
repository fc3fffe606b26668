/** A folder database keeps what was committed, and belongs to one process. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DroverError } from '../../src/errors.ts';
import { openEmbedded } from '../../src/postgres/driver/embedded.ts';
import { type FreshEmbedded, freshEmbedded } from '../support/databases.ts';

const holder = fileURLToPath(new URL('../support/hold-folder.ts', import.meta.url));

/** A real second process that opens the folder; `said` is "open", or the code of its error. */
async function startHolder(dataDir: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [holder, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString().trim() };
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
  child.kill(signal);
  await exited;
}

describe('embedded', () => {
  let folder: FreshEmbedded;
  before(async () => {
    folder = await freshEmbedded();
  });
  after(() => folder.drop());

  it('finds what was committed when it is opened again', async () => {
    const first = await openEmbedded(folder);
    await first.transaction({}, (tx) => tx.script('CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)'));
    await first.close();
    await first.close();
    const second = await openEmbedded(folder);
    const row = await second.transaction({}, (tx) => tx.one('SELECT n FROM kept'));
    await second.close();
    assert.deepEqual(row, { n: 42 });
  });

  it('refuses a folder that another process has open, and says which and what to do', async () => {
    const { child, said } = await startHolder(folder.dataDir);
    try {
      assert.equal(said, 'open');
      await assert.rejects(openEmbedded(folder), (error: unknown) => {
        assert.ok(error instanceof DroverError);
        assert.equal(error.code, 'EMBEDDED_IN_USE');
        assert.match(error.message, new RegExp(`process ${child.pid}\\b.*--data.*--database`));
        return true;
      });
    } finally {
      await end(child);
    }
  });

  it('leaves a folder of other files as it is, and takes one that is empty', async () => {
    const other = mkdtempSync(join(tmpdir(), 'drover-other-'));
    for (const name of ['notes.txt', 'package.json']) writeFileSync(join(other, name), '');
    await assert.rejects(openEmbedded({ dataDir: other }), (error: unknown) => {
      assert.ok(error instanceof DroverError && error.code === 'NO_DATABASE');
      assert.match(error.message, /holds notes\.txt and 1 more and no database of Drover/);
      return true;
    });
    assert.deepEqual(readdirSync(other), ['notes.txt', 'package.json']);
    rmSync(other, { recursive: true });
  });

  it('refuses it by another path, and in the same process', async () => {
    const db = await openEmbedded(folder);
    const link = `${folder.dataDir}-link`;
    symlinkSync(folder.dataDir, link);
    try {
      await assert.rejects(openEmbedded(folder), { code: 'EMBEDDED_IN_USE' });
      await assert.rejects(openEmbedded({ dataDir: link }), { code: 'EMBEDDED_IN_USE' });
      const { child, said } = await startHolder(link);
      await end(child);
      assert.equal(said, 'EMBEDDED_IN_USE');
    } finally {
      unlinkSync(link);
      await db.close();
    }
  });

  it('takes over from a process that was killed, and of several that try only one succeeds', async () => {
    const { child } = await startHolder(folder.dataDir);
    await end(child, 'SIGKILL');
    const racing = await Promise.all([1, 2, 3].map(() => startHolder(folder.dataDir)));
    await Promise.all(racing.map((each) => end(each.child)));
    const said = racing.map((each) => each.said).sort();
    assert.deepEqual(said, ['EMBEDDED_IN_USE', 'EMBEDDED_IN_USE', 'open']);
  });

  it('lets go of the folder when it cannot be opened', async () => {
    const broken = await freshEmbedded();
    renameSync(`${broken.dataDir}/postgres`, `${broken.dataDir}/drover.aside`);
    writeFileSync(`${broken.dataDir}/postgres`, 'not a folder');
    await assert.rejects(openEmbedded(broken), (error: unknown) => !(error instanceof DroverError));
    rmSync(`${broken.dataDir}/postgres`);
    renameSync(`${broken.dataDir}/drover.aside`, `${broken.dataDir}/postgres`);
    const db = await openEmbedded(broken);
    await db.close();
    await broken.drop();
  });

  it('computes on a thread of its own where that is asked for, and says the same', async () => {
    const db = await openEmbedded({ ...folder, ownThread: true });
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    const counted = await db.transaction({}, (tx) =>
      tx.one('SELECT count(*) AS n FROM generate_series(1, 1000000)'),
    );
    clearInterval(timer);
    assert.deepEqual(counted, { n: 1_000_000 });
    assert.ok(ticks > 3, `this thread was held up: ${ticks} ticks`);
    const refusal = await db
      .transaction({}, (tx) =>
        tx.script('CREATE TABLE twice (n int UNIQUE); INSERT INTO twice VALUES (1), (1)'),
      )
      .catch((error: unknown) => error);
    assert.ok(refusal instanceof DroverError);
    assert.deepEqual([refusal.code, refusal.data['constraint']], ['ALREADY_EXISTS', 'twice_n_key']);
    await assert.rejects(openEmbedded(folder), { code: 'EMBEDDED_IN_USE' });
    await db.close();
    await (await openEmbedded(folder)).close();
  });

  it('says that a folder cannot be opened, also from its thread, and lets go of it', async () => {
    const broken = await freshEmbedded();
    renameSync(`${broken.dataDir}/postgres`, `${broken.dataDir}/drover.aside`);
    writeFileSync(`${broken.dataDir}/postgres`, 'not a folder');
    await assert.rejects(openEmbedded({ ...broken, ownThread: true }));
    rmSync(`${broken.dataDir}/postgres`);
    renameSync(`${broken.dataDir}/drover.aside`, `${broken.dataDir}/postgres`);
    await (await openEmbedded({ ...broken, ownThread: true })).close();
    await broken.drop();
  });

  it('waits for transactions under way before it closes', async () => {
    const db = await openEmbedded(folder);
    const working = db.transaction({}, (tx) => tx.one('SELECT 1 AS one'));
    await db.close();
    assert.deepEqual(await working, { one: 1 });
    await assert.rejects(
      db.transaction({}, (tx) => tx.one('SELECT 1 AS one')),
      { code: 'INTERNAL' },
    );
  });
});
