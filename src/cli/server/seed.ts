import type { Command } from 'commander';
import { openPlatform } from '../../platform/open.ts';
import { seedDemo } from '../../platform/demo/seed.ts';
import { dayOf } from '../../platform/workspaces/day.ts';
import { judgeOf } from '../../platform/workspaces/judgement.ts';
import { loadRegistryFolder } from '../../registry/load/folder.ts';
import { openDatabase } from '../../postgres/driver/connect.ts';
import { withJson } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { askOf, withInstall } from '../own-database.ts';
import type { OwnOptions } from '../own-database.ts';
import { resolveWhere, whereWords } from '../../site/where.ts';

/** `drover seed`: Drover's own schema with demo data in it. */
export const seed: Verb = {
  name: 'seed',
  summary: 'make Drover’s own schema and put demo data in it; a second time adds nothing',
  define: (command) =>
    withInstall(withJson(command))
      .option('--beside-others', 'also where there are tenants that are not of the demo')
      .option('--data <folder>', 'embedded database; made where it is not there (default: ./drover-data)')
      .option('--database <url>', 'postgres://…'),
  run: fill,
};

async function fill({ terminal, environment }: Session, command: Command): Promise<number> {
  const options = command.opts<OwnOptions & { readonly besideOthers?: boolean }>();
  const where = resolveWhere(options, environment);
  const database = await openDatabase(where.kind === 'own' ? where : where.target);
  try {
    await openPlatform(database, { install: true, ...askOf(where, options, terminal) });
    const loaded = loadRegistryFolder(environment.registryFolder);
    const { tenants, rows } = await seedDemo(database, {
      besideOthers: options.besideOthers === true,
      ...(loaded.kind === 'ok' && { judge: judgeOf(loaded, dayOf(new Date())) }),
    });
    if (options.json === true) terminal.out(JSON.stringify({ tenants, rows }));
    else
      terminal.out(
        rows === 0
          ? 'The demo data is there already; nothing was added.'
          : `Added ${rows} rows, ${tenants} tenants among them.`,
      );
  } finally {
    await database.close();
  }
  terminal.err(
    `Try: drover plan ${whereWords(where)} --tenant "Alder Clinic" --from claude-3-7-sonnet --to claude-haiku-4-5`,
  );
  return exitStatus.done;
}
