/** A look at a database, which `doctor` and `doctor diff` take alike. */
import { Option } from 'commander';
import type { Command } from 'commander';
import { given } from '../../engine/given.ts';
import { examine } from '../../site/doctor.ts';
import type { DoctorOptions, ExaminedDatabase } from '../../site/doctor.ts';
import { withRegistry } from '../options.ts';
import type { Session } from '../session.ts';
import { askToGoOn } from '../terminal/ask.ts';

export interface LookOptions extends DoctorOptions {
  readonly probe?: 'read' | 'write';
  readonly yes?: true;
  readonly damage: 'sample' | 'full' | 'none';
}

export function withLook(command: Command): Command {
  return withRegistry(
    command
      .option('--database <url>', 'postgres://… or pglite:FOLDER')
      .option('--data <folder>', 'embedded database with Drover’s own schema (default: ./drover-data)')
      .option('--config <file>', 'what Drover must know about that database (default: drover.config.yaml)'),
  )
    .addOption(
      new Option(
        '--probe <how>',
        'try whether rows are reached; write makes rows and takes them back',
      ).choices(['read', 'write']),
    )
    .option('--yes', 'do not ask before a probe that writes')
    .addOption(
      new Option('--damage <how>', 'count rows that have crossed; large tables as a sample, in full, or not')
        .choices(['sample', 'full', 'none'])
        .default('sample'),
    );
}

/** Judges the database. Nothing where somebody was asked and does not want it. */
export async function look(
  { terminal, environment }: Session,
  options: LookOptions,
): Promise<ExaminedDatabase | undefined> {
  const { probe, damage, yes } = options;
  // A probe that writes holds locks for a moment, and sequences advance.
  const message =
    'The probe makes rows of two tenants, tries to reach them as each application role, and takes everything back. Sequences advance, ' +
    'dead rows stay until the next vacuum, and where policies leak it holds locks on other tenants’ rows for a moment. Go on?';
  if (probe === 'write' && !(await askToGoOn(terminal, { message, yes: yes === true }))) return undefined;
  return examine(options, environment, { ...given({ probe }), damage, now: new Date() });
}
