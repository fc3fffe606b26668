import { type Command, Option } from 'commander';
import { strayKinds } from '../../engine/tenantize/conversion.ts';
import { statementsOf } from '../../isolation/conversion/statements.ts';
import { planTenantize, sessionOf, shownKeys } from '../../site/tenantize.ts';
import type { PlannedConversion } from '../../site/tenantize.ts';
import type { WhereOptions } from '../../site/where.ts';
import type { JsonOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { writeText } from '../terminal/files.ts';
import { withConversion } from './options.ts';
import { showConversion, showQuestions } from './show-plan.ts';

interface ConversionPlanOptions extends JsonOption, Pick<WhereOptions, 'database' | 'config'> {
  readonly sql?: boolean;
  readonly rows?: string;
}

/** `drover tenantize plan`: what becomes of each table, and what a person must say first. It only reads. */
export const conversionPlan: Verb = {
  name: 'plan',
  summary: 'what becomes of each table, step by step, and what must be answered first; it writes nothing',
  define: (command) =>
    withConversion(command)
      .addOption(new Option('--sql', 'print the statements of the steps').conflicts('json'))
      .option('--rows <file>', 'write the keys of all rows without an owner to a file, a line each'),
  run: runPlan,
};

async function runPlan({ terminal, environment }: Session, command: Command): Promise<number> {
  const options = command.opts<ConversionPlanOptions>();
  const keys = options.rows === undefined ? shownKeys : 2_147_483_647;
  const planned = await planTenantize(options, environment, keys);
  if (options.rows !== undefined)
    writeText(options.rows, rowsText(planned), { keep: false, isPrivate: true });
  const { plan } = planned;
  const isOpen = plan.questions.length > 0;
  if (options.json === true) terminal.out(JSON.stringify(planJson(planned), null, 2));
  else if (isOpen) showQuestions(terminal, plan);
  else if (options.sql === true) terminal.out(sqlText(planned));
  else showConversion(terminal, plan);
  return isOpen ? exitStatus.changes : exitStatus.done;
}

/** The plan, with what was counted and with what each step says in SQL. */
function planJson({ ground, plan }: PlannedConversion): object {
  const steps = plan.steps.map((step) => {
    const { phase, table, what, locks, transaction, reversible } = step;
    const { up, down } = statementsOf(step);
    return { phase, table, what, locks, transaction, reversible, up, down };
  });
  return { ...plan, rows: [...ground.rows.values()], session: sessionOf(ground), steps };
}

/**
 * psql stops at the first error: contract must not follow a gate that refused. An index that is made beside writers waits for their
 * transactions, which stands in nobody's way, and one that a failure left behind goes first.
 */
function sqlText({ ground, plan }: PlannedConversion): string {
  const session = sessionOf(ground);
  const joined = (statements: readonly string[]): string =>
    statements.map((statement) => `${statement.replace(/;$/, '')};`).join('\n');
  const parts = plan.steps.map((step) => {
    const about = `-- ${step.phase}${step.table === '' ? '' : ` ${step.table}`}: ${step.what}`;
    const { up, down } = statementsOf(step);
    if (step.transaction) return `${about}\nBEGIN;\n${joined(up)}\nCOMMIT;`;
    return joined([`${about}\nSET lock_timeout = 0`, ...down, ...up, session[0] ?? '']);
  });
  return ['\\set ON_ERROR_STOP on', joined(session), ...parts].join('\n\n');
}

function rowsText({ ground }: PlannedConversion): string {
  const lines = [...ground.rows.values()].flatMap(({ table, strays }) =>
    strayKinds.flatMap((kind) => (strays?.[kind].keys ?? []).map((key) => `${table}\t${kind}\t${key}\n`)),
  );
  return lines.join('');
}
