import type { Command } from 'commander';
import { examine } from '../../site/doctor.ts';
import type { DoctorOptions } from '../../site/doctor.ts';
import { withJson, withRegistry } from '../options.ts';
import type { JsonOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb, VerbGroup } from '../session.ts';
import { explain } from './explain.ts';
import { rules } from './rules.ts';
import { showReport } from './show-report.ts';

const examination: Verb = {
  name: 'doctor',
  summary: 'what lets one tenant reach another’s rows',
  define: (command) =>
    withRegistry(
      withJson(command)
        .option('--database <url>', 'postgres://… or pglite:FOLDER')
        .option('--data <folder>', 'embedded database with Drover’s own schema (default: ./drover-data)')
        .option('--config <file>', 'what Drover must know about that database (default: drover.config.yaml)'),
    ),
  run: runDoctor,
};

/** `drover doctor …`: isolation judged from the catalogue, and the rules that do it. */
export const doctor: VerbGroup = {
  name: 'doctor',
  summary: 'judge what lets one tenant reach another’s rows',
  self: examination,
  verbs: [rules, explain],
};

async function runDoctor({ terminal, environment }: Session, command: Command): Promise<number> {
  const options = command.opts<DoctorOptions & JsonOption>();
  const report = await examine(options, environment, new Date());
  if (options.json === true) terminal.out(JSON.stringify(report, null, 2));
  else showReport(terminal, report);
  const isRefused = report.findings.some(({ severity }) => severity === 'error');
  return isRefused ? exitStatus.changes : exitStatus.done;
}
