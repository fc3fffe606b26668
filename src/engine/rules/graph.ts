/** The reference graph of a database for `drover inspect`: which tables name models, where, how, and whose they are. */
import type { Table, TableId } from '../catalogue/catalog.ts';
import { given } from '../given.ts';
import type { PlaceRole } from './place-config.ts';
import { tablePath } from '../catalogue/names.ts';
import type { Ownership } from './ownership.ts';
import type { Place } from './place.ts';
import type { Rules } from './references.ts';

interface GraphNode {
  readonly table: string;
  readonly owner: Ownership['kind'];
  /** How a row leads to its tenant: `organisation_id`, or `space_id → spaces.organisation_id`. */
  readonly paths: readonly string[];
  /** The kind of model that the table holds, if it does. */
  readonly models?: string;
}

interface GraphEdge {
  readonly place: string;
  readonly table: string;
  /** The table of models; where none holds them, the components that name one. */
  readonly models: string;
  readonly kind: string;
  readonly role: PlaceRole;
  readonly via: 'foreign key' | 'key' | 'text' | 'array' | 'comma list' | 'bar list' | 'json';
  readonly time: 'live' | 'live where' | 'history' | 'ask' | 'fixed';
  readonly reason?: string;
}

export interface ReferenceGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Tables that hold or name models, and one edge for each place. */
export function referenceGraph(rules: Rules): ReferenceGraph {
  const concerned = new Set<TableId>([
    ...rules.modelTables.map((model) => model.table.id),
    ...rules.places.map((place) => place.table),
  ]);
  const tables = rules.catalog.tables.filter((table) => concerned.has(table.id));
  const edges = rules.places.map((place) => edgeOf(rules, place));
  return {
    nodes: tables.map((table) => nodeOf(rules, table)),
    edges: edges.toSorted((a, b) => (a.place < b.place ? -1 : 1)),
  };
}

function nodeOf(rules: Rules, table: Table): GraphNode {
  const ownership = rules.ownership.get(table.id) ?? { kind: 'unknown' };
  const models = rules.modelTables.find((model) => model.table.id === table.id)?.kind;
  return {
    table: tablePath(rules.scope, table),
    owner: ownership.kind,
    paths: ownership.kind === 'tenant' ? ownership.paths.map((path) => pathText(rules, path)) : [],
    ...given({ models }),
  };
}

function pathText(rules: Rules, path: Extract<Ownership, { kind: 'tenant' }>['paths'][number]): string {
  const steps = path.hops.map((hop) => {
    const where = hop.where === undefined ? '' : ` (${hop.where})`;
    return `${hop.from.join(', ')} → ${tableName(rules, hop.table)}${where}`;
  });
  return steps.length === 0 ? path.column : `${steps.join('.')}.${path.column}`;
}

function tableName(rules: Rules, id: TableId): string {
  const table = rules.catalog.tables.find((each) => each.id === id);
  return table === undefined ? id : tablePath(rules.scope, table);
}

function edgeOf(rules: Rules, place: Place): GraphEdge {
  const model =
    rules.modelTables.find(({ table }) => table.id === place.models) ??
    rules.modelTables.find((each) => each.kind === place.kind) ??
    rules.modelTables[0];
  return {
    place: place.id,
    table: tableName(rules, place.table),
    models:
      model === undefined
        ? (rules.config.model?.identity ?? ['name']).join('/')
        : tablePath(rules.scope, model.table),
    kind: place.kind,
    role: place.role,
    via: viaOf(place),
    time: timeOf(place),
    ...given({ reason: place.reason }),
  };
}

function viaOf(place: Place): GraphEdge['via'] {
  if (place.foreignKey !== undefined) return 'foreign key';
  if (place.carrier === 'json' || place.carrier === 'array') return place.carrier;
  if (place.carrier === 'text' && place.shape === 'comma') return 'comma list';
  if (place.carrier === 'text' && place.shape === 'bars') return 'bar list';
  return place.byKey ? 'key' : 'text';
}

function timeOf(place: Place): GraphEdge['time'] {
  if (place.role === 'history' || place.role === 'ask') return place.role;
  if (place.role !== 'reference' && place.role !== 'grant') return 'fixed';
  return place.conditions.live === undefined ? 'live' : 'live where';
}

/** The graph as JSON text. */
export function graphJson(graph: ReferenceGraph): string {
  return JSON.stringify(graph, null, 2);
}

/** The graph as a Mermaid flowchart: solid lines move, dotted ones stay, thick ones are questions. */
export function graphMermaid(graph: ReferenceGraph): string {
  const targets = [...new Set(graph.edges.map((edge) => edge.models))];
  const tables = [...new Set([...graph.nodes.map((node) => node.table), ...targets])];
  const ids = new Map(tables.map((table, at) => [table, `t${at}`]));
  const nodes = tables.map((table) => {
    const node = graph.nodes.find((each) => each.table === table);
    const label = node === undefined ? 'models by name' : node.owner;
    const text = `"${mermaidText(table)}<br/><i>${label}</i>"`;
    return `  ${ids.get(table)}${targets.includes(table) ? `[(${text})]` : `[${text}]`}`;
  });
  const edges = graph.edges.map(
    (edge) =>
      `  ${ids.get(edge.table)} ${arrow(edge)}|"${mermaidText(columnOf(edge))}<br/>${edge.via}, ${edge.role}"| ` +
      `${ids.get(edge.models)}`,
  );
  return ['flowchart LR', ...nodes, ...edges, ''].join('\n');
}

function columnOf({ place, table }: GraphEdge): string {
  return place.slice(table.length + 1);
}

function arrow(edge: GraphEdge): string {
  if (edge.time === 'ask') return '==>';
  return edge.time === 'live' || edge.time === 'live where' ? '-->' : '-.->';
}

/** Mermaid reads quotes and angle brackets itself. */
function mermaidText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
