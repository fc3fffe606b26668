import type { Command } from 'commander';
import { formatConfigProblems, locateProblems, openConfigFile } from '../../config-file.ts';
import type { ConfigFile } from '../../config-file.ts';
import { DroverError } from '../../errors.ts';
import type { ConfigProblem } from '../../engine/rules/config.ts';
import { isolationProblems, unknownObjects } from '../../isolation/config-problems.ts';
import { readOwnedFacts } from '../../postgres/isolation/owned-facts.ts';
import { siteFor } from '../../postgres/scope/rows-site.ts';
import { recordsSchema } from '../../postgres/scope/site.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { listUnfit } from '../../postgres/scope/tenants.ts';
import { withJson, withRegistry } from '../options.ts';
import type { JsonOption } from '../options.ts';
import { todayText } from '../terminal/times.ts';
import { inLines } from '../terminal/wrap.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb, VerbGroup } from '../session.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere, shownUrl } from '../../site/where.ts';
import type { WhereOptions } from '../../site/where.ts';
import { readGraph } from './inspect.ts';

type ConfigCheckOptions = WhereOptions & JsonOption;

const check: Verb = {
  name: 'check',
  summary: 'check the file; with --database also that everything it names is there',
  define: (command) =>
    withRegistry(
      withJson(command)
        .option('--config <file>', 'the file (default: drover.config.yaml)')
        .option('--database <url>', 'postgres://… or pglite:FOLDER')
        .option('--trust-config', 'its SQL may call volatile functions although the login is a superuser'),
    ),
  run: runCheck,
};

/** `drover config check`: is the configuration well-formed and, with a database, does it fit. */
export const config: VerbGroup = {
  name: 'config',
  summary: 'check a configuration file, by itself or against a database',
  verbs: [check],
};

async function runCheck({ terminal, environment }: Session, command: Command): Promise<number> {
  const options = command.opts<ConfigCheckOptions>();
  const file = options.config ?? environment.configFile;
  const opened = openConfigFile(file);
  refuse(opened, isolationProblems(opened.config, todayText()));
  const { places = [] } = opened.config;
  const asked = options.database ?? environment.databaseUrl;
  if (asked === undefined) {
    report(terminal, options, { file, places: places.length });
    return exitStatus.done;
  }
  const where = resolveWhere({ ...options, config: file }, environment);
  const { graph, unfit } = await withSite(where, { mayWrite: false }, async (site) => {
    refuse(opened, await unknownIn(site));
    for (const { table } of site.config.rows ?? []) await readGraph(siteFor(site, { rows: table }));
    return { graph: await readGraph(site), unfit: await listUnfit(site) };
  });
  const open = graph.edges.filter(({ role }) => role === 'ask').map(({ place }) => place);
  report(terminal, options, { file, places: graph.edges.length, database: shownUrl(asked), open });
  for (const { message } of unfit) terminal.err(message);
  return unfit.length === 0 ? exitStatus.done : exitStatus.failed;
}

/** Roles and objects that the doctor is told of and that the database does not have. */
async function unknownIn({ config, database }: Site): Promise<ConfigProblem[]> {
  if (config.isolation === undefined) return [];
  const { roles = [], trusted = [] } = config.isolation;
  const asked = { config, records: recordsSchema, roles: [...roles, ...trusted], settings: [] };
  return unknownObjects(config, (await readOwnedFacts(database, asked)).facts);
}

/** Each with its line and column. @throws CONFIG_INVALID */
function refuse(opened: ConfigFile, found: readonly ConfigProblem[]): void {
  const problems = locateProblems(opened, found);
  if (problems.length > 0)
    throw new DroverError('CONFIG_INVALID', formatConfigProblems(problems).join('\n'), { problems });
}

interface ConfigReport {
  readonly file: string;
  readonly places: number;
  readonly database?: string;
  /** Places that nobody has decided about. */
  readonly open?: readonly string[];
}

function report(
  terminal: Session['terminal'],
  { json }: ConfigCheckOptions,
  { file, places, database, open = [] }: ConfigReport,
): void {
  const { err, style } = terminal;
  if (json === true)
    return terminal.out(JSON.stringify({ file, places, database: database ?? null, undecided: open }));
  const out = inLines(terminal);
  const fits = database === undefined ? 'is well-formed' : `fits ${database}`;
  out(`${style.good('OK')} ${file} ${fits}: ${places} places.`);
  if (open.length > 0)
    out(
      `${style.warning('Undecided')} (role: ask): ${open.join(', ')}. A plan that meets the source there asks.`,
    );
  if (database === undefined) err('With --database it is also compared with the tables that are there.');
}
