/**
 * What is refused below the library and the command line is said once, by the names of options. A program has members instead: each
 * option that such a message names is one of them here. A command in backticks stays: it is to be typed into a shell.
 */
import { given } from '../engine/given.ts';
import { DroverError } from '../errors.ts';

/** By option, what a program writes. */
export const members: ReadonlyMap<string, string> = new Map([
  ['--allow-unknown', 'allowUnknown'],
  ['--config', 'config'],
  ['--data', 'database: "pglite:FOLDER"'],
  ['--database', 'database'],
  ['--force', 'force'],
  ['--from', 'from'],
  ['--kind', 'kind'],
  ['--leave-asks', 'leaveAsks'],
  ['--reason', 'reason'],
  ['--registry', 'registry'],
  ['--shared', 'shared'],
  ['--state', 'state'],
  ['--tenant', 'tenant'],
  ['--to', 'to'],
  ['--trust-config', 'trustConfig'],
  ['--types', 'entityTypes'],
]);

/** Does it, and says what is refused by the names of members. */
export async function inMembers<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DroverError ? retold(error) : error;
  }
}

function retold(error: DroverError): DroverError {
  const message = membersFor(error.message);
  if (message === error.message) return error;
  const told = new DroverError(error.code, message, error.data, given({ cause: error.cause }));
  if (error.stack !== undefined) told.stack = error.stack.replace(error.message, () => message);
  return told;
}

export function membersFor(text: string): string {
  const parts = text.split(/(`drover [^`]*`)/);
  return parts.map((part, at) => (at % 2 === 1 ? part : withMembers(part))).join('');
}

function withMembers(text: string): string {
  return text
    .replaceAll(/--answer "([^"]*)=(move|keep)"/g, '`answers: { "$1": "$2" }`')
    .replaceAll(/--[a-z]+(-[a-z]+)*(?![\w-])/g, (option) => {
      const member = members.get(option);
      return member === undefined ? option : `\`${member}\``;
    });
}
