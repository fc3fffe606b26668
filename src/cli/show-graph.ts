/** The reference graph as two tables that fit a terminal: what names a model, and whose the rows are. */
import type { ReferenceGraph } from '../engine/graph.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';

type Edge = ReferenceGraph['edges'][number];
type Node = ReferenceGraph['nodes'][number];

/** Prints the graph. */
export function showGraph(terminal: Terminal, { nodes, edges }: ReferenceGraph): void {
  const { out, style, width } = terminal;
  showPlaces(terminal, edges);
  out();
  const owners = nodes.map((node) => [node.table, ownerOf(node)]);
  for (const line of tableLines({
    head: ['table', 'belongs to its tenant by'],
    rows: owners,
    width,
    heading: style.heading,
  }))
    out(line);
  const moving = edges.filter(({ time }) => time === 'live' || time === 'live where').length;
  const asking = edges.filter(({ time }) => time === 'ask').length;
  out();
  out(
    `${edges.length} places in ${nodes.length} tables: ${moving} move, ${edges.length - moving - asking} stay, ${asking} ask.`,
  );
}

/** Prints the places alone. */
export function showPlaces({ out, style, width }: Terminal, edges: readonly Edge[]): void {
  const rows = edges.map((edge) => [edge.place, edge.via, fateOf(edge)]);
  for (const line of tableLines({
    head: ['place', 'names it by', 'a move'],
    rows,
    width,
    heading: style.heading,
  }))
    out(line);
}

function fateOf({ time, role, kind }: Edge): string {
  const fates: Record<Edge['time'], string> = {
    live: 'changes it',
    'live where': 'changes live rows',
    history: 'keeps it (history)',
    ask: 'asks',
    fixed: `keeps it (${role})`,
  };
  const fate = role === 'grant' && time === 'live' ? 'changes or merges it' : fates[time];
  return kind === 'completion' ? fate : `${fate}, ${kind}`;
}

function ownerOf({ owner, paths, models }: Node): string {
  const held = models === undefined ? '' : ` (holds ${models} models)`;
  return `${owner === 'tenant' ? paths.join(' and ') : owner}${held}`;
}
