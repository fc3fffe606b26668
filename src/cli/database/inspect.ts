import { type Command, Option } from 'commander';
import { graphJson, graphMermaid, referenceGraph } from '../../engine/rules/graph.ts';
import type { ReferenceGraph } from '../../engine/rules/graph.ts';
import { readRules } from '../../postgres/catalogue/rules.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { asOperator } from '../../postgres/scope/tenant.ts';
import { withList, withWhere } from '../options.ts';
import type { ListOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { graphTable, showGraph } from './show-graph.ts';
import { isForPrograms, showList } from '../terminal/table.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere } from '../../site/where.ts';
import type { WhereOptions } from '../../site/where.ts';

/** `drover inspect`: every place that names a model, and whose the rows are. */
export const inspect: Verb = {
  name: 'inspect',
  summary: 'show every place that names a model, and how rows belong to tenants',
  define: (command) =>
    withWhere(
      withList(command).addOption(
        new Option('--mermaid', 'print a Mermaid flowchart').conflicts(['json', 'csv']),
      ),
    ),
  run: show,
};

async function show({ terminal, environment }: Session, command: Command): Promise<number> {
  const options = command.opts<WhereOptions & ListOption & { readonly mermaid?: boolean }>();
  const graph = await withSite(resolveWhere(options, environment), { mayWrite: false }, readGraph);
  if (options.json === true) terminal.out(graphJson(graph));
  else if (options.mermaid === true) terminal.out(graphMermaid(graph).trimEnd());
  else if (isForPrograms(terminal, options.csv)) showList(terminal, graphTable(graph), options.csv);
  else showGraph(terminal, graph);
  return exitStatus.done;
}

/** The graph of a site, from its catalogue and its configuration. */
export function readGraph(site: Site): Promise<ReferenceGraph> {
  return asOperator(site.database, { ...site.scope, readOnly: true }, async (tx) =>
    referenceGraph(await readRules(tx, site, undefined)),
  );
}
