import type { Command } from 'commander';
import { revertConversion } from '../../site/convert.ts';
import type { Session, Verb } from '../session.ts';
import { showTaken } from './apply.ts';
import { stopWords, takingWith, withTaking } from './options.ts';
import type { TakeOptions } from './options.ts';

/** `drover tenantize revert`: takes back what was done, the last phase first. */
export const conversionRevert: Verb = {
  name: 'revert',
  summary: 'take the steps back, the last phase first, to the database as it was; asks',
  define: (command) =>
    withTaking(command, 'back to before this phase (default: expand, so that all is taken back)').addHelpText(
      'after',
      '\nExit status: 0 done, or nothing to do · 1 not done · 2 refused ·\n130 stopped; what was taken back stays so',
    ),
  run,
};

async function run(session: Session, command: Command): Promise<number> {
  const options = command.opts<TakeOptions>();
  const done = await session.interruption.guard(
    (check) =>
      revertConversion(options, session.environment, {
        ...takingWith(session, options, { check, question: 'Take back' }),
        to: options.phase ?? 'expand',
      }),
    stopWords,
  );
  session.terminal.doing();
  return showTaken(session, options, done);
}
