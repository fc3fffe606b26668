/** `drover inventory`: where a database names models, and until when. It needs no configuration and writes nothing. */
import { given } from '../../engine/given.ts';
import { printable } from '../../engine/plan/row-text.ts';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { Database } from '../../postgres/driver/database.ts';
import type { Inventory, InventoryRequest } from '../../postgres/inventory/inventory.ts';
import type { InventoryProgress } from '../../postgres/inventory/progress.ts';
import { takeInventory } from '../../postgres/inventory/take-inventory.ts';
import { inventoryAt, inventoryJson } from '../../site/inventory.ts';
import type { TakenInventory } from '../../site/inventory.ts';
import { resolveWhere } from '../../site/where.ts';
import { withJson, withRegistry } from '../options.ts';
import type { JsonOption, RegistryOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { inventoryCsv, placeOf, readAll, showInventory } from './show.ts';
import type { Amount } from '../terminal/status-line.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { bytesText, durationText } from './amounts.ts';
import { endOf } from '../../engine/inventory/report.ts';
import type { ModelReport } from '../../engine/inventory/report.ts';
import { daysBetween } from '../../engine/models/retirements.ts';

interface InventoryOptions extends JsonOption, RegistryOption {
  readonly data?: string;
  readonly database?: string;
  readonly config?: string;
  readonly trustConfig?: boolean;
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
        .option('--database <url>', 'postgres://… or pglite:FOLDER')
        .option('--config <file>', 'also say what it makes of each place, and which tenants use each model')
        .option('--trust-config', 'its SQL may call volatile functions although the login is a superuser'),
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
  const { data, database, config, trustConfig, registry, model, sample: samplePercent } = options;
  const where = resolveWhere(given({ data, database, config, trustConfig, registry }), session.environment);
  const shown = await inventoryAt(where, {
    model,
    samplePercent,
    configured: config !== undefined,
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
  const onProgress = (progress: InventoryProgress): void => terminal.doing('Reading', amountRead(progress));
  const halt = (): void => {
    stopped = true;
    stop.resolve();
  };
  const stoppable = { ...request, stopped: () => stopped };
  try {
    return await interruption.heed({ say, asked: halt }, () =>
      takeInventory(database, stoppable, { onProgress, stop: stop.promise }),
    );
  } finally {
    terminal.doing();
  }
}

function show({ terminal }: Session, { json, csv }: InventoryOptions, shown: TakenInventory): void {
  if (json === true) terminal.out(JSON.stringify(inventoryJson(shown), null, 2));
  else if (csv === true) terminal.out(inventoryCsv(shown));
  else showInventory(terminal, shown);
}

/** `1.2 of 3.4 GB, 12 of 40 tables, about 20 s left (public.messages)` */
function amountRead(progress: InventoryProgress): Amount {
  const { doneBytes, totalBytes, doneTables, tables, reading, leftMs } = progress;
  const left = leftMs === undefined ? '' : `, about ${durationText(leftMs)} left`;
  const now = reading.length === 0 ? '' : ` (${reading.join(', ')})`;
  return {
    said: `${bytesText(doneBytes)} of ${bytesText(totalBytes)}, ${doneTables} of ${tables} tables${left}${now}`,
    share: totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes),
  };
}

/* `--within DAYS`: does a model that is named end soon, or has one ended? The status is the answer, for a check of a pull request. */

/** 2: one does. 1: none does, and not everything was read, or there was nothing to read. 0: none does. */
function sayWithin(terminal: Terminal, shown: TakenInventory, days: number): number {
  const named = shown.reports.filter(({ count, schema }) => count > 0 || schema.length > 0);
  const ending = named.filter((report) => endsWithin(report, shown.today, days));
  const open = named.filter((report) => !ending.includes(report) && endOf(report.model) === undefined);
  const complete = readAll(shown);
  const keys = shown.found.keys.map((each) => printable(`${each.spelling} in ${placeOf(each)}`));
  const lines = [
    ending.length === 0
      ? `No model that was found ends within ${days} days, as far as their ends are known.`
      : `Within ${days} days or before: ${idsOf(ending)}.`,
    ...(open.length === 0 ? [] : [`Nobody says when these end: ${idsOf(open)}.`]),
    ...(keys.length === 0 ? [] : [`Keys that read like models were not counted: ${keys.join(', ')}.`]),
    ...(complete
      ? []
      : [
          `${shown.found.read.length > 0 ? 'Not everything' : 'No table'} was read, so this is no all-clear.`,
        ]),
  ];
  for (const line of lines) terminal.err(line);
  if (ending.length > 0) return exitStatus.changes;
  return complete ? exitStatus.done : exitStatus.failed;
}

/** A model that is gone without a day has ended, too. */
function endsWithin({ model }: ModelReport, today: string, days: number): boolean {
  const end = endOf(model);
  if (end === undefined) return model.status === 'retired' || model.status === 'withdrawn';
  return daysBetween(today, end) <= days;
}

function idsOf(reports: readonly ModelReport[]): string {
  return reports.map(({ model }) => model.id).join(', ');
}
