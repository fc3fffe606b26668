/** What the database refuses in a step names the step's table, and a trigger by its name: an exception of a function names neither. */
import type { Trigger } from '../../engine/catalogue/catalog.ts';
import type { Step } from '../../engine/plan/plan-types.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { DroverError, mayPass } from '../../errors.ts';

/** Did the database refuse the rows or the statement, for a reason that does not pass by itself? */
export function isRefusal(error: unknown): error is DroverError {
  return error instanceof DroverError && typeof error.data['sqlState'] === 'string' && !mayPass(error);
}

/** The error of a step, with the table that the step changes where the database did not name one. */
export function refusedIn(
  error: unknown,
  step: Pick<Step, 'id' | 'operation' | 'table'>,
  rules: Rules,
): unknown {
  if (!isRefusal(error)) return error;
  const { table: named, where } = error.data;
  if (typeof named === 'string') return error;
  const trigger = triggerIn(tableOf(rules, step.table).triggers, where);
  const by = trigger === undefined ? '' : `, by its trigger ${trigger}`;
  const message = `${error.message.replace(/\.$/, '')}, in step ${step.id} (${step.operation} ${step.table})${by}.`;
  const data = { ...error.data, table: step.table, ...(trigger === undefined ? {} : { trigger }) };
  return new DroverError(error.code, message, data, { cause: error });
}

/** The trigger whose function the error came from: the outermost function is the last one that is named. */
function triggerIn(triggers: readonly Trigger[], where: unknown): string | undefined {
  if (typeof where !== 'string') return undefined;
  const functions = [...where.matchAll(/function ([^\n(]+)\(/g)].map(([, name = '']) => name).toReversed();
  const calls = ({ definition }: Trigger, name: string): boolean =>
    new RegExp(`EXECUTE (?:FUNCTION|PROCEDURE) (?:.*\\.)?${escaped(lastName(name))}\\(`).test(definition);
  return functions
    .flatMap((name) => triggers.filter((trigger) => trigger.enabled && calls(trigger, name)))
    .map(({ name }) => name)[0];
}

function lastName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
