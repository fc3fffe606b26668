import { readFileSync } from 'node:fs';
import { nearestName } from '../../engine/nearest.ts';
import { DroverError } from '../../errors.ts';
import { listedRules } from '../../isolation/listed-rules.ts';
import { exitStatus } from '../session.ts';
import type { Verb } from '../session.ts';
import { inLines } from '../terminal/wrap.ts';

/** `drover doctor explain`: the page of a rule, which comes with the program. */
export const explain: Verb = {
  name: 'explain',
  summary: 'print the page of a rule: why, how to see it, mend, when to ignore',
  define: (command) => command.argument('<rule>', 'as `drover doctor rules` lists it'),
  run: ({ terminal }, command) => {
    const [rule = ''] = command.args;
    checkRule(rule);
    const page = readFileSync(new URL(`../../../docs/isolation/${rule}.md`, import.meta.url), 'utf8');
    const out = inLines(terminal);
    for (const line of page.trimEnd().split('\n')) out(line);
    return Promise.resolve(exitStatus.done);
  },
};

/** @throws RULE_UNKNOWN with the name that was probably meant */
export function checkRule(rule: string): void {
  const known = listedRules().map(({ id }) => id);
  if (known.includes(rule)) return;
  const nearest = nearestName(rule, known);
  const hint = nearest === undefined ? '`drover doctor rules` lists them' : `did you mean ${nearest}?`;
  throw new DroverError('RULE_UNKNOWN', `The doctor has no rule ${rule}; ${hint}`, {
    rule,
    nearest: nearest ?? null,
  });
}
