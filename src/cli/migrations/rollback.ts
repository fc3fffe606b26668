import type { Command } from 'commander';
import { DroverError } from '../../errors.ts';
import type { MigrationDetail } from '../../postgres/records/history.ts';
import { changeCount } from '../../engine/plan/row-text.ts';
import { askToGoOn } from '../terminal/ask.ts';
import { rollbackWithProgress } from './move.ts';
import { actorOf, waitingOn, withReason, withJson, withWait, withWhere } from '../options.ts';
import type { ActorOptions, JsonOption, TenantOption, WaitOption } from '../options.ts';
import { findMigration } from '../../site/records.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { showMigration } from './show-history.ts';
import { completeIn } from '../under-way.ts';
import { showRollbackResult } from './show-result.ts';
import { onErrorStream } from '../terminal/terminal.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere, whereWords } from '../../site/where.ts';
import type { Where, WhereOptions } from '../../site/where.ts';

interface RollbackCommandOptions extends WhereOptions, JsonOption, TenantOption, ActorOptions, WaitOption {
  readonly yes?: boolean;
}

/** `drover rollback`: takes a migration back where nobody changed the value since. */
export const rollback: Verb = {
  name: 'rollback',
  summary: 'take a migration back, sparing what somebody changed since; shows it and asks',
  define: (command) =>
    withWhere(
      withReason(
        withWait(withJson(command.argument('<migration>', 'its id, as `drover history` shows it')))
          .option('--tenant <tenant>', 'whose it is: the key or the name of a tenant')
          .option('--yes', 'do not ask'),
      ),
    ),
  run: takeBack,
};

async function takeBack(session: Session, command: Command): Promise<number> {
  const options = command.opts<RollbackCommandOptions>();
  const { terminal } = session;
  const actor = actorOf(options, session);
  const where = resolveWhere(options, session.environment);
  return withSite(where, { mayWrite: true }, async (site) => {
    const { record, tenant } = await findMigration(site, {
      id: command.args[0] ?? '',
      tenant: options.tenant,
    });
    if (options.json !== true) showMigration(onErrorStream(terminal), record);
    // What cannot be taken back is refused, with the way out, and nobody is asked about it.
    const wanted =
      !isStanding(record) ||
      (await askToGoOn(terminal, {
        message: `Take back ${changeCount(record.migratedCount)}?`,
        yes: options.yes === true,
      }));
    if (!wanted) {
      terminal.err('Not rolled back; nothing was changed.');
      return exitStatus.failed;
    }
    const result = await rollbackWithProgress(session, waitingOn(site, options), {
      migrationId: record.id,
      tenant,
      actor,
      reason: options.reason,
    }).catch((error: unknown) => {
      throw completeIn(withWay(error, where), where);
    });
    if (options.json === true) terminal.out(JSON.stringify(result, null, 2));
    else showRollbackResult(terminal, result);
    return exitStatus.done;
  });
}

function isStanding({ status, rolledBack }: MigrationDetail): boolean {
  return !rolledBack && (status === 'succeeded' || status === 'under_way');
}

/** The command that takes a later migration back first, complete with the database. */
function withWay(error: unknown, where: Where): unknown {
  if (!(error instanceof DroverError) || typeof error.data['later'] !== 'string') return error;
  return new DroverError(error.code, `${error.message} ${whereWords(where)}`, error.data, { cause: error });
}
