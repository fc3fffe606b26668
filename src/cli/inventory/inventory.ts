/** `drover inventory`: where a database names models, and until when. It needs no configuration and writes nothing. */
import { given } from '../../engine/given.ts';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Database } from '../../postgres/driver/database.ts';
import type { Inventory, InventoryRequest } from '../../postgres/inventory/inventory.ts';
import { takeInventory } from '../../postgres/inventory/take-inventory.ts';
import { inventoryAt, inventoryJson, type TakenInventory } from '../../site/inventory.ts';
import { resolveWhere } from '../../site/where.ts';
import { withJson, withRegistry } from '../options.ts';
import type { JsonOption, RegistryOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { inventoryCsv } from './csv.ts';
import { watchProgress } from './progress.ts';
import { showInventory } from './show.ts';
import { sayWithin } from './within.ts';

interface InventoryOptions extends JsonOption, RegistryOption {
  readonly data?: string;
  readonly database?: string;
  readonly csv?: boolean;
  readonly model?: string;
  readonly sample?: number;
  readonly within?: number;
}

export const inventory: Verb = {
  name: 'inventory',
  summary: 'find every place of a database that names a model, and until when each model lasts',
  define: (command) =>
    withRegistry(
      withJson(command)
        .addOption(new Option('--csv', 'print one line for each place, as CSV').conflicts('json'))
        .option('--model <model>', 'only this one, by any of its names')
        .option('--sample <percent>', 'read only so many of the pages of large tables', percent)
        .option('--within <days>', 'status 2 where a model that is named ends so soon, or has ended', days)
        .optionsGroup('Which database:')
        .option('--data <folder>', 'embedded database with Drover’s own schema (default: ./drover-data)')
        .option('--database <url>', 'postgres://… or pglite:FOLDER'),
    ),
  run: run,
};

function percent(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= 100) return value;
  throw new InvalidArgumentError('It takes a number above 0, up to 100.');
}

function days(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It takes a whole number of days, from 0.');
}

async function run(session: Session, command: Command): Promise<number> {
  const options = command.opts<InventoryOptions>();
  const { data, database, registry, model, sample: samplePercent } = options;
  const where = resolveWhere(given({ data, database, registry }), session.environment);
  const shown = await inventoryAt(where, {
    model,
    samplePercent,
    take: (opened, request) => take(session, opened, request),
  });
  show(session, options, shown);
  if (shown.found.stopped) return interrupted;
  return options.within === undefined ? exitStatus.done : sayWithin(session.terminal, shown, options.within);
}

/** What a shell expects of a program that Ctrl-C has ended. */
const interrupted = 130;

/** Ctrl-C ends the reading; what is known by then is the result. */
async function take(
  { terminal, interruption }: Session,
  database: Database,
  request: InventoryRequest,
): Promise<Inventory> {
  let stopped = false;
  const stop = Promise.withResolvers<void>();
  const say = 'Stopping: what was found so far is shown. Press Ctrl-C again to leave at once.';
  const view = watchProgress(terminal);
  const halt = (): void => {
    stopped = true;
    stop.resolve();
  };
  const stoppable = { ...request, stopped: () => stopped };
  try {
    return await interruption.heed({ say, asked: halt }, () =>
      takeInventory(database, stoppable, { onProgress: view.show, stop: stop.promise }),
    );
  } finally {
    view.end();
  }
}

function show({ terminal }: Session, { json, csv }: InventoryOptions, shown: TakenInventory): void {
  if (json === true) terminal.out(JSON.stringify(inventoryJson(shown), null, 2));
  else if (csv === true) terminal.out(inventoryCsv(shown.reports));
  else showInventory(terminal, shown);
}
