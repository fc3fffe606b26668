/** The reference graph as two tables that fit a terminal: what names a model, and whose the rows are. */
import type { ReferenceGraph } from '../../engine/rules/graph.ts';
import { showTable } from '../terminal/table.ts';
import type { TableContent } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

type Edge = ReferenceGraph['edges'][number];
type Node = ReferenceGraph['nodes'][number];

/** Prints the graph. */
export function showGraph(terminal: Terminal, { nodes, edges }: ReferenceGraph): void {
  const { out } = terminal;
  showPlaces(terminal, { nodes, edges });
  out();
  const owners = nodes.map((node) => [node.table, ownerOf(node)]);
  showTable(terminal, {
    head: ['table', 'belongs to its tenant by'],
    rows: owners,
  });
  const asking = edges.filter(({ time }) => time === 'ask').length;
  out();
  out(
    `${edges.length} places in ${nodes.length} tables${asking === 0 ? '' : `; ${asking} not decided (role: ask)`}.`,
  );
}

/** Prints the places alone. */
export function showPlaces(terminal: Terminal, { nodes, edges }: ReferenceGraph): void {
  const everybodys = everybodysTables(nodes);
  const rows = edges.map((edge) => [edge.place, edge.via, fateIn(everybodys, edge)]);
  const head = ['place', 'names it by', 'what happens'];
  showTable(terminal, { head, rows });
}

/** Both tables in one, for programs: each place with its table; a table without a place comes last. */
export function graphTable({ nodes, edges }: ReferenceGraph): TableContent {
  const everybodys = everybodysTables(nodes);
  const owners = new Map(nodes.map((node) => [node.table, ownerOf(node)]));
  const named = new Set(edges.map(({ table }) => table));
  const rows = [
    ...edges.map((edge) => [
      edge.place,
      edge.via,
      fateIn(everybodys, edge),
      edge.table,
      owners.get(edge.table) ?? '',
    ]),
    ...[...owners].flatMap(([table, owner]) => (named.has(table) ? [] : [['', '', '', table, owner]])),
  ];
  return { head: ['place', 'names it by', 'what happens', 'table', 'belongs to its tenant by'], rows };
}

function everybodysTables(nodes: readonly Node[]): ReadonlySet<string> {
  return new Set(nodes.filter(({ owner }) => owner === 'global').map(({ table }) => table));
}

function fateIn(everybodys: ReadonlySet<string>, edge: Edge): string {
  return everybodys.has(edge.table) && isMoving(edge) ? 'stays (global)' : fateOf(edge);
}

function isMoving({ time }: Edge): boolean {
  return time === 'live' || time === 'live where';
}

const fates: Readonly<Record<Edge['time'], string>> = {
  live: 'moves',
  'live where': 'moves where live',
  history: 'stays (history)',
  ask: 'asks',
  fixed: 'stays',
};

function fateOf({ time, role, kind }: Edge): string {
  const fate =
    time === 'fixed'
      ? `${fates.fixed} (${role})`
      : role === 'grant' && time === 'live'
        ? 'moves or merges'
        : fates[time];
  return kind === 'completion' ? fate : `${fate}, ${kind}`;
}

function ownerOf({ owner, paths, models }: Node): string {
  const held = models === undefined ? '' : ` (holds ${models} models)`;
  return `${owner === 'tenant' ? paths.join(' and ') : owner}${held}`;
}
