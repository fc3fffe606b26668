/** Which registry a command works with, and the files that it writes of one. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DroverError } from '../../errors.ts';
import type { RegistryText } from '../../registry/load/positions.ts';
import { readText, writeText } from '../terminal/files.ts';

/** The content of a JSON file. @throws FILE_UNREADABLE, FEED_INVALID */
export function readJson(path: string): unknown {
  const text = readText(path);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new DroverError('FEED_INVALID', `${path} is not JSON.`, { file: path }, { cause });
  }
}

/** Writes a registry into a folder that is not there yet, or is empty. @throws FILE_EXISTS, FILE_UNREADABLE */
export function writeNewFolder(folder: string, texts: readonly RegistryText[]): void {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new DroverError('FILE_EXISTS', `${folder} is there already; name a new folder.`, { file: folder });
  writeTexts(folder, texts);
}

/** Writes files of a registry over those that are there. @throws FILE_UNREADABLE */
export function writeTexts(folder: string, texts: readonly RegistryText[]): void {
  for (const { file, text } of texts) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeText(path, text, { keep: false });
  }
}
