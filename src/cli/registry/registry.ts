import { inLines } from '../terminal/wrap.ts';
import type { Command } from 'commander';
import { withJson } from '../options.ts';
import type { JsonOption } from '../options.ts';
import { loadValid } from '../../registry/load/folder.ts';
import { registryFolder } from '../../site/where.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb, VerbGroup } from '../session.ts';
import { audit } from './audit.ts';
import { compareRegistries } from './diff.ts';
import { importFeed } from './import.ts';
import { show } from './show.ts';

const validate: Verb = {
  name: 'validate',
  summary: 'check a registry: every mistake at once, with file and line',
  define: (command) =>
    withJson(command.argument('[folder]', 'default: DROVER_REGISTRY, or the built-in one')),
  run: (session, command) => Promise.resolve(runValidate(session, command)),
};

function runValidate({ terminal, environment }: Session, command: Command): number {
  const [named] = command.args;
  const folder = registryFolder(named === undefined ? {} : { registry: named }, environment);
  const { registry, version, hash } = loadValid(folder);
  const [providers, runtimes, models] = [
    registry.providers.length,
    registry.runtimes.length,
    registry.models.length,
  ];
  if (command.opts<JsonOption>().json === true)
    terminal.out(JSON.stringify({ folder, version, hash, providers, runtimes, models }));
  else {
    terminal.out(`${terminal.style.good('OK')} ${folder}`);
    inLines(terminal)(
      `version ${version}, content ${hash}: ${providers} providers, ${runtimes} runtimes, ${models} models.`,
    );
  }
  return exitStatus.done;
}

/** `drover registry …`: what may run where, as data. */
export const registry: VerbGroup = {
  name: 'registry',
  summary: 'check, show, compare and renew the registry of runtimes, providers and models',
  verbs: [validate, show, compareRegistries, importFeed, audit],
};
