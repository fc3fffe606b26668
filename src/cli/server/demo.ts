import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { openDatabase } from '../../postgres/driver/connect.ts';
import { showDemo } from './demo-story.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { usage } from '../../site/where.ts';

/** `drover demo`: the whole life of a migration on a real database folder, in under a minute. */
export const demo: Verb = {
  name: 'demo',
  summary: 'show it all on demo data: plan, apply, what stayed, rollback, verified',
  define: (command) =>
    command.option('--data <folder>', 'a new folder for the database (default: a temporary one)'),
  run,
};

async function run(session: Session, command: Command): Promise<number> {
  const { data } = command.opts<{ readonly data?: string }>();
  if (data !== undefined && existsSync(data))
    throw usage(`--data ${data} is there already; the demo makes a folder of its own.`);
  const dataDir = data ?? mkdtempSync(join(tmpdir(), 'drover-demo-'));
  const database = await openDatabase({ dataDir });
  try {
    await showDemo(session, { database, dataDir });
  } finally {
    await database.close();
  }
  return exitStatus.done;
}
