/** Every use of a tenant's table by an application role. Rules find faults; that there is none only running it can show. */
import type { UseVerdict } from '../engine/isolation/report.ts';
import { ownedTables } from './ground.ts';
import type { Ground } from './ground.ts';
import { mayUse } from './reach.ts';

const commands = ['select', 'insert', 'update', 'delete'] as const;

/** What the roles may do, each unverified. */
export function unverifiedUses(ground: Ground): UseVerdict[] {
  return ownedTables(ground).flatMap(({ id, relation }) =>
    commands.flatMap((command) =>
      ground.applicationRoles
        .filter((role) => mayUse(ground, role, { relation, privileges: [command] }))
        .map((role) => ({
          table: id,
          command,
          role,
          verdict: 'unverified' as const,
          reason: 'nobody ran it',
        })),
    ),
  );
}
