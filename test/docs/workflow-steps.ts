/** Steps of a workflow that are commands, run as they are. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

export interface Workflow {
  readonly jobs: Readonly<Record<string, Job>>;
}

export interface Job {
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly unknown[];
}

const drover = `#!/bin/sh\nshift 2\nexec '${process.execPath}' '${resolve('bin/drover.mjs')}' "$@"\n`;

export interface StepSurroundings {
  /** Where it runs; by default a folder of its own. */
  readonly cwd?: string;
  /** Programs that it finds beside `npx`, which has the package at hand: name to script. */
  readonly programs?: Readonly<Record<string, string>>;
}

/** As the runner does: bash that stops at the first failure. */
export async function statusOfStep(
  run: string,
  env: Readonly<Record<string, string>>,
  { cwd, programs = {} }: StepSurroundings = {},
): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'drover-step-'));
  for (const [name, script] of Object.entries({ ...programs, npx: drover }))
    writeFileSync(join(folder, name), script, { mode: 0o755 });
  const PATH = [folder, process.env.PATH].join(delimiter);
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run], {
    cwd: cwd ?? folder,
    env: { ...env, PATH },
    stdio: 'ignore',
  });
  const [status] = (await once(child, 'exit')) as [number | null];
  return status;
}
