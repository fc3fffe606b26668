import type { Command } from 'commander';
import { readConversionStatus } from '../../site/convert.ts';
import type { ConversionOptions } from '../../site/tenantize.ts';
import type { JsonOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { boardJson, showBoard } from './board.ts';
import { withConversion } from './options.ts';

/** `drover tenantize status`: how far a conversion is, and whether the catalogue is what its steps have made of it. It only reads. */
export const conversionStatus: Verb = {
  name: 'status',
  summary: 'how far each table is, and what of the catalogue is not as the steps left it; it writes nothing',
  define: (command) =>
    withConversion(command).addHelpText(
      'after',
      '\nExit status: 0 as it should be, or no conversion · 2 the catalogue is not as the steps left it',
    ),
  run,
};

async function run({ terminal, environment }: Session, command: Command): Promise<number> {
  const options = command.opts<ConversionOptions & JsonOption>();
  const { record, drifts } = await readConversionStatus(options, environment);
  if (options.json === true) terminal.out(JSON.stringify(boardJson(record, drifts), null, 2));
  else if (record === undefined)
    terminal.out('No conversion was begun here. `drover tenantize plan` says what it would do.');
  else showBoard(terminal, record, drifts);
  return drifts.length > 0 ? exitStatus.changes : exitStatus.done;
}
