/**
 * The checker's look at a merge of two rows: it walks the foreign keys from every row that is lost, and holds the step against the facts:
 * nothing else is lost, nothing that refers to a lost row is left, and nothing is decided that nobody has decided.
 */
import type { MergeRowsStep, Plan } from '../plan/plan-types.ts';
import type { MergingFacts, Snapshot } from '../plan/snapshot.ts';
import { wantedColumns } from './check-rekey.ts';
import type { CheckProblem } from './check-rekey.ts';

export function checkMergedRows({ subject, rules, moving = [] }: Snapshot, plan: Plan): CheckProblem[] {
  const steps = plan.steps.filter((step) => step.operation === 'merge-rows');
  const facts = subject?.merging;
  const wrong: CheckProblem[] = [];
  const problem = (code: string, message: string): void => void wrong.push({ code, message });
  if (steps.length !== (facts === undefined ? 0 : 1))
    problem('MERGES', `a merge of two rows is one step, and the plan has ${steps.length}`);
  const [step] = steps;
  if (step === undefined || facts === undefined) return wrong;
  if (
    step.table !== rules.subject?.table.id ||
    JSON.stringify(step.pairs) !== JSON.stringify(moving) ||
    step.pairs.some(({ from, to }) => from === to) ||
    JSON.stringify(step.mappings[0]?.pairs.slice(0, moving.length)) !==
      JSON.stringify(moving.map(({ from, to }) => [from, to]))
  )
    problem('WRONG_ROWS_MERGED', `step ${step.id} makes other rows one than was asked for`);
  const open = facts.lost.filter(({ keep }) => keep === 'ask').map(({ place }) => place);
  const said = plan.findings.filter(
    ({ code, severity }) => code === 'COLLISION_OPEN' && severity === 'error',
  );
  for (const place of open)
    if (!said.some((one) => one.place === place))
      problem('DECIDES_A_QUESTION', `nobody has said which rows of ${place} are kept`);
  checkLost(step, facts, problem);
  for (const mapping of facts.mappings) {
    const wanted = wantedColumns(rules.catalog, mapping.table, mapping.column);
    const isOwn =
      mapping.table === rules.subject?.table.id || facts.lost.some(({ table }) => table === mapping.table);
    if (!isOwn)
      problem('MAPPED_WITHOUT_LOSS', `no row of ${mapping.table} is lost, and what refers to it changes`);
    for (const { table, rows } of facts.changed) {
      const follows = step.follows.find((one) => one.table === table);
      if ((follows?.expected ?? 0) !== rows)
        problem(
          'WRONG_ROWS',
          `step ${step.id} expects ${follows?.expected ?? 0} rows of ${table}, and ${rows} change`,
        );
      const columns = [...(wanted.get(table) ?? [])].filter(
        (column) => !(table === mapping.table && column === mapping.column),
      );
      if (rows > 0 && columns.some((column) => follows?.columns.includes(column) !== true))
        problem(
          'LEFT_ON_THE_KEY',
          `${table} refers to lost rows by ${columns.join(', ')}, and the step does not change all of that`,
        );
    }
  }
  return wrong;
}

/** What is lost, and to what, is what the facts say; no row is lost twice, and none to one that is lost itself. */
function checkLost(
  step: MergeRowsStep,
  facts: MergingFacts,
  problem: (code: string, message: string) => void,
): void {
  if (JSON.stringify([step.lost, step.mappings]) !== JSON.stringify([facts.lost, facts.mappings]))
    problem('OTHER_ROWS_LOST', `step ${step.id} removes other rows than meet another one`);
  const gone = step.lost.flatMap(({ table, pairs }) => pairs.map(({ row }) => JSON.stringify([table, row])));
  const lost = new Set(gone);
  if (lost.size !== gone.length) problem('LOST_TWICE', `step ${step.id} removes a row twice`);
  for (const { table, pairs } of step.lost)
    for (const { survivor } of pairs)
      if (lost.has(JSON.stringify([table, survivor])))
        problem(
          'LOST_TO_A_LOST_ROW',
          `step ${step.id} removes the row ${survivor} of ${table}, to which another one is lost`,
        );
  const sum = step.follows.reduce((total, { expected }) => total + expected, gone.length);
  if (sum !== step.expected)
    problem('WRONG_SUM', `step ${step.id} expects ${step.expected} rows, and its tables ${sum}`);
}
