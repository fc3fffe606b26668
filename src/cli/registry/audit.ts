import type { Command } from 'commander';
import { auditEnds } from '../../registry/import/audit.ts';
import type { Audit } from '../../registry/import/audit.ts';
import { loadValid } from '../../registry/load/folder.ts';
import { withList } from '../options.ts';
import type { ListOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { isForPrograms, showList } from '../terminal/table.ts';
import { inLines } from '../terminal/wrap.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { readFeed, withFeed } from './feeds.ts';
import { registryFolder } from '../../site/where.ts';
import { withRegistry } from '../options.ts';
import type { RegistryOption } from '../options.ts';

/** `drover registry audit`: does a public feed confirm when models end? Status 2 where it says otherwise. */
export const audit: Verb = {
  name: 'audit',
  summary: 'compare the ends of models with a public feed; status 2 where it says otherwise',
  define: (command) => withRegistry(withList(withFeed(command))),
  run: (session, command) => Promise.resolve(runAudit(session, command)),
};

function runAudit({ terminal, environment }: Session, command: Command): number {
  const options = command.opts<ListOption & RegistryOption>();
  const { registry } = loadValid(registryFolder(options, environment));
  const found = auditEnds(registry, readFeed(command));
  if (options.json === true) terminal.out(JSON.stringify(found, null, 2));
  else showAudit(terminal, found, options.csv);
  return found.differences.length === 0 ? exitStatus.done : exitStatus.changes;
}

function showAudit(
  terminal: Terminal,
  { differences, compared, unlisted, unquoted }: Audit,
  csv?: boolean,
): void {
  const rows = differences.map(({ model, field, here, there, checked }) => [
    model,
    field,
    here ?? '(nothing)',
    there ?? '(nothing)',
    checked,
  ]);
  const content = { head: ['model', 'what', 'registry', 'feed', 'the feed is of'], rows };
  const say = isForPrograms(terminal, csv) ? terminal.err : inLines(terminal);
  if (rows.length > 0 || csv === true) showList(terminal, content, csv);
  say(`${compared} models compared, ${differences.length} differences.`);
  for (const [models, what] of [
    [unlisted, 'have an end that the feed does not list'],
    [unquoted, 'have a date that quotes no source'],
  ] as const)
    if (models.length > 0) say(`${models.length} models ${what}: ${models.join(', ')}.`);
}
