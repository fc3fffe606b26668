/** The composition root: the process, its streams and signals, and the command line. */
import { readFileSync } from 'node:fs';
import { runCli } from './cli/main.ts';

// Output that cannot be written must not end a migration in its middle. A reader that has seen enough (`| head`) is no
// error; anything else, such as a full disk, is one in the end.
let unwritable = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || unwritable) return;
    unwritable = true;
    process.once('exit', () => (process.exitCode = 1));
    if (stream === process.stdout)
      process.stderr.write(`FILE_UNREADABLE: The output cannot be written: ${error.message}.\n`);
  });
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

process.exitCode = await runCli({
  args: process.argv.slice(2),
  streams: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
  signals: process,
  leave: (status) => process.exit(status),
  version,
});
