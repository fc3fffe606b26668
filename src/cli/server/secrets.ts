import { Argument, type Command } from 'commander';
import { openPlatform } from '../../platform/open.ts';
import { readSecretKeys } from '../../platform/secrets/key-file.ts';
import { rotateSecrets } from '../../platform/secrets/rotate.ts';
import { withJson } from '../options.ts';
import type { JsonOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { ownDatabase } from '../own-database.ts';
import { withDatabase } from '../../site/open.ts';
import { keyFolder } from '../../site/where.ts';
import type { WhereOptions } from '../../site/where.ts';

/** `drover secrets rotate`: after another DROVER_SECRET_KEY was set, with the one before in DROVER_SECRET_KEYS_OLD. */
export const secrets: Verb = {
  name: 'secrets',
  summary: 'seal the secrets of tenants anew, after their key was changed',
  define: (command) =>
    withJson(command)
      .addArgument(new Argument('<action>', 'what to do').choices(['rotate']))
      .option('--data <folder>', 'embedded database (default: ./drover-data)')
      .option('--database <url>', 'postgres://… (or DATABASE_URL)'),
  run,
};

async function run(session: Session, command: Command): Promise<number> {
  const options = command.opts<Pick<WhereOptions, 'data' | 'database'> & JsonOption>();
  const { where, settings, ask } = ownDatabase(session, options);
  const keysIn = readSecretKeys(settings);
  const { keys, sealed, tenants, unreadable } = await withDatabase(where, async (database) => {
    const platform = await openPlatform(database, { install: true, ...ask });
    const keys = keysIn(keyFolder(where, session.environment));
    return { keys, ...(await rotateSecrets(platform, keys)) };
  });
  const { out, err } = session.terminal;
  if (options.json === true) out(JSON.stringify({ key: keys.current.id, sealed, tenants, unreadable }));
  else out(`Sealed ${sealed} secrets of ${tenants} tenants anew, with the key ${keys.current.id}.`);
  if (unreadable.length === 0) return exitStatus.done;
  err(
    `${unreadable.length} secrets were left as they are: no key opens them, or they were changed or moved.`,
  );
  for (const { tenantId, workspaceId, name } of unreadable.slice(0, 20))
    err(`  ${name} of the ${workspaceId === undefined ? `tenant ${tenantId}` : `workspace ${workspaceId}`}`);
  return exitStatus.failed;
}
