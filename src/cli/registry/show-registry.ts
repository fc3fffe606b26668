/** The registry for a person: what there is, one runtime, one model, what goes away. */
import type { LoadedRegistry } from '../../registry/load/load.ts';
import { findSuccessor, listRetirements } from '../../registry/known/lifecycle.ts';
import { findMenu, listMenus } from '../../registry/verdict/menu.ts';
import type { RuntimeMenu } from '../../registry/verdict/menu.ts';
import type { Model } from '../../registry/load/shape.ts';
import { showList, showTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inLines } from '../terminal/wrap.ts';

/** Everything there is, counted, and each runtime with its arms. */
export function showOverview(terminal: Terminal, loaded: LoadedRegistry): void {
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
export function showRuntime(terminal: Terminal, loaded: LoadedRegistry, id: string): void {
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
export function showModel(terminal: Terminal, loaded: LoadedRegistry, model: Model): void {
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
export function showRetirements(
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
