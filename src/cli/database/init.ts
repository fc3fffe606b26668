import type { Command } from 'commander';
import { given } from '../../engine/given.ts';
import { recordsSchema } from '../../postgres/scope/site.ts';
import { proposalWords } from '../../registry/known/proposal-words.ts';
import { loadValid } from '../../registry/load/folder.ts';
import { writeText } from '../terminal/files.ts';
import { withJson, withRegistry } from '../options.ts';
import type { JsonOption, RegistryOption } from '../options.ts';
import { proposalText, schemaFor } from './proposal-text.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { withDatabase } from '../../site/open.ts';
import { databaseWords, resolveWhere, usage } from '../../site/where.ts';
import { tenancyOf } from '../../engine/rules/tenancy.ts';
import type { Proposal } from '../../engine/propose/propose.ts';
import { boundLogins, groundOf } from '../../isolation/application-roles.ts';
import type { Database } from '../../postgres/driver/database.ts';
import { proposeConfig } from '../../postgres/facts/propose.ts';
import type { ProposalRequest } from '../../postgres/facts/propose.ts';
import { readOwnedFacts } from '../../postgres/isolation/owned-facts.ts';

interface InitOptions extends JsonOption, RegistryOption {
  readonly database?: string;
  readonly schemas?: string;
  readonly out?: string;
  readonly stdout?: boolean;
  readonly force?: boolean;
}

/** `drover init`: proposes a configuration for a database that Drover has never seen. */
export const init: Verb = {
  name: 'init',
  summary: 'propose drover.config.yaml for a database that Drover did not create',
  define: (command) =>
    withRegistry(
      withJson(command)
        .option('--database <url>', 'postgres://… or pglite:FOLDER')
        .option('--schemas <list>', 'schemas to look at, separated by commas (default: all)')
        .option('--out <file>', 'where to write it (default: drover.config.yaml)')
        .option('--stdout', 'only print it')
        .option('--force', 'overwrite the file'),
    ),
  run: proposeFor,
};

async function proposeFor({ terminal, environment }: Session, command: Command): Promise<number> {
  const options = command.opts<InitOptions>();
  const { database, registry } = options;
  const where = resolveWhere(given({ database, registry }), environment);
  if (where.kind === 'own')
    throw usage('Say which database: drover init --database postgres://… (or pglite:FOLDER).');
  const schemas = options.schemas
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (schemas?.length === 0) throw usage('--schemas is empty: name at least one schema.');
  const words = proposalWords(loadValid(where.registry));
  const proposal = await withDatabase(where, (opened) =>
    proposeSite(opened, { records: recordsSchema, words, ...given({ schemas }) }),
  );
  const { config, questions, notes } = proposal;
  const file = options.out ?? environment.configFile;
  const yaml = proposalText(proposal, schemaFor(file));
  const shown = options.stdout === true || options.json === true;
  if (options.json === true) terminal.out(JSON.stringify({ config, yaml, questions, notes }, null, 2));
  else if (shown) terminal.out(yaml.trimEnd());
  else writeText(file, yaml, { keep: options.force !== true });
  if (!shown) showNext(terminal, { file, questions, notes, words: databaseWords(where, file) });
  return exitStatus.done;
}

interface Next {
  readonly file: string;
  readonly questions: readonly string[];
  readonly notes: readonly string[];
  /** The options that lead to the database and the file. */
  readonly words: string;
}

function showNext({ err, errStyle }: Session['terminal'], { file, questions, notes, words }: Next): void {
  err(`Written to ${errStyle.bold(file)}: a proposal with the reason for each guess.`);
  if (questions.length > 0) err(`\n${errStyle.heading('Questions')}`);
  for (const [at, question] of questions.entries()) err(`  ${at + 1}. ${question}`);
  if (notes.length > 0) err(`\n${errStyle.heading('To know')}`);
  for (const note of notes) err(`  - ${note}`);
  err(`\n${errStyle.heading('Next')}`);
  err('  1. Read the file. Decide each `role: ask`, and check the tenant of each table.');
  err(`  2. ${errStyle.command(`drover config check ${words}`)}`);
  err(`  3. ${errStyle.command(`drover inspect ${words}`)}`);
  err(`  4. ${errStyle.command(`drover plan ${words} --tenant TENANT --from MODEL --to MODEL`)}`);
}

/**
 * Tables, models, and the roles whom policies must bind. Roles are proposed where there are any: the doctor finds out for itself who
 * else reaches what.
 */
async function proposeSite(database: Database, request: ProposalRequest): Promise<Proposal> {
  const proposal = await proposeConfig(database, request);
  const { config, reasons } = proposal;
  if (tenancyOf(config) !== 'rows') return proposal;
  const { records } = request;
  const { facts } = await readOwnedFacts(database, { config, records, roles: [], settings: [] });
  const settings = { ownership: 'proposed', trusted: [], context: [], ignored: [], today: '' } as const;
  const roles = boundLogins(groundOf(facts, settings));
  if (roles.length === 0) return proposal;
  const why =
    'logins that may use the rows of tenants, and that are neither superuser nor exempt from policies: drover doctor judges by them. ' +
    'One that is meant to see all tenants belongs under trusted';
  return {
    ...proposal,
    config: { ...config, isolation: { roles } },
    reasons: { ...reasons, 'isolation.roles': why },
  };
}
