import { requireValid } from '../../registry/load/folder.ts';
import type { Command } from 'commander';
import { DroverError } from '../../errors.ts';
import { diffRegistries } from '../../registry/import/diff.ts';
import { allPairs } from '../../registry/verdict/pairs.ts';
import { builtInFolder, readRegistryFolder } from '../../registry/load/folder.ts';
import { planImport } from '../../registry/import/changes.ts';
import type { ImportPlan } from '../../registry/import/changes.ts';
import { applyImport, describeImport } from '../../registry/import/yaml.ts';
import { loadRegistry } from '../../registry/load/load.ts';
import type { LoadedRegistry } from '../../registry/load/load.ts';
import type { RegistryText } from '../../registry/load/positions.ts';
import { withJson } from '../options.ts';
import type { JsonOption } from '../options.ts';
import { writeNewFolder, writeTexts } from './folder.ts';
import { registryFolder } from '../../site/where.ts';
import { withRegistry } from '../options.ts';
import { readFeed, withFeed } from './feeds.ts';
import type { RegistryOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';

interface ImportCommandOptions extends JsonOption, RegistryOption {
  readonly add?: boolean;
  readonly out?: string;
  readonly write?: boolean;
}

/** `drover registry import`: what a public feed would change, for review. */
export const importFeed: Verb = {
  name: 'import',
  summary: 'propose changes from a public feed; nothing is written unless that is asked for',
  define: (command) =>
    withRegistry(withJson(withFeed(command)))
      .option('--add', 'also propose models that the registry does not have')
      .option('--out <folder>', 'write the proposed registry into a new folder')
      .option('--write', 'write the changes into the registry itself'),
  run: (session, command) => Promise.resolve(runImport(session, command)),
};

function runImport({ terminal, environment }: Session, command: Command): number {
  const options = command.opts<ImportCommandOptions>();
  const folder = registryFolder(options, environment);
  const texts = readRegistryFolder(folder);
  const before = loadTexts(texts, folder);
  const plan = planImport(before.registry, readFeed(command), { add: options.add ?? false });
  const changed = applyImport(texts, plan, before.registry);
  const whole = merge(texts, changed);
  assertNothingGained(before, loadTexts(whole, `The proposed registry of ${folder}`));
  const written = write(options, { folder, whole, changed });
  report(terminal, options, { plan, changed, written });
  return changed.length === 0 || written !== undefined ? exitStatus.done : exitStatus.changes;
}

function loadTexts(texts: readonly RegistryText[], folder: string): LoadedRegistry {
  const builtIn = folder === builtInFolder ? [] : readRegistryFolder(builtInFolder);
  return requireValid(loadRegistry(texts, builtIn), folder);
}

function merge(texts: readonly RegistryText[], changed: readonly RegistryText[]): RegistryText[] {
  const files = new Map([...texts, ...changed].map(({ file, text }) => [file, text]));
  return [...files].map(([file, text]) => ({ file, text }));
}

/** An import never makes a pair possible. This checks the result again, before it is written. */
function assertNothingGained(before: LoadedRegistry, after: LoadedRegistry): void {
  const [gained] = diffRegistries(after, before, allPairs(after)).orphaned;
  if (gained === undefined) return;
  throw new DroverError(
    'INTERNAL',
    `An import would have made ${gained.model} routable on ${gained.runtime}.`,
  );
}

interface Result {
  readonly folder: string;
  readonly whole: readonly RegistryText[];
  readonly changed: readonly RegistryText[];
}

/** The folder that was written to; undefined where nothing was asked for. */
function write(
  { out, write: inPlace }: ImportCommandOptions,
  { folder, whole, changed }: Result,
): string | undefined {
  if (out !== undefined) writeNewFolder(out, whole);
  if (inPlace === true) writeTexts(folder, changed);
  return inPlace === true ? folder : out;
}

function report(
  { out, err, style }: Session['terminal'],
  { json }: ImportCommandOptions,
  {
    plan,
    changed,
    written,
  }: { plan: ImportPlan; changed: readonly RegistryText[]; written: string | undefined },
): void {
  const files = changed.map(({ file }) => file);
  if (json === true) return out(JSON.stringify({ ...plan, files, written: written ?? null }, null, 2));
  for (const line of describeImport(plan)) out(line);
  if (files.length === 0) return err('Nothing to change.');
  if (written === undefined)
    err(
      `${files.join(', ')} would change. ${style.command('--write')} writes it there, ${style.command('--out FOLDER')} into a new folder.`,
    );
  else err(`Written to ${written}: ${files.join(', ')}. \`drover registry diff\` says what follows from it.`);
}
