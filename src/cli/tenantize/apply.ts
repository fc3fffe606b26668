import type { Command } from 'commander';
import { applyConversion, defaultGoal } from '../../site/convert.ts';
import type { Converted } from '../../site/conversion-work.ts';
import { given } from '../../engine/given.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { onErrorStream } from '../terminal/terminal.ts';
import { boardJson, showBoard } from './board.ts';
import { stopWords, takingWith, withTaking } from './options.ts';
import type { TakeOptions } from './options.ts';
import { showQuestions } from './show-plan.ts';

/** `drover tenantize apply`: takes the steps up to a phase, each of which can be taken back until contract. */
export const conversionApply: Verb = {
  name: 'apply',
  summary: 'take the steps up to a phase, beside the old application; asks, and goes on where it was stopped',
  define: (command) =>
    withTaking(command, `up to which phase (default: ${defaultGoal}, which hides nothing)`)
      .option(
        '--accept-unverified <reason>',
        'of bind and contract: why they may go on with what nobody proved',
      )
      .addHelpText(
        'after',
        '\nExit status: 0 done, or nothing to do · 1 not done · 2 refused, or a question is open ·\n130 stopped; what was done stays',
      ),
  run,
};

async function run(session: Session, command: Command): Promise<number> {
  const options = command.opts<TakeOptions>();
  const { terminal } = session;
  const done = await session.interruption.guard(
    (check) =>
      applyConversion(options, session.environment, {
        ...takingWith(session, options, { check, question: 'Take' }),
        to: options.phase ?? defaultGoal,
        ...given({ accept: options.acceptUnverified }),
      }),
    stopWords,
  );
  terminal.doing();
  if (done.open !== undefined) {
    if (options.json === true) terminal.out(JSON.stringify({ questions: done.open.questions }, null, 2));
    else showQuestions(terminal, done.open);
    return exitStatus.changes;
  }
  return showTaken(session, options, done);
}

/** What came of it, for `apply` and `revert`. */
export function showTaken({ terminal }: Session, options: TakeOptions, done: Converted): number {
  const { record, steps, refused } = done;
  if (refused === true) {
    terminal.err('Nothing was changed.');
    return exitStatus.failed;
  }
  if (options.json === true) {
    terminal.out(JSON.stringify({ taken: steps, conversion: boardJson(record, []) }, null, 2));
    return exitStatus.done;
  }
  if (record !== undefined) showBoard(terminal.isShown ? terminal : onErrorStream(terminal), record, []);
  terminal.out(steps === 0 ? 'Nothing to do.' : `${steps} steps taken.`);
  return exitStatus.done;
}
