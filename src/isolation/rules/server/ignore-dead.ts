import type { IgnoreConfig } from '../../../engine/rules/config.ts';
import { shownObject } from '../../ground.ts';
import type { Ground } from '../../ground.ts';
import type { IsolationRule, SeenSoFar } from '../../rule.ts';

/** An ignore that meets nothing hides the next fault of its kind, and nobody looks at it any more. */
export const ignoreDead: IsolationRule = {
  id: 'ignore-dead',
  summary: 'an entry of isolation.ignore that is over, meets nothing, or names a rule that there is not',
  severity: 'warning',
  mend: 'advice',
  find: (ground, seen) =>
    ground.settings.ignored.flatMap((entry) => {
      const dead = whyDead(ground, seen, entry);
      if (dead === undefined) return [];
      return [
        {
          at: {
            kind: 'configuration' as const,
            schema: '',
            name: 'isolation.ignore',
            part: `${entry.rule} ${entry.at}`,
          },
          message: `isolation.ignore has ${entry.rule} at ${entry.at}: ${dead}.`,
        },
      ];
    }),
};

/** What a probe and a count of rows find is no business of the catalogue: whether it is met is not known here. */
function whyDead(
  { settings }: Ground,
  { states, sightings }: SeenSoFar,
  { rule, at, until }: IgnoreConfig,
): string | undefined {
  if (until !== undefined && until < settings.today) return `it ended on ${until}`;
  const state = states.find((each) => each.rule === rule);
  if (state === undefined)
    return /^(?:probe|rows|baseline)-/.test(rule) ? undefined : 'there is no such rule';
  const isMet = sightings.some((each) => each.rule === rule && (at === '*' || at === shownObject(each.at)));
  return isMet || state.state === 'skipped' ? undefined : 'it meets nothing';
}
