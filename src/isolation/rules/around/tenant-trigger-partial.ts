import type { FunctionFact, TriggerFact } from '../../../engine/isolation/facts.ts';
import { objectOf, ownedTables } from '../../ground.ts';
import type { Ground, OwnedTable } from '../../ground.ts';
import { openings, severityFor, whoAndWhat } from '../../openings.ts';
import type { IsolationRule, Sighting } from '../../rule.ts';

/** A trigger looks as if it kept rows with their tenant, and no WITH CHECK does. As bad as the policy that it is taken for. */
export const tenantTriggerPartial: IsolationRule = {
  id: 'tenant-trigger-partial',
  summary: 'a trigger sets the owner on INSERT alone or only sometimes, and no WITH CHECK restricts',
  severity: 'warning',
  mend: 'policy',
  needs: ['functions'],
  explains: [
    'check-weaker-than-using',
    'context-fails-open',
    'policies-or-open',
    'policy-always-true',
    'policy-ignores-tenant',
    'tenant-literal',
  ],
  find: (ground) => ownedTables(ground).flatMap((owned) => sightingOf(ground, owned)),
};

function sightingOf(ground: Ground, owned: OwnedTable): Sighting[] {
  const { relation, ownerColumn } = owned;
  if (ownerColumn === undefined) return [];
  const how = relation.triggers.flatMap((trigger) => {
    const gap = gapOf(ground, trigger, ownerColumn);
    return gap === undefined ? [] : [{ trigger, gap }];
  });
  const [first] = how;
  if (first === undefined) return [];
  const open = openings(ground).filter((each) => each.owned.id === owned.id && each.checkAlone);
  if (open.length === 0) return [];
  const roles = [...new Set(open.flatMap((each) => each.roles))];
  const commands = [...new Set(open.flatMap((each) => each.commands))];
  return [
    {
      at: objectOf('table', relation, first.trigger.name),
      message:
        `The trigger sets ${ownerColumn} ${first.gap}, and no WITH CHECK restricts: ` +
        `rows can be written for other tenants: ${whoAndWhat({ roles, commands })}.`,
      ...severityFor(ground, roles),
      covers: open.map(({ policy }) => objectOf('table', relation, policy.name)),
    },
  ];
}

/** What it leaves to who writes; undefined where it sets no owner, or always. The body is a text: an assignment in it is looked for. */
function gapOf(ground: Ground, trigger: TriggerFact, owner: string): string | undefined {
  const [called, ...more] = ground.functions.get(trigger.calls) ?? [];
  if (!trigger.enabled || !trigger.before || called === undefined || more.length > 0) return undefined;
  if (called.language !== 'plpgsql' || !says(called, owner, String.raw`\s*:?=(?!=)`)) return undefined;
  const isSometimes =
    trigger.conditional ||
    says(called, owner, String.raw`\s+IS\s+NULL`) ||
    says(called, owner, '', String.raw`COALESCE\s*\(\s*`);
  if (!trigger.events.includes('update')) return 'on INSERT alone';
  return isSometimes ? 'only where it is empty, or under a condition' : undefined;
}

/** Does the text have the owner of the new row with that before and behind it? */
function says({ body }: FunctionFact, owner: string, behind: string, before = ''): boolean {
  const escape = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  const quoted = escape(`"${owner.replaceAll('"', '""')}"`);
  const plain = /^[a-z_][a-z0-9_$]*$/.test(owner) ? `|${escape(owner)}\\b` : '';
  return new RegExp(`${before}\\bNEW\\s*\\.\\s*(?:${quoted}${plain})${behind}`, 'i').test(body);
}
