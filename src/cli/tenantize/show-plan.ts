/** The plan of a conversion as a person reads it. */
import type { ConvertedTable, RowOwner } from '../../engine/tenantize/conversion.ts';
import { conversionPhases } from '../../engine/tenantize/conversion.ts';
import type { ConversionPlan } from '../../engine/tenantize/plan-conversion.ts';
import { showTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inLines } from '../terminal/wrap.ts';

/** What a person must say first, each with the answers to paste. */
export function showQuestions(terminal: Terminal, { questions, classes }: ConversionPlan): void {
  const { out, style } = terminal;
  const lines = inLines(terminal);
  for (const { code, message, answers } of questions) {
    lines(`${style.error(code)} ${message}`);
    for (const { yaml, means } of answers) {
      lines(`  ${means}:`);
      out(`    ${style.command(yaml)}`);
    }
    if (answers.length === 0) lines('  The configuration has no answer to it: mend this first.');
    out();
  }
  lines(
    `${questions.length} questions are open; ${classes.length} tables have a class. Nothing was written. ` +
      'Put an answer to each into the configuration, and plan again.',
  );
}

/** Tables, what they become, and the steps by phase. */
export function showConversion(terminal: Terminal, plan: ConversionPlan): void {
  const { out, style } = terminal;
  const lines = inLines(terminal);
  showTable(terminal, {
    head: ['Table', 'Class', 'Owner', 'Rows', 'In V2', 'V1 finds it by'],
    rows: plan.tables.map((each) => [
      each.table,
      each.class,
      ownerWords(each.owner),
      each.rows,
      `${each.v2.schema}.${each.v2.name}`,
      each.mode === 'shim' ? 'a shim' : 'its place',
    ]),
  });
  const ledgers = plan.classes.filter(({ class: kind }) => kind === 'system').map(({ table }) => table);
  if (ledgers.length > 0) lines(`Left alone, ledgers of migration tools: ${ledgers.join(', ')}`);
  out(`\n${style.heading('Steps')}`);
  for (const phase of conversionPhases) {
    const steps = plan.steps.filter((step) => step.phase === phase);
    const exclusive = steps.filter(({ locks }) => locks.some(({ mode }) => mode === 'ACCESS EXCLUSIVE'));
    const back = phase === 'contract' ? 'cannot be taken back' : 'can be taken back';
    lines(`  ${phase}: ${steps.length} steps, ${exclusive.length} of them lock a table exclusively; ${back}`);
  }
  showNarrow(terminal, plan.tables);
  if (plan.shortened.length > 0) out(`\n${style.heading('Names that are too long for PostgreSQL')}`);
  for (const { from, to } of plan.shortened) lines(`  ${from} is called ${to}`);
  out(`\n${style.heading('Duties')}`);
  for (const { id, about, text } of plan.duties) lines(`  ${id} ${about}: ${text}`);
  out();
  lines('Nothing was written. `--sql` prints the statements, `--json` those of the way back, too.');
}

function showNarrow(terminal: Terminal, tables: readonly ConvertedTable[]): void {
  const lines = inLines(terminal);
  terminal.out(`\n${terminal.style.heading('Unique keys without the tenant')}`);
  for (const { table, narrow } of tables)
    for (const { name, becomes, meets } of narrow)
      lines(`  ${table} ${name}: ${becomes === 'wide' ? 'goes at contract' : 'stays'}; ${meets}`);
}

function ownerWords(owner: RowOwner | undefined): string {
  if (owner === undefined) return '';
  if (owner.kind === 'zero') return 'tenant zero';
  if (owner.kind === 'column') return `its column ${owner.column}`;
  return owner.paths.map(({ hops }) => hops.map(({ table }) => table).join(' → ')).join('; ');
}
