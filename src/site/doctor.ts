/** The database that is meant, judged: Drover's own schema, a database with its configuration, or one of which only a proposal is known. */
import { dirname, resolve } from 'node:path';
import { formatConfigProblems, locateProblems, openConfigFile } from '../config-file.ts';
import type { Environment } from '../config.ts';
import { findNamedTable } from '../engine/catalogue/names.ts';
import type { TableId } from '../engine/catalogue/catalog.ts';
import type { IsolationFacts } from '../engine/isolation/facts.ts';
import type { IsolationFinding, IsolationReport } from '../engine/isolation/report.ts';
import type { Config, IsolationConfig } from '../engine/rules/config.ts';
import { given } from '../engine/given.ts';
import { tenancyOf } from '../engine/rules/tenancy.ts';
import { DroverError } from '../errors.ts';
import { readBaseline, withBaseline } from '../isolation/baseline.ts';
import type { IsolationSettings } from '../isolation/ground.ts';
import { judge, nothingToJudge } from '../isolation/judge.ts';
import type { Mend } from '../isolation/mends/mend.ts';
import { mendsOf } from '../isolation/mends/mends.ts';
import { defaultSchema } from '../platform/install.ts';
import { judgePlatform, platformContexts } from '../platform/judge.ts';
import { withObserved } from '../isolation/observed.ts';
import type { Database } from '../postgres/driver/database.ts';
import { proposeConfig } from '../postgres/facts/propose.ts';
import { readOwnedFacts } from '../postgres/isolation/owned-facts.ts';
import { findSchema } from '../postgres/schema/schema-record.ts';
import { recordsSchema } from '../postgres/scope/site.ts';
import { proposalWords } from '../registry/known/proposal-words.ts';
import { loadValid } from '../registry/load/folder.ts';
import { observe } from './observe.ts';
import type { Observable, Observation } from './observe.ts';
import { withDatabase } from './open.ts';
import { placeWord, resolveWhere } from './where.ts';
import type { Where, WhereOptions } from './where.ts';

export type DoctorOptions = Pick<WhereOptions, 'data' | 'database' | 'config' | 'registry'>;

/** The report, and what was judged for it. */
export interface ExaminedDatabase {
  readonly report: IsolationReport;
  /** The report with what this text of a baseline knows apart. @throws BASELINE_INVALID */
  readonly knowing: (baseline: string, file: string) => IsolationReport;
  /** What the configuration says of the report's use, with the whole path of the baseline. */
  readonly says: Pick<IsolationConfig, 'baseline' | 'failOn'>;
  /** What mends these findings of the report. */
  readonly mends: (findings: readonly IsolationFinding[]) => Promise<Mend[]>;
  /** The table that a name means; nothing where there is none that could be judged. */
  readonly tableOf: (name: string) => TableId | undefined;
  /** The database as a word of a command, without a password; nothing for an embedded one. */
  readonly place: string | undefined;
}

/** What the doctor says of the database that the options name. @throws CONFIG_MISMATCH where the configuration does not fit it */
export function examine(
  options: DoctorOptions,
  environment: Environment,
  { now, ...how }: Observation & { readonly now: Date },
): Promise<ExaminedDatabase> {
  const where = resolveWhere(options, environment);
  const today = now.toISOString().slice(0, 10);
  return withDatabase(where, async (database) => {
    const judged = await judgeMeant(database, where, today);
    const { report, facts, rules, settings } = judged;
    const isServer = where.kind === 'given' && database.engine === 'server';
    const about = {
      says: saidOf(rules.config, where),
      mends: (findings: readonly IsolationFinding[]) => mendsOf(facts, settings, findings),
      tableOf: (name: string) => findNamedTable(rules.scope, name)?.id,
      place: isServer ? placeWord(where) : undefined,
    };
    const whole =
      report.nothingToJudge === undefined
        ? withObserved(report, await observe(database, judged, how), { settings, catalog: rules.catalog })
        : report;
    return {
      ...about,
      report: whole,
      knowing: (baseline: string, file: string) =>
        withBaseline(whole, readBaseline(baseline, file), settings),
    };
  });
}

