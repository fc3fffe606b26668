/**
 * The image and the services, built and run by a container engine: as a person without rights, with a root that nobody writes to, from
 * nothing to a server that answers and a worker that is known. `.ci/run` runs it where an engine is.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';

const project = `drover-test-${process.pid}`;
const env = {
  ...process.env,
  COMPOSE_PROJECT_NAME: project,
  POSTGRES_PASSWORD: 'ab'.repeat(24),
  DROVER_SECRET_KEY: 'cd'.repeat(32),
};

function docker(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync('docker', words, { env, encoding: 'utf8', timeout: 900_000 });
  assert.equal(status, 0, `docker ${words.join(' ')}\n${stderr}`);
  return stdout;
}

/** As `.ci/run` asks. Nothing is said to work where nobody could try it. */
const answers = [['info'], ['compose', 'version']].every(
  (words) => spawnSync('docker', words, { env, timeout: 30_000 }).status === 0,
);
const skip = answers
  ? false
  : 'no engine for containers answers here: image and services are linted, and not run';

describe('image and services', { skip }, () => {
  before(() => void docker('compose', 'up', '--detach', '--build', '--wait', '--wait-timeout', '300'));
  after(() => void docker('compose', 'down', '--volumes', '--timeout', '45'));

  it('serves, and is ready', async () => {
    for (const path of ['/livez', '/readiness'])
      assert.equal((await fetch(`http://127.0.0.1:3000${path}`)).status, 200, path);
  });

  it('runs as a person without rights, and writes to its root nowhere', () => {
    const inService = (script: string): string =>
      docker('compose', 'exec', '--no-TTY', 'serve', 'sh', '-c', script).trim();
    assert.notEqual(inService('id -u'), '0');
    assert.equal(inService('touch /drover 2>/dev/null || echo refused'), 'refused');
    assert.equal(inService('drover --version').length > 0, true);
  });

  it('makes a key, by the command of the page', () => {
    const words = ['run', '--rm', '--no-TTY', 'serve', 'keys', 'create', '--sysadmin', 'you@example.org'];
    assert.match(docker('compose', ...words), /\S{20,}/);
  });

  it('shows the demo and takes an inventory, without services', () => {
    const limits = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL'];
    assert.match(docker('run', '--rm', ...limits, 'drover', 'demo'), /rollback/);
    const help = docker('run', '--rm', ...limits, 'drover', 'inventory', '--help');
    assert.match(help, /--within/);
  });

  it('stops by itself when it is told to', () => {
    docker('compose', 'stop', '--timeout', '45', 'serve', 'worker');
    const codes = docker(
      'compose',
      'ps',
      '--all',
      '--format',
      '{{.Service}} {{.ExitCode}}',
      'serve',
      'worker',
    );
    assert.deepEqual(codes.trim().split('\n').toSorted(), ['serve 0', 'worker 0']);
  });
});
