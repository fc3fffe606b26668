/** The plan of a conversion of the database that is meant: read, planned, and checked by other means. */
import { formatConfigProblems, locateProblems, openConfigFile } from '../config-file.ts';
import type { Environment } from '../config.ts';
import { checkConversion } from '../engine/tenantize/check-conversion.ts';
import { contextOf } from '../engine/tenantize/ground.ts';
import type { ConversionGround } from '../engine/tenantize/ground.ts';
import { planConversion } from '../engine/tenantize/plan-conversion.ts';
import type { ConversionPlan } from '../engine/tenantize/plan-conversion.ts';
import { DroverError } from '../errors.ts';
import { stepSession } from '../isolation/conversion/statements.ts';
import type { Database } from '../postgres/driver/database.ts';
import { recordsSchema } from '../postgres/scope/site.ts';
import { readConversionGround } from '../postgres/tenantize/read-ground.ts';
import { withDatabase } from './open.ts';
import { resolveWhere, usage } from './where.ts';
import type { WhereOptions } from './where.ts';

export type ConversionOptions = Pick<WhereOptions, 'database' | 'config'>;

export interface PlannedConversion {
  readonly ground: ConversionGround;
  readonly plan: ConversionPlan;
}

/** How many keys of rows without an owner a plan names for each table, where nobody asks for all. */
export const shownKeys = 20;

/**
 * Plans the conversion of the database that the options name. It only reads.
 * @param keys how many keys of rows without an owner are kept for each table
 * @throws USAGE_INVALID, CONFIG_INVALID, CONFIG_MISMATCH, NOT_PERMITTED, PLAN_CONTRADICTED
 */
export function planTenantize(
  options: ConversionOptions,
  environment: Environment,
  keys: number = shownKeys,
): Promise<PlannedConversion> {
  return withConverted(options, environment, (database, configFile) => planFor(database, configFile, keys));
}

/** The database that is to be converted, open, and its configuration. @throws USAGE_INVALID where one of them was not named */
export function withConverted<T>(
  options: ConversionOptions,
  environment: Environment,
  work: (database: Database, configFile: string) => Promise<T>,
): Promise<T> {
  const where = resolveWhere(options, environment);
  if (where.kind === 'own' || where.configFile === undefined)
    throw usage(
      'A conversion is of a database that Drover did not create: name it with --database and --config.',
    );
  const { configFile } = where;
  return withDatabase(where, (database) => work(database, configFile));
}

/** @throws CONFIG_INVALID where it says nothing of a conversion */
export function configOf(configFile: string): ConversionGround['config'] {
  const { config } = openConfigFile(configFile, 'ownership');
  const { tenantize } = config;
  if (tenantize !== undefined) return { ...config, tenantize };
  const message = `${configFile} has no block tenantize: docs/guides/v2.md says what it holds.`;
  throw new DroverError('CONFIG_INVALID', message, { file: configFile });
}

/** How a session begins that takes the steps of a conversion. */
export function sessionOf({ config }: Pick<ConversionGround, 'config'>): readonly string[] {
  return stepSession(contextOf(config.tenantize));
}

/** The same of a database that is open. */
export async function planFor(
  database: Database,
  configFile: string,
  keys: number = shownKeys,
): Promise<PlannedConversion> {
  const opened = openConfigFile(configFile, 'ownership');
  const config = configOf(configFile);
  const { ground, problems } = await readConversionGround(database, { config, records: recordsSchema, keys });
  if (problems.length > 0) {
    const shown = formatConfigProblems(locateProblems(opened, problems));
    const message = ['The configuration does not fit the database:', ...shown].join('\n  ');
    throw new DroverError('CONFIG_MISMATCH', message, { problems });
  }
  const plan = planConversion(ground);
  const contradictions = checkConversion(ground, plan);
  if (contradictions.length > 0) {
    const message = ['The plan contradicts what it was made from:', ...contradictions].join('\n  ');
    throw new DroverError('PLAN_CONTRADICTED', message, { contradictions });
  }
  return { ground, plan };
}
