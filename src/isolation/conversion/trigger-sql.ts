/** Triggers of V1 that do not see a fill: only the transaction that fills is silenced, and no writer waits for it. */
import type { ReplacedTrigger } from '../../engine/tenantize/steps.ts';
import { DroverError } from '../../errors.ts';
import { quoteIdent } from '../../postgres/sql/identifiers.ts';
import { alter, unlessFilling } from './statement-text.ts';
import type { StepStatements } from './statement-text.ts';

export function quiet(change: ReplacedTrigger): StepStatements {
  return { up: replacing(change, silenced(change)), down: replacing(change, change.definition) };
}

/** On the way back, too, rows come back unseen. */
export function restored(change: ReplacedTrigger): StepStatements {
  return { up: replacing(change, change.definition), down: replacing(change, silenced(change)) };
}

function silenced({ definition, trigger }: ReplacedTrigger): string {
  const at = definition.lastIndexOf(' EXECUTE FUNCTION ') + 1;
  if (at === 0 || definition.includes(' WHEN ('))
    throw new DroverError('INTERNAL', `the trigger ${trigger} cannot be given a condition`);
  return `${definition.slice(0, at)}${unlessFilling}${definition.slice(at)}`;
}

/** What is replaced fires as usual, however it fired before. */
function replacing({ at, trigger, always }: ReplacedTrigger, definition: string): string[] {
  const made = definition.replace(/^CREATE TRIGGER /, 'CREATE OR REPLACE TRIGGER ');
  return [made, ...(always === true ? [alter(at, `ENABLE ALWAYS TRIGGER ${quoteIdent(trigger)}`)] : [])];
}
