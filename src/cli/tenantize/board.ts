/** How far a conversion is: a row for each table, a column for each phase. */
import { conversionPhases } from '../../engine/tenantize/conversion.ts';
import type { ConversionPhase } from '../../engine/tenantize/conversion.ts';
import type { ConversionRecord, ConversionStepRecord } from '../../postgres/tenantize/conversion-records.ts';
import { showTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inLines } from '../terminal/wrap.ts';

/** What belongs to no single table has no name in the first column. */
const ofAll = '(all)';

export function showBoard(terminal: Terminal, record: ConversionRecord, drifts: readonly string[]): void {
  const lines = inLines(terminal);
  const tables = [...new Set(record.steps.map(({ table }) => table))];
  showTable(terminal, {
    head: ['Table', ...conversionPhases, 'Rows filled'],
    rows: tables.map((table) => {
      const own = record.steps.filter((step) => step.table === table);
      const filled = own.reduce((sum, { changedRows }) => sum + changedRows, 0);
      return [table === '' ? ofAll : table, ...conversionPhases.map((phase) => cell(own, phase)), filled];
    }),
  });
  const done = record.steps.filter(({ state }) => state === 'done').length;
  lines(
    `${outcomeWords(record)}; ${done} of ${record.steps.length} steps are done. Begun by ${record.actor}.`,
  );
  for (const { phase, actor, reason } of record.accepted)
    lines(`Unverified ${phase} accepted by ${actor}: ${reason}`);
  for (const drift of drifts) lines(`${terminal.style.error('CONVERSION_DRIFTED')} ${drift}`);
}

function cell(steps: readonly ConversionStepRecord[], phase: ConversionPhase): string {
  const own = steps.filter((step) => step.phase === phase);
  const done = own.filter(({ state }) => state === 'done').length;
  if (own.length === 0) return '-';
  if (done === own.length) return 'done';
  const isBegun = done > 0 || own.some(({ state }) => state === 'under_way');
  return isBegun ? `${done}/${own.length}` : '';
}

function outcomeWords({ outcome, steps }: ConversionRecord): string {
  if (outcome !== null) return outcome === 'reverted' ? 'Taken back' : 'Contracted';
  const last = conversionPhases.findLast((phase) => {
    const own = steps.filter((step) => step.phase === phase);
    return own.length > 0 && own.every(({ state }) => state === 'done');
  });
  return last === undefined ? 'Under way' : `Under way, ${last} is done`;
}

/** The same for a program. */
export function boardJson(record: ConversionRecord | undefined, drifts: readonly string[]): object | null {
  if (record === undefined) return null;
  const { id, outcome, startedAt, actor, accepted, steps } = record;
  return {
    id,
    outcome,
    startedAt,
    actor,
    accepted,
    steps: steps.map(({ number, phase, table, what, state, changedRows, heldMs }) => {
      return { number, phase, table, what, state, rows: changedRows, heldMs };
    }),
    drifts,
  };
}
