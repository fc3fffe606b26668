import type { Command } from 'commander';
import { findModel, listRetirements, findSuccessor } from '../../registry/known/lifecycle.ts';
import type { LoadedRegistry } from '../../registry/load/load.ts';
import { findMenu, listMenus } from '../../registry/verdict/menu.ts';
import type { RuntimeMenu } from '../../registry/verdict/menu.ts';
import { withList, withRegistry } from '../options.ts';
import type { ListOption, RegistryOption } from '../options.ts';
import { loadValid } from '../../registry/load/folder.ts';
import { registryFolder, usage } from '../../site/where.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { readDay, todayText } from '../terminal/times.ts';
import type { Model } from '../../registry/load/shape.ts';
import { showList, showTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inLines } from '../terminal/wrap.ts';

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

/** Everything there is, counted, and each runtime with its arms. */
function showOverview(terminal: Terminal, loaded: LoadedRegistry): void {
  const out = inLines(terminal);
  const { registry, version, hash } = loaded;
  out(`Registry ${version}, content ${hash}`);
  out(
    `${registry.providers.length} providers, ${registry.runtimes.length} runtimes, ${registry.models.length} models`,
  );
  out();
  const rows = listMenus(loaded).map((menu) => [menu.id, menu.kind, menuSize(menu), armsOf(menu)]);
  showTable(terminal, {
    head: ['runtime', 'kind', 'lists', 'reaches models by'],
    rows,
  });
}

function menuSize({ arms }: RuntimeMenu): number {
  return new Set(arms.flatMap(({ models }) => models.map(({ id }) => id))).size;
}

function armsOf({ kind, successor, arms }: RuntimeMenu): string {
  if (kind === 'open') return 'what it finds itself';
  if (kind === 'retired') return successor === null ? 'nothing' : `nothing; see ${successor}`;
  return arms.map(({ provider }) => provider).join(', ');
}

/** One runtime: its arms, what they need, and what they offer. */
function showRuntime(terminal: Terminal, loaded: LoadedRegistry, id: string): void {
  const { style } = terminal;
  const out = inLines(terminal);
  const menu = findMenu(loaded, id);
  if (menu === undefined) return;
  out(`${style.bold(menu.id)} ${menu.label}, ${menu.kind}`);
  if (menu.arms.length === 0) out(`It reaches models by ${armsOf(menu)}.`);
  const rows = menu.arms.map(({ provider, payer, needs, models, takes }) => [
    provider,
    payer,
    needs.join(' or '),
    [...models.map((model) => model.id), ...takes].join(', '),
  ]);
  if (rows.length === 0) return;
  showTable(terminal, {
    head: ['provider', 'payer', 'needs', 'takes'],
    rows,
  });
}

/** One model: every fact, and the page that says so. */
function showModel(terminal: Terminal, loaded: LoadedRegistry, model: Model): void {
  const { style } = terminal;
  const out = inLines(terminal);
  const { id, name, source, checked, ...facts } = model;
  const successor = findSuccessor(loaded.registry, id);
  out(`${style.bold(id)} ${name}`);
  for (const [key, value] of Object.entries(facts))
    out(`  ${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  if (successor !== undefined) out(`  successor that stays: ${successor.id}`);
  out(`  source: ${source} (${checked})`);
}

/** What is shut down from a day on, the next first. */
function showRetirements(
  terminal: Terminal,
  loaded: LoadedRegistry,
  { from, csv }: { readonly from: string; readonly csv: boolean | undefined },
): void {
  const rows = listRetirements(loaded.registry, { from }).map((each) => [
    each.earliest ? `not before ${each.shutdown}` : each.shutdown,
    each.model,
    each.distributor ?? each.vendor,
    each.successor ?? '',
  ]);
  if (rows.length === 0) return terminal.err(`Nothing is known to be shut down from ${from} on.`);
  showList(terminal, { head: ['shut down', 'model', 'by', 'take instead'], rows }, csv);
}
