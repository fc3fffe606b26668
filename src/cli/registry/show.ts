import type { Command } from 'commander';
import { findModel, listRetirements } from '../../registry/known/lifecycle.ts';
import type { LoadedRegistry } from '../../registry/load/load.ts';
import { findMenu, listMenus } from '../../registry/verdict/menu.ts';
import { withList } from '../options.ts';
import type { ListOption } from '../options.ts';
import { loadValid } from '../../registry/load/folder.ts';
import { registryFolder } from '../../site/where.ts';
import { withRegistry } from '../options.ts';
import type { RegistryOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { showModel, showOverview, showRetirements, showRuntime } from './show-registry.ts';
import { readDay, todayText } from '../terminal/times.ts';
import { usage } from '../../site/where.ts';

/** `drover registry show`. */
export const show: Verb = {
  name: 'show',
  summary: 'show the registry, one runtime, one model, or what goes away',
  define: (command) =>
    withRegistry(withList(command.argument('[name]', 'a runtime, or the id of a model')))
      .option('--retirements', 'what is shut down, the next first')
      .option('--from <day>', 'with --retirements: from that day on (default: today)'),
  run: (session, command) => Promise.resolve(runShow(session, command)),
};

function runShow({ terminal, environment }: Session, command: Command): number {
  const options = command.opts<
    ListOption & RegistryOption & { readonly retirements?: boolean; readonly from?: string }
  >();
  const loaded = loadValid(registryFolder(options, environment));
  const [name] = command.args;
  const json = (value: unknown): void => terminal.out(JSON.stringify(value, null, 2));
  if (options.retirements === true) {
    const from = options.from === undefined ? todayText() : readDay('--from', options.from);
    if (options.json === true) json({ retirements: listRetirements(loaded.registry, { from }) });
    else showRetirements(terminal, loaded, { from, csv: options.csv });
    return exitStatus.done;
  }
  if (options.csv === true) throw usage('--csv is for a list: `drover registry show --retirements --csv`.');
  if (name === undefined) {
    if (options.json === true)
      json({ version: loaded.version, hash: loaded.hash, runtimes: listMenus(loaded) });
    else showOverview(terminal, loaded);
    return exitStatus.done;
  }
  return showNamed(terminal, loaded, { name, json: options.json === true });
}

function showNamed(
  terminal: Session['terminal'],
  loaded: LoadedRegistry,
  { name, json }: { readonly name: string; readonly json: boolean },
): number {
  const menu = findMenu(loaded, name);
  const model = menu === undefined ? findModel(loaded.registry, name) : undefined;
  if (menu === undefined && model === undefined)
    throw usage(
      `The registry has no runtime and no model ${name}. \`drover registry show\` lists the runtimes.`,
    );
  if (json) terminal.out(JSON.stringify(menu ?? model, null, 2));
  else if (model === undefined) showRuntime(terminal, loaded, name);
  else showModel(terminal, loaded, model);
  return exitStatus.done;
}
