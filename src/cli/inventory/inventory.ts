/** `drover inventory`: where a database names models, and until when. It needs no configuration and writes nothing. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { nearestNames } from '../../engine/nearest.ts';
import { reportModel, reportModels } from '../../engine/inventory/report.ts';
import type { KnownModel } from '../../engine/inventory/report.ts';
import { DroverError } from '../../errors.ts';
import type { Inventory, InventoryRequest } from '../../postgres/inventory/inventory.ts';
import { takeInventory } from '../../postgres/inventory/take-inventory.ts';
import { inventoryModels } from '../../registry/known/inventory-models.ts';
import type { InventoryModels } from '../../registry/known/inventory-models.ts';
import { loadValid } from '../../registry/load/folder.ts';
import { withJson } from '../options.ts';
import type { JsonOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { todayText } from '../terminal/times.ts';
import { resolveWhere, shownUrl, withDatabase } from '../where.ts';
import type { Where } from '../where.ts';
import { inventoryCsv } from './csv.ts';
import { inventoryJson } from './json.ts';
import { watchProgress } from './progress.ts';
import { showInventory } from './show.ts';
import type { ShownInventory } from './show.ts';
import { sayWithin } from './within.ts';

interface InventoryOptions extends JsonOption {
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
    withJson(command)
      .addOption(new Option('--csv', 'print one line for each place, as CSV').conflicts('json'))
      .option('--model <model>', 'only this one, by any of its names')
      .option('--sample <percent>', 'read only so many of the pages of large tables', percent)
      .option('--within <days>', 'status 2 where a model that is named ends so soon, or has ended', days)
      .optionsGroup('Which database:')
      .option('--data <folder>', 'embedded database with Drover’s own schema (default: ./drover-data)')
      .option('--database <url>', 'postgres://… or pglite:FOLDER'),
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
  const where = resolveWhere(placeOf(options), session.environment);
  const models = inventoryModels(loadValid(where.registry));
  const asked = options.model === undefined ? undefined : chooseModel(options.model, models);
  const begin = performance.now();
  const found = await take(session, { where, models, asked, sample: options.sample });
  const shown: ShownInventory = {
    found,
    reports:
      asked === undefined ? reportModels(found, models.models) : [reportModel(found, asked, models.models)],
    database: where.kind === 'own' ? where.dataDir : shownUrl(where.text),
    today: todayText(),
    asked,
    samplePercent: options.sample,
    durationMs: performance.now() - begin,
  };
  show(session, options, shown);
  if (found.stopped) return interrupted;
  return options.within === undefined ? exitStatus.done : sayWithin(session.terminal, shown, options.within);
}

/** What a shell expects of a program that Ctrl-C has ended. */
const interrupted = 130;

function placeOf({ data, database }: InventoryOptions): { data?: string; database?: string } {
  return { ...(data === undefined ? {} : { data }), ...(database === undefined ? {} : { database }) };
}

/** @throws MODEL_UNKNOWN with the nearest names */
export function chooseModel(text: string, { find, models }: InventoryModels): KnownModel {
  const model = find(text);
  if (model !== undefined) return model;
  const near = nearestNames(
    text,
    models.flatMap(({ names }) => names),
  );
  const hint =
    near.length === 0 ? '`drover registry show` lists what it has.' : `Did you mean ${near.join(', ')}?`;
  throw new DroverError('MODEL_UNKNOWN', `The registry has no model "${text}". ${hint}`, {
    model: text,
    near,
  });
}

interface Narrowed {
  readonly asked: KnownModel | undefined;
  readonly sample: number | undefined;
}

interface InventoryInput extends Narrowed {
  readonly where: Where;
  readonly models: InventoryModels;
}

/** What is looked for: all models of the registry, or the one that was asked for. */
export function inventoryRequest({ terms }: InventoryModels, { asked, sample }: Narrowed): InventoryRequest {
  return {
    terms,
    ...(asked === undefined ? {} : { sought: terms.filter(({ model }) => model === asked.id) }),
    ...(sample === undefined ? {} : { samplePercent: sample }),
  };
}

/** Ctrl-C ends the reading; what is known by then is the result. */
function take(
  { terminal, interruption }: Session,
  { where, models, asked, sample }: InventoryInput,
): Promise<Inventory> {
  return withDatabase(where, async (database) => {
    let stopped = false;
    const stop = Promise.withResolvers<void>();
    const say = 'Stopping: what was found so far is shown. Press Ctrl-C again to leave at once.';
    const view = watchProgress(terminal);
    const halt = (): void => {
      stopped = true;
      stop.resolve();
    };
    const request = { ...inventoryRequest(models, { asked, sample }), stopped: () => stopped };
    try {
      return await interruption.heed({ say, asked: halt }, () =>
        takeInventory(database, request, { onProgress: view.show, stop: stop.promise }),
      );
    } finally {
      view.end();
    }
  });
}

function show({ terminal }: Session, { json, csv }: InventoryOptions, shown: ShownInventory): void {
  if (json === true) terminal.out(JSON.stringify(inventoryJson(shown), null, 2));
  else if (csv === true) terminal.out(inventoryCsv(shown.reports));
  else showInventory(terminal, shown);
}
