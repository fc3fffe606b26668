import type { IsolationObject } from '../../../engine/isolation/report.ts';
import { ownedTables, roleObject } from '../../ground.ts';
import type { Ground } from '../../ground.ts';
import { settingsIn } from '../../settings-in.ts';
import type { IsolationRule, Sighting } from '../../rule.ts';

/** A session that forgot its tenant is somebody’s. */
export const contextByDefault: IsolationRule = {
  id: 'context-by-default',
  summary: 'the setting that names the tenant has a value that nobody set in the session',
  severity: 'error',
  mend: 'role',
  needs: ['sessionDefaults'],
  find: (ground) => {
    const names = contextOf(ground);
    const { database } = ground.facts;
    const whole: IsolationObject = { kind: 'database', schema: '', name: database };
    const isOf = (setting: string): string | undefined =>
      [...names].find(
        (name) => setting.toLowerCase().startsWith(`${name.toLowerCase()}=`) && !setting.endsWith('='),
      );
    const found = (at: IsolationObject, settings: readonly string[]): Sighting[] =>
      settings.flatMap((setting) => {
        const name = isOf(setting);
        if (name === undefined) return [];
        const message = `Sessions begin with a value of ${name}: who sets no tenant is that one.`;
        return [{ at: { ...at, part: name }, message }];
      });
    const byDefault = [
      ...found(whole, ground.facts.sessionDefaults),
      ...ground.applicationRoles.flatMap((role) =>
        found(roleObject(role), ground.roles.get(role)?.defaults ?? []),
      ),
    ];
    if (byDefault.length > 0) return byDefault;
    return ground.facts.settingsInForce
      .filter((name) => names.has(name))
      .map((name) => ({
        at: { ...whole, part: name },
        message: `A new connection has a value of ${name} that nobody set in it: the server, the address or a pooler does.`,
      }));
  },
};

function contextOf(ground: Ground): ReadonlySet<string> {
  const read = ownedTables(ground).flatMap(({ relation }) =>
    relation.policies.flatMap((policy) =>
      settingsIn(ground, relation, policy).map(({ name }) => name.split('->')[0] ?? ''),
    ),
  );
  return new Set([...ground.settings.context, ...read]);
}
