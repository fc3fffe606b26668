/** A database that Drover did not create, from `init` to `rollback`, by the command line alone. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../src/config-file.ts';
import { oneEngine } from '../support/databases.ts';
import { droverHere } from './drover-here.ts';
import { drover, examplePlace, scratch } from './drover-process.ts';

const move = ['--tenant', '10a00000-0000-4000-8000-000000000000', '--from', 'gpt-4o', '--to', 'gpt-5.4'];

interface Notices {
  readonly notices: readonly { readonly changes: readonly unknown[] }[];
}

oneEngine((engine) => {
  test('init proposes a file that reads back, and overwrites none', async () => {
    const { where, drop } = await examplePlace(engine, 'a-two-owners');
    const cwd = scratch(`init-${engine}`);
    mkdirSync(cwd);
    const database = where.slice(0, 2);
    const { status, stdout, stderr } = await drover(['init', ...database], { cwd });
    assert.equal(status, 0, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /Written to drover\.config\.yaml[\s\S]*drover config check/);
    const text = readFileSync(join(cwd, 'drover.config.yaml'), 'utf8');
    assert.equal(parseConfig(text, 'x').config.tenant.root, 'organisations');
    assert.match((await drover(['init', ...database], { cwd })).stderr, /^FILE_EXISTS: .*--force/);
    assert.equal((await drover(['init', ...database, '--stdout'], { cwd })).stdout, text);
    assert.match(
      (await drover(['config', 'check', ...database], { cwd })).stdout,
      /^OK drover\.config\.yaml fits /,
    );
    await drop();
  });

  test('inspect, plan, notify, apply, history, rollback', async () => {
    const { where, drop } = await examplePlace(engine, 'a-two-owners');
    const run = (...words: string[]): ReturnType<typeof droverHere> => droverHere([...words, ...where]);
    const graph = JSON.parse((await run('inspect', '--json')).stdout) as {
      edges: { place: string; role: string }[];
    };
    assert.ok(graph.edges.some(({ place, role }) => place === 'assistants.model_id' && role === 'reference'));
    assert.match((await run('inspect', '--mermaid')).stdout, /^flowchart LR\n/);
    assert.match((await run('inspect')).stdout, /^assistants\.model_id\tforeign key\tmoves\tassistants\t/m);
    assert.match(
      (await run('inspect', '--csv')).stdout,
      /^place,names it by,what happens,table,belongs to its tenant by\r\n/,
    );

    const file = scratch(`attached-${engine}.json`);
    assert.equal((await run('plan', ...move, '--out', file)).status, 2);
    const notice = await droverHere(['notify', '--plan', file]);
    assert.match(notice.stdout, /^# Change of model/);
    const { notices } = JSON.parse(
      (await droverHere(['notify', '--plan', file, '--plan', file, '--json'])).stdout,
    ) as Notices;
    assert.equal(notices.length, 2);

    const applied = await run('apply', file, '--yes');
    assert.equal(applied.status, 0, applied.stderr);
    assert.match(
      applied.stdout,
      /^Made \d+ row changes[\s\S]*Partial: \d+ occurrences? of the tenant still names? the source/,
    );
    const { migrations } = JSON.parse((await run('history', '--json')).stdout) as {
      migrations: { id: string }[];
    };
    const back = await run('rollback', migrations[0]?.id ?? '', '--yes', '--json');
    assert.equal(back.status, 0, back.stderr);
    assert.equal((JSON.parse(back.stdout) as { skippedCount: number }).skippedCount, 0);
    await drop();
  });

  test('a configuration that does not fit names the line', async () => {
    const { where, config, drop } = await examplePlace(engine, 'a-two-owners');
    const file = scratch(`misfit-${engine}.yaml`);
    copyFileSync(config, file);
    writeFileSync(
      file,
      readFileSync(config, 'utf8').replace(
        'at: assistants.fallback_model_id',
        'at: assistants.fallback_modle_id',
      ),
    );
    const { status, stderr } = await droverHere(['plan', ...where.slice(0, 2), '--config', file, ...move]);
    assert.equal(status, 1);
    const line =
      readFileSync(file, 'utf8')
        .split('\n')
        .findIndex((text) => text.includes('fallback_modle_id')) + 1;
    assert.match(stderr, new RegExp(`^CONFIG_MISMATCH: [^]*misfit-${engine}\\.yaml:${line}:`));
    await drop();
  });
});

test('records in a folder of their own: the database gets no schema, and looking makes no folder', async () => {
  const { where, look, drop } = await examplePlace('server', 'a-two-owners');
  const folder = scratch('records');
  const run = (...words: string[]): ReturnType<typeof droverHere> =>
    droverHere([...words, ...where, '--state', folder]);
  assert.equal((await run('plan', ...move)).status, 2);
  assert.equal((await run('history')).stdout, '');
  assert.ok(!existsSync(folder));
  const applied = await run('apply', ...move, '--yes', '--json');
  assert.equal(applied.status, 0, applied.stderr);
  const schemas = await look((tx) => tx.many(`SELECT FROM pg_namespace WHERE nspname = 'drover'`));
  assert.equal(schemas.length, 0);
  const { migrationId } = JSON.parse(applied.stdout) as { migrationId: string };
  const back = await run('rollback', migrationId, '--yes');
  assert.equal(back.status, 0, back.stderr);
  await drop();
});

test('the hook is told after the commit, and one that fails changes nothing', async () => {
  const { where, config, drop } = await examplePlace('server', 'a-two-owners');
  const received: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      received.push(body);
      response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const told = scratch('told.json');
  const command = [
    process.execPath,
    '-e',
    `process.stdin.pipe(fs.createWriteStream(${JSON.stringify(told)}))`,
  ];
  const file = scratch('hook.yaml');
  writeFileSync(
    file,
    `${readFileSync(config, 'utf8')}\nafter: ${JSON.stringify({ command, webhook: `http://127.0.0.1:${port}/secret-path` })}\n`,
  );
  const applied = await droverHere(['apply', ...where.slice(0, 2), '--config', file, ...move, '--yes']);
  server.close();
  assert.equal(applied.status, 0, applied.stderr);
  assert.ok(existsSync(told));
  assert.equal((JSON.parse(readFileSync(told, 'utf8')) as { event: string }).event, 'migration');
  assert.equal(received.length, 1);
  assert.match(
    applied.stderr,
    /the webhook http:\/\/127\.0\.0\.1:\d+ failed: it answered 500\. The migration stands/,
  );
  assert.doesNotMatch(applied.stderr, /secret-path/);
  await drop();
});
