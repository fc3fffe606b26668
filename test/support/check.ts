/** npm run check: what needs no database, in two lanes side by side: the tests, which take one processor, and types, lint and format. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The program of a package, as npm would start it. */
function programOf(name: string): string {
  const { bin } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as {
    bin: string | Record<string, string>;
  };
  const file = typeof bin === 'string' ? bin : (bin[name] ?? Object.values(bin)[0] ?? '');
  return `node_modules/${name}/${file}`;
}

const [types, lint, format] = ['typescript', 'oxlint', 'oxfmt'].map(programOf);
const lanes: readonly (readonly (readonly (string | undefined)[])[])[] = [
  [
    [types],
    [types, '-p', 'src/engine/tsconfig.json'],
    [lint, '--type-aware', '--deny-warnings'],
    [format, '--check'],
  ],
  [['test/support/run.ts', '--pure']],
];

/** Resolves to the exit status of the first step that fails, or 0. What a step says is shown when it has ended. */
async function runLane(lane: (typeof lanes)[number]): Promise<number> {
  for (const step of lane) {
    const words = step.filter((word) => word !== undefined);
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const status = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
    process.stdout.write(Buffer.concat(chunks));
    if (status !== 0) return status;
  }
  return 0;
}

const statuses = await Promise.all(lanes.map(runLane));
process.exitCode = statuses.find((status) => status !== 0) ?? 0;
