/** The composition root: the process, its streams and signals, and the command line. */
import { readFileSync } from 'node:fs';
import { runCli } from './cli/main.ts';

// A reader that has seen enough (`| head`) is no error, and must not end a migration in its middle.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
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
