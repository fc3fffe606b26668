/** One migration in a process of its own: prints its duration and its processor time (without the start of Node) and its peak memory as JSON. */
import { fileURLToPath } from 'node:url';
import { loadConfigFile } from '../src/config-file.ts';
import { platformScope } from '../src/platform/scope.ts';
import { openServer } from '../src/postgres/driver/connect.ts';
import { applyMove } from '../src/postgres/move/move.ts';
import { openSite } from '../src/postgres/scope/site.ts';
import { ids } from './fixture.ts';

const database = await openServer({ url: process.argv[2] ?? '' });
const config = loadConfigFile(fileURLToPath(new URL('../src/platform/drover.config.yaml', import.meta.url)));
const site = await openSite({ database, config, platform: { schema: 'migration', scope: platformScope } });
const intent = {
  tenant: ids.tenant,
  from: ids.source,
  to: ids.target,
  parameters: 'reset' as const,
  answers: {},
  leaveAsks: false,
};
const steps: [string, number][] = [];
const startedAt = performance.now();
const spentBefore = process.cpuUsage();
await applyMove(site, {
  intent,
  confirm: true,
  actor: 'bench',
  onProgress: (step) =>
    steps.push([`${step.operation} ${step.rows}`, Math.round(performance.now() - startedAt)]),
});
const ms = performance.now() - startedAt;
const { user, system } = process.cpuUsage(spentBefore);
await database.close();
if (process.env['BENCH_STEPS'] === '1') process.stderr.write(`${JSON.stringify(steps)} ${Math.round(ms)}\n`);
process.stdout.write(
  JSON.stringify({
    ms,
    processorMs: (user + system) / 1000,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
);
