// Plain JavaScript, so that a Node.js which cannot run TypeScript still gets this far and says what is wrong.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const needed = [22, 18];
const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** Whether a version such as 22.18.0 runs TypeScript without a build. */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > needed[0] || (major === needed[0] && minor >= needed[1]);
}

/**
 * Imports `entry` in this process, or, when this Node.js is too old, runs it in the one that `npm ci` installed.
 * `args` are what the entry sees after its own name.
 */
export async function start(entry, args) {
  if (isNewEnough(process.versions.node)) {
    process.argv = [process.argv[0], entry, ...args];
    // Stripping the types of every file anew is half of the time of a short command.
    module.enableCompileCache?.();
    await import(entry);
    return;
  }
  const newer = findInstalledNode();
  if (newer) rerun(newer, entry, args);
  else refuse();
}

function rerun(node, entry, args) {
  const env = { NODE_COMPILE_CACHE: join(tmpdir(), 'drover-compile-cache'), ...process.env };
  const child = spawn(node, [entry, ...args], { stdio: 'inherit', env });
  // Ctrl-C reaches the child as well; it decides how to end, and this process ends with it. A SIGTERM is for this one.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => {
    throw error;
  });
  child.on('exit', (status, signal) => {
    process.exitCode = status ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

function findInstalledNode() {
  const [platform, file] = process.platform === 'win32' ? ['win', 'node.exe'] : [process.platform, 'node'];
  const folder = join('node_modules', `node-${platform}-${process.arch}`, 'bin', file);
  return [packageRoot, join(packageRoot, '..', '..')]
    .map((at) => join(at, folder))
    .find((path) => existsSync(path));
}

function refuse() {
  process.stderr.write(
    `NODE_TOO_OLD: Drover needs Node.js ${needed.join('.')} or newer, and this is ${process.versions.node}. ` +
      'Install a newer one, or run `npm ci` without --omit=optional to get it with the project ' +
      '(Linux and Windows).\n',
  );
  process.exitCode = 1;
}
