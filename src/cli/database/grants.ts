import type { Command } from 'commander';
import { printable } from '../../engine/plan/row-text.ts';
import type { Grant } from '../../postgres/scope/work-rights.ts';
import { withJson, withWhere } from '../options.ts';
import type { JsonOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { resolveWhere } from '../../site/where.ts';
import type { WhereOptions, Where } from '../../site/where.ts';
import { findSchema } from '../../postgres/schema/schema-record.ts';
import { proposeConfig } from '../../postgres/facts/propose.ts';
import { readGrants } from '../../postgres/scope/grants.ts';
import type { Grants } from '../../postgres/scope/grants.ts';
import { openSite, recordsSchema } from '../../postgres/scope/site.ts';
import { defaultSchema } from '../../platform/install.ts';
import { proposalWords } from '../../registry/known/proposal-words.ts';
import { loadValid } from '../../registry/load/folder.ts';
import { withDatabase, withSite } from '../../site/open.ts';

/** `drover grants`: the rights that a login lacks for plans, moves and records, as SQL for an administrator. */
export const grants: Verb = {
  name: 'grants',
  summary: 'print the GRANT statements that a login lacks: to plan, to apply, to keep records',
  define: (command) =>
    withWhere(withJson(command).option('--login <role>', 'for which login (default: the one that connects)')),
  run: show,
};

async function show({ terminal, environment }: Session, command: Command): Promise<number> {
  const { login, ...options } = command.opts<WhereOptions & JsonOption & { readonly login?: string }>();
  const found = await grantsAt(resolveWhere(options, environment), login);
  if (options.json === true) terminal.out(JSON.stringify(found, null, 2));
  else for (const line of script(found)) terminal.out(line);
  return found.grants.every(({ held }) => held) ? exitStatus.done : exitStatus.changes;
}

const headings: Readonly<Record<Grant['purpose'], string>> = {
  plan: 'to read and to plan',
  apply: 'to apply and to roll back',
  shared: 'to plan and to apply what is nobody’s alone (--shared)',
  merge: 'to make two rows one (drover rekey --merge)',
  rekey: 'to give rows other keys (drover rekey)',
  records: 'for the records of Drover',
};

/** SQL with comments: an administrator may hand it to psql as it is. */
function script({ database, login, grants, schema, owner, proposed, notes }: SiteGrants): string[] {
  const parts = (['plan', 'apply', 'shared', 'merge', 'rekey', 'records'] as const).flatMap((purpose) => {
    const own = grants.filter((grant) => grant.purpose === purpose);
    if (own.length === 0) return [];
    const missing = own.filter(({ held }) => !held);
    const held = own.length - missing.length;
    return [
      `-- ${headings[purpose]}: ${held} of ${own.length} rights are there`,
      ...missing.map(({ sql }) => `${sql};`),
    ];
  });
  const upgrade =
    owner === null
      ? []
      : [
          `-- An upgrade of the schema ${schema} takes its owner: after a new version of Drover, run it first as ${owner}`,
        ];
  const unsure = [
    '-- There is no configuration: this is what the one needs that `drover init` would propose now.',
    ...notes.map((note) => `-- ${printable(note)}`),
  ];
  const head = `-- What the login ${login} needs in the database ${database}`;
  return [head, ...(proposed ? unsure : []), ...parts, ...upgrade];
}

interface SiteGrants extends Grants {
  /** Nobody has written a configuration: what a plan needs may be more, or less. */
  readonly proposed: boolean;
  /** What the proposal could not look at. */
  readonly notes: readonly string[];
}

/**
 * The rights that a login lacks, by the configuration, or, where there is none, by the one that would be proposed.
 * @throws USAGE_INVALID where the server has no such login
 */
async function grantsAt(where: Where, login: string | undefined): Promise<SiteGrants> {
  const proposed =
    where.kind === 'given' && where.configFile === undefined ? await byProposal(where, login) : undefined;
  if (proposed !== undefined) return proposed;
  const found = await withSite(where, { mayWrite: false }, (site) => readGrants(site, login));
  return { ...found, proposed: false, notes: [] };
}

/** Undefined where the database has Drover's own schema, which says itself what there is. */
function byProposal(where: Where, login: string | undefined): Promise<SiteGrants | undefined> {
  return withDatabase(where, async (database) => {
    const own = await database.transaction({ readOnly: true }, (tx) => findSchema(tx, defaultSchema));
    if (own === 'ours') return undefined;
    const words = proposalWords(loadValid(where.registry));
    const { config, notes } = await proposeConfig(database, { records: recordsSchema, words });
    const site = await openSite({ database, config });
    return { ...(await readGrants(site, login)), proposed: true, notes };
  });
}
