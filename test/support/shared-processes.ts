/**
 * Test files that share a process. To start one, to load the sources and to warm them up takes longer than most files have work, so
 * the files of a folder go together; a file that takes long alone has a process to itself, and those start first, so that no lane
 * waits for them at the end.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** So many files together take about as long as the longest file alone. */
const filesOfProcess = 8;

/** The longest, longest first. */
const long: readonly string[] = [
  'guarantees/kill',
  'property/random-copies',
  'attached/examples',
  'property/random-batches',
  'isolation/plants',
  'guarantees/spellings',
  'guarantees/rollback',
  'schema/proof',
  'schema/install',
  'operations/lifecycle',
  'isolation/probe',
  'http/serve',
  'property/random-rows',
  'property/random-schemas',
  'property/random-inventories',
].map((name) => `test/${name}.test.ts`);

/** Writes a file for each process, which loads its test files in order, and gives them in the order in which they are to start. */
export function writeProcesses(files: readonly string[], folder: string): string[] {
  mkdirSync(folder);
  return partition(files).map((together, at) => {
    const name = `${String(at).padStart(3, '0')}-${dirname(together[0] ?? '').replace(/\W+/g, '-')}.ts`;
    const entry = join(folder, name);
    writeFileSync(entry, together.map((file) => `import '${pathToFileURL(resolve(file)).href}';\n`).join(''));
    return entry;
  });
}

function partition(files: readonly string[]): string[][] {
  const gone = long.filter((file) => !existsSync(file));
  if (gone.length > 0)
    throw new Error(`${import.meta.filename} names files that are gone: ${gone.join(', ')}`);
  const first = long.filter((file) => files.includes(file));
  const rest = files.filter((file) => !first.includes(file));
  const folders = Object.values(Object.groupBy(rest, (file) => file.split('/').slice(0, 2).join('/')));
  return [...first.map((file) => [file]), ...folders.flatMap((those) => divide(those ?? []))];
}

/** In parts of nearly the same size. */
function divide(files: readonly string[]): string[][] {
  const parts = Math.ceil(files.length / filesOfProcess);
  return Array.from({ length: parts }, (_, at) => files.filter((_file, index) => index % parts === at));
}
