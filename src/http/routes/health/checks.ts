/** The checks of readiness. What a part of Drover adds comes in `deps.checks`; until then it is skipped, by name. */
import { pendingMigrations, proveIsolation } from '../../../platform/install.ts';
import { ping } from '../../../postgres/driver/ping.ts';
import type { AppDeps } from '../../server/app.ts';
import type { Check } from './watch.ts';

/** Every check of a server, those that were handed in instead of the skipped ones of the same name. */
export function checksOf({ platform, checks = [] }: Pick<AppDeps, 'platform' | 'checks'>): Check[] {
  const given = new Set(checks.map(({ name }) => name));
  return [...ofDatabase(platform), ...later.filter(({ name }) => !given.has(name)), ...checks];
}

function ofDatabase({ database, schema }: AppDeps['platform']): Check[] {
  // An embedded database has one connection, and behind a long migration a question waits.
  const late = database.engine === 'embedded' ? 'stale' : 'fail';
  return [
    {
      name: 'database',
      critical: true,
      late,
      run: async () => {
        await ping(database);
        return { status: 'ok' };
      },
    },
    {
      name: 'migrations',
      critical: true,
      holdsMs: 10_000,
      late: 'stale',
      run: async () => {
        const pending = await pendingMigrations(database, schema);
        return pending.length === 0
          ? { status: 'ok' }
          : { status: 'fail', detail: `not applied: ${pending.join(', ')}` };
      },
    },
    {
      name: 'isolation',
      critical: true,
      holdsMs: 10_000,
      late: 'stale',
      run: async () => {
        await proveIsolation(database, schema);
        return { status: 'ok' };
      },
    },
  ];
}

/** What this server does not do. */
const later: readonly Check[] = (
  [
    ['registry', true],
    ['workers', false],
    ['resources', false],
    ['retirement_feed', false],
  ] as const
).map(([name, critical]) => ({ name, critical, run: () => Promise.resolve({ status: 'skipped' }) }));
