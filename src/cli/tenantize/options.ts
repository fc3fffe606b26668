/** Options of the commands that take steps of a conversion, and what goes over the terminal meanwhile. */
import { type Command, Option } from 'commander';
import { conversionPhases } from '../../engine/tenantize/conversion.ts';
import type { ConversionPhase } from '../../engine/tenantize/conversion.ts';
import type { ConvertHow } from '../../site/conversion-work.ts';
import type { ConversionOptions } from '../../site/tenantize.ts';
import { actorOf, withActor, withJson, withWait } from '../options.ts';
import type { ActorOption, JsonOption, WaitOption } from '../options.ts';
import { throttleOf, withLimits } from '../runs/options.ts';
import type { LimitOptions } from '../runs/options.ts';
import type { Session } from '../session.ts';
import { askToGoOn } from '../terminal/ask.ts';

/** Which database is converted. */
export function withConversion(command: Command): Command {
  return withJson(command)
    .option('--database <url>', 'postgres://… or pglite:FOLDER')
    .option('--config <file>', 'what Drover must know about that database (default: drover.config.yaml)');
}

export interface TakeOptions extends ConversionOptions, JsonOption, ActorOption, WaitOption, LimitOptions {
  readonly phase?: ConversionPhase;
  readonly yes?: boolean;
  readonly acceptUnverified?: string;
}

/** How steps are taken. */
export function withTaking(command: Command, phase: string): Command {
  return withActor(
    withLimits(
      withWait(
        withConversion(command)
          .addOption(new Option('--phase <phase>', phase).choices(conversionPhases))
          .option('--yes', 'do not ask'),
      ),
    ),
  );
}

const minute = 60_000;

/** What the work is told, and how it is stopped: after the step or the batch that is under way. */
export function takingWith(
  session: Session,
  options: TakeOptions,
  { check, question }: { readonly check: () => void; readonly question: string },
): ConvertHow {
  const { terminal } = session;
  return {
    actor: actorOf(options, session),
    lockWaitMs: options.wait === undefined ? minute : options.wait * 1000,
    throttle: throttleOf(options),
    check,
    agree: ({ steps, phases }) =>
      askToGoOn(terminal, {
        message: `${question} ${steps} steps of ${phases.join(', ')}?`,
        yes: options.yes === true,
      }),
    say: ({ step, way, share, waits }) => {
      const back = way === 'down' ? 'back: ' : '';
      const about = `${back}${step.phase}${step.table === '' ? '' : ` ${step.table}`}: ${step.what}`;
      if (waits === undefined) terminal.doing(about, share === undefined ? undefined : { share });
      else terminal.err(`${about} waits: ${waits}`);
    },
    waits: () => terminal.err('Another process takes steps of this conversion; this one waits for it.'),
  };
}

/** What is said of what was done when somebody stops it. */
export const stopWords = {
  stopping: 'What is under way is finished',
  stopped: 'Stopped. What was done stays: the same command goes on, `drover tenantize revert` takes it back.',
};
