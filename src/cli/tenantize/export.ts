import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { DroverError } from '../../errors.ts';
import { exportFiles, exportMark, manifestName } from '../../isolation/conversion/export-files.ts';
import { sha256 } from '../../postgres/catalogue/digest.ts';
import { readConversionSteps } from '../../site/convert.ts';
import type { ConversionOptions } from '../../site/tenantize.ts';
import type { JsonOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { readText, writeText } from '../terminal/files.ts';
import { withConversion } from './options.ts';
import { showQuestions } from './show-plan.ts';

/** `drover tenantize export`: the steps as files of SQL, with their way back, for a tool that runs migrations. */
export const conversionExport: Verb = {
  name: 'export',
  summary:
    'write the steps and their way back as files of SQL, with a manifest; it writes nothing to the database',
  define: (command) =>
    withConversion(command.argument('<folder>', 'a new one, or one that this command wrote')),
  run,
};

async function run({ terminal, environment }: Session, command: Command): Promise<number> {
  const options = command.opts<ConversionOptions & JsonOption>();
  const folder = command.args[0] ?? '';
  refuseOthers(folder);
  const found = await readConversionSteps(options, environment);
  if ('questions' in found) {
    if (options.json === true) terminal.out(JSON.stringify({ questions: found.questions }, null, 2));
    else showQuestions(terminal, found);
    return exitStatus.changes;
  }
  const files = exportFiles(found, sha256);
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  for (const { name, text } of files) writeText(join(folder, name), text, { keep: false });
  if (options.json === true)
    terminal.out(JSON.stringify({ folder, files: files.map(({ name }) => name) }, null, 2));
  else {
    terminal.out(`${files.length} files in ${folder}; ${manifestName} has their order.`);
    terminal.out('Nothing was run.');
  }
  return exitStatus.done;
}

/** What an earlier export did not write is never touched. @throws FILE_EXISTS */
function refuseOthers(folder: string): void {
  if (!existsSync(folder)) return;
  const isOurs = (name: string): boolean =>
    name === manifestName || (name.endsWith('.sql') && readText(join(folder, name)).startsWith(exportMark));
  const other = readdirSync(folder).find((name) => !isOurs(name));
  if (other === undefined) return;
  const message = `${folder} holds ${other}, which drover tenantize export did not write. Name a new folder, or an empty one.`;
  throw new DroverError('FILE_EXISTS', message, { file: join(folder, other) });
}
