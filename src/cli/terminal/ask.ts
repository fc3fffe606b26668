/** Asking before something is changed. Nobody is asked where nobody can answer. */
import { confirm, isCancel } from '@clack/prompts';
import { DroverError } from '../../errors.ts';
import type { Terminal } from './terminal.ts';

interface Prompt {
  readonly message: string;
  /** The answer was given on the command line. */
  readonly yes: boolean;
}

/** Whether to go on. @throws CONFIRMATION_REQUIRED where there is no terminal to ask on, INTERRUPTED at Ctrl-C */
export async function askToGoOn(
  { streams, canAsk, doing }: Terminal,
  { message, yes }: Prompt,
): Promise<boolean> {
  if (yes) return true;
  if (!canAsk) {
    throw new DroverError(
      'CONFIRMATION_REQUIRED',
      `${message} There is no terminal to ask on: add --yes to go on. Nothing was changed.`,
    );
  }
  doing();
  const answer = await confirm({
    message,
    initialValue: false,
    // A terminal is a readable and a writable of Node; the narrower types are for tests.
    input: streams.stdin as unknown as NonNullable<Parameters<typeof confirm>[0]['input']>,
    output: streams.stderr as unknown as NonNullable<Parameters<typeof confirm>[0]['output']>,
  });
  if (isCancel(answer)) throw new DroverError('INTERRUPTED', 'Stopped. Nothing was changed.');
  return answer;
}
