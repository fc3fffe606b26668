/** What each operation that a plan can hold must have beside its record. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

const headings = ['## What it does', '## Locks and order', '## In the journal', '## Undo', '## Example'];

/** What an operation lacks, one sentence each: a file that carries it out, a page, a case of the lifecycle. */
export function missingParts(operation: string, cases: readonly string[]): string[] {
  const family = operation.split('-')[0] ?? '';
  const file = [operation, family].some((name) =>
    existsSync(join(root, `src/postgres/move/operations/${name}.ts`)),
  );
  const path = join(root, `docs/operations/${operation}.md`);
  const page = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  return [
    ...(file ? [] : [`src/postgres/move/operations has no file for ${operation}`]),
    ...(page === undefined ? [`docs/operations/${operation}.md does not exist`] : []),
    ...headings
      .filter((heading) => page?.includes(`\n${heading}\n`) === false)
      .map((heading) => `docs/operations/${operation}.md lacks "${heading}"`),
    ...(cases.includes(operation) ? [] : [`test/operations/lifecycle-cases.ts has no case for ${operation}`]),
  ];
}
