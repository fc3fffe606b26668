/** Triggers of V1 that do not see a fill: only the transaction that fills is silenced, and no writer waits for it. */
import { DroverError } from '../../errors.ts';
import { unlessFilling } from './statement-text.ts';
import type { ChangeOf, StepStatements } from './statement-text.ts';

export function quiet({ definition, trigger }: ChangeOf<'quiet'>): StepStatements {
  return { up: [replacing(silenced(definition, trigger))], down: [replacing(definition)] };
}

/** On the way back, too, rows come back unseen. */
export function restored({ definition, trigger }: ChangeOf<'loud'>): StepStatements {
  return { up: [replacing(definition)], down: [replacing(silenced(definition, trigger))] };
}

function silenced(definition: string, trigger: string): string {
  const at = definition.lastIndexOf(' EXECUTE FUNCTION ') + 1;
  if (at === 0 || definition.includes(' WHEN ('))
    throw new DroverError('INTERNAL', `the trigger ${trigger} cannot be given a condition`);
  return `${definition.slice(0, at)}${unlessFilling}${definition.slice(at)}`;
}

function replacing(definition: string): string {
  return definition.replace(/^CREATE TRIGGER /, 'CREATE OR REPLACE TRIGGER ');
}