/** A path in a configuration begins at its folder. */
function saidOf({ isolation }: Config, where: Where): ExaminedDatabase['says'] {
  const file = where.kind === 'given' ? where.configFile : undefined;
  if (isolation === undefined || file === undefined) return {};
  const { baseline, failOn } = isolation;
  return given({ failOn, baseline: baseline === undefined ? undefined : resolve(dirname(file), baseline) });
}

interface JudgedDatabase extends Observable {
  readonly report: IsolationReport;
  readonly facts: IsolationFacts;
  readonly settings: IsolationSettings;
}

async function judgeMeant(database: Database, where: Where, today: string): Promise<JudgedDatabase> {
  if (await isOwn(database, where))
    return { ...(await judgePlatform(database, today)), contexts: platformContexts };
  return where.kind === 'given' && where.configFile !== undefined
    ? judgeFitting(database, where.configFile, today)
    : judgeProposed(database, where, today);
}

async function isOwn(database: Database, where: Where): Promise<boolean> {
  if (where.kind === 'given' && where.configFile !== undefined) return false;
  const found = await database.transaction({ readOnly: true }, (tx) => findSchema(tx, defaultSchema));
  return found === 'ours';
}

async function judgeFitting(database: Database, file: string, today: string): Promise<JudgedDatabase> {
  const opened = openConfigFile(file, 'ownership');
  const { judged, problems } = await judgeWith(database, opened.config, { ownership: 'declared', today });
  // Places of a tenant's schema fit no table that is everybody's, and none of them is judged.
  if (problems.length === 0 || tenancyOf(opened.config) === 'schemas') return judged;
  const shown = formatConfigProblems(locateProblems(opened, problems));
  const message = ['The configuration does not fit the database:', ...shown].join('\n  ');
  throw new DroverError('CONFIG_MISMATCH', message, { problems });
}

/** By a configuration that may name more than there is: the schema of migrations is not yet all of it. */
export async function judgeDeclared(
  database: Database,
  config: Config,
  today: string,
): Promise<JudgedDatabase> {
  return (await judgeWith(database, config, { ownership: 'declared', today })).judged;
}

async function judgeProposed(database: Database, where: Where, today: string): Promise<JudgedDatabase> {
  const words = proposalWords(loadValid(where.registry));
  const { config } = await proposeConfig(database, { records: recordsSchema, words });
  return (await judgeWith(database, config, { ownership: 'proposed', today })).judged;
}

async function judgeWith(
  database: Database,
  config: Config,
  about: Pick<IsolationSettings, 'ownership' | 'today'>,
): Promise<{ judged: JudgedDatabase; problems: Awaited<ReturnType<typeof readOwnedFacts>>['problems'] }> {
  const { session } = config.database ?? {};
  const { roles: named, trusted = [], context = [], ignore: ignored = [] } = config.isolation ?? {};
  const sessionRole = session?.role === undefined ? [] : [session.role];
  const roles = named ?? sessionRole;
  const settings = [...Object.keys(session?.settings ?? {}), ...context];
  const { facts, rules, problems } = await readOwnedFacts(database, {
    config,
    records: recordsSchema,
    roles: [...roles, ...trusted],
    settings,
  });
  const from = named === undefined ? 'session' : 'configuration';
  const known = {
    ...about,
    ...(roles.length === 0 ? {} : { roles: { names: roles, from } as const }),
    trusted,
    context: settings,
    ignored,
  };
  const tenancy = tenancyOf(config);
  const report = tenancy === 'rows' ? await judge(facts, known) : nothingToJudge(facts, known, tenancy);
  const said = Object.fromEntries(context.map((name) => [name, '$tenant']));
  const values = { ...said, ...session?.settings };
  const contexts = report.applicationRoles.map((role) => ({ role, settings: values }));
  return { judged: { report, facts, rules, settings: known, contexts }, problems };
}
