/** A folder → texts. Nothing else in the registry touches files. */
import { isUtf8 } from 'node:buffer';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { compareText } from '../../engine/order.ts';
import { DroverError } from '../../errors.ts';
import { loadRegistry } from './load.ts';
import type { Loaded, LoadedRegistry } from './load.ts';
import { formatProblems } from './positions.ts';
import type { RegistryText } from './positions.ts';

/** The registry that comes with Drover. */
export const builtInFolder = fileURLToPath(new URL('../../../registry', import.meta.url));

/** What was loaded last from each folder. To read YAML takes most of the time of a short command, and its texts hardly ever change. */
const loadedFrom = new Map<string, { readonly texts: readonly RegistryText[]; readonly loaded: Loaded }>();

/** So many folders are kept: a process asks for one or two. */
const keptFolders = 4;

/** The registry of a folder. A folder that cannot be read is an invalid registry and no error. */
export function loadRegistryFolder(folder: string = builtInFolder): Loaded {
  try {
    const own = readRegistryFolder(folder);
    const builtIn = folder === builtInFolder ? [] : readRegistryFolder(builtInFolder);
    const texts = [...own, ...builtIn];
    const last = loadedFrom.get(folder);
    if (last !== undefined && isDeepStrictEqual(last.texts, texts)) return last.loaded;
    const loaded = loadRegistry(own, builtIn);
    if (loadedFrom.size >= keptFolders) loadedFrom.clear();
    loadedFrom.set(folder, { texts, loaded });
    return loaded;
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { kind: 'invalid', problems: [{ file: folder, line: 1, column: 1, message }] };
  }
}

/** @throws REGISTRY_INVALID with every problem in `data.problems`. */
export function loadValid(folder: string): LoadedRegistry {
  return requireValid(loadRegistryFolder(folder), folder);
}

/** @throws REGISTRY_INVALID with every problem in `data.problems`. */
export function requireValid(loaded: Loaded, folder: string): LoadedRegistry {
  if (loaded.kind === 'ok') return loaded;
  const { problems } = loaded;
  const message = [`${folder} is not a valid registry:`, ...formatProblems(problems)].join('\n');
  throw new DroverError('REGISTRY_INVALID', message, { folder, problems });
}

/**
 * All YAML files below a folder, in an order that is the same everywhere. A file is called by its path in the folder. Names that
 * begin with a dot are left out: they belong to an editor or to a mount.
 * @throws where a file cannot be read as text; a link to nothing is one
 */
export function readRegistryFolder(folder: string): RegistryText[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /^(?!.*(^|\/)\.).*\.ya?ml$/.test(file) && statSync(join(folder, file)).isFile())
    .sort(compareText)
    .map((file) => ({ file, text: readText(folder, file) }));
}

function readText(folder: string, file: string): string {
  const bytes = readFileSync(join(folder, file));
  if (!isUtf8(bytes)) throw new Error(`${file} is no UTF-8`);
  return bytes.toString('utf8');
}
