/**
 * A page of the documentation as a script: its blocks of commands (```console, ```sh), in order, in one shell, on a terminal, and what
 * came out beside what is shown.
 *
 * In a block with prompts (`$ `) the other lines are what is shown; `...` stands for lines that are left out. In a block without prompts
 * each command ends with status 0, unless the comment in its line or above it says `status 2`. A block that begins with a server
 * is a terminal of its own. What a page leaves to its reader is replaced: {@link left}. What does not run is listed: {@link notRun}.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { delimiter, dirname, join, resolve } from 'node:path';

interface Block {
  /** Where its text begins on the page. */
  readonly line: number;
  readonly text: string;
}

interface Command {
  readonly line: number;
  readonly text: string;
  /** Undefined where the block shows nothing. */
  readonly shown?: string;
}

/** Commands that do not run here, and why. */
const notRun: readonly (readonly [RegExp, string])[] = [
  [/^docker\b/, 'needs an engine for containers'],
  [/^npm test\b/, 'is the run that this belongs to'],
  [/^(npm install drover|npx drover)\b/, 'is not published'],
];

/** What a page leaves to its reader. */
interface Reader {
  /** A database of their own. */
  readonly database: string;
  readonly tenant?: string;
  readonly from?: string;
  readonly to?: string;
  readonly port: number;
}

const left = ({
  database,
  tenant = '',
  from = '',
  to = '',
  port,
}: Reader): readonly (readonly [RegExp, string])[] => [
  [/postgres:\/\/user@host:5432\/database/g, database],
  [/\bTENANT\b/g, tenant],
  [/\bOLD-MODEL\b/g, from],
  [/\bNEW-MODEL\b/g, to],
  [/(rollback|changes|history) (MIGRATION\b|[0-9a-f-]{36})/g, '$1 $(last Migration)'],
  [/\b(continue|rollback) RUN\b/g, '$1 $(last Run)'],
  [/drover_…/g, '$(key)'],
  [/sk-…/g, 'sk-test'],
  [/(localhost|127\.0\.0\.1):3000/g, `127.0.0.1:${port}`],
  // Minutes between two looks.
  [/--every 10\b/g, '--every 0.01'],
];

const isServer = (text: string): boolean => /^(npm start|drover serve|drover edge(?!.*--print))\b/.test(text);

export function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```(?:console|sh)\n([\s\S]*?)^```/gm)].map(({ 1: text = '', index }) => ({
    line: page.slice(0, index).split('\n').length + 1,
    text,
  }));
}

/** Words of a page's commands in whose place a reader writes their own, and the tests nothing: so nobody knows whether they run. */
export function unfilledIn(page: string): string[] {
  const reader: Reader = { database: 'url', tenant: 'tenant', from: 'from', to: 'to', port: 3000 };
  const lines = blocksOf(page)
    .flatMap(commandsOf)
    .flatMap(({ text }) => text.split('\n'));
  return lines.flatMap((line) => {
    const command = left(reader).reduce(
      (text, [sign, by]) => text.replaceAll(sign, by),
      line.replace(/(^|\s)#.*/, ''),
    );
    return [...command.matchAll(/(?<!-X)\s([A-Z][A-Z-]{2,})(?=\s|$)/g)].map(([, word = '']) => word);
  });
}

/** With prompts: each with what is shown behind it. Without: all of the block. */
function commandsOf({ line, text }: Block): Command[] {
  if (!/^\$ /m.test(text)) return [{ line, text }];
  const parts = [...text.matchAll(/^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)/gm)];
  return parts.map(({ 1: command = '', 2: shown = '', index }) => ({
    line: line + text.slice(0, index).split('\n').length - 1,
    text: command,
    shown,
  }));
}

/** As a terminal shows it: colours and what was written over are gone. */
function asShown(text: string): string {
  const plain = stripVTControlCharacters(text.replaceAll('\u001b[1G', '\r')).replaceAll('\r\n', '\n');
  return plain.replaceAll(/^.*\r(?!\n)/gm, '');
}

/**
 * Ids, times and days that are left differ from run to run. A page shows the columns of a table as a terminal pads them; here the output
 * is a pipe, in which a tab parts them. Everything else is what is shown.
 */
function settled(text: string): string {
  return text
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/(?<=\S)(?:\t+| {2,})(?=\S)/g, '\t')
    .replaceAll(/^ (?=\S.*\t)/gm, '')
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'ID')
    .replaceAll(/\b(?=[0-9a-f]*\d)[0-9a-f]{12,64}\b/g, 'HASH')
    .replaceAll(/\b\d+(\.\d+)? (ms|s|min)\b/g, 'TIME')
    .replaceAll(/\bin \d+ days\b/g, 'in DAYS days')
    .replaceAll(/\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?Z?)?\b/g, 'MOMENT');
}

/** The first part of what is shown that did not come, or undefined. `...` stands for any lines. */
export function missingIn(came: string, shown: string): string | undefined {
  const parts = settled(shown)
    .split(/^ *\.\.\.\n/m)
    .map(withoutBlankEnds);
  let rest = `\n${withoutBlankEnds(settled(came))}\n`;
  for (const [at, part] of parts.entries()) {
    const found = rest.indexOf(`\n${part}\n`);
    if (part === '') continue;
    if (found === -1 || (at === 0 && found > 0)) return part;
    rest = rest.slice(found + part.length + 1);
  }
  const isOpen = parts.at(-1) === '';
  return isOpen || rest.trim() === '' ? undefined : `nothing behind it, and not ${rest.trim()}`;
}

function withoutBlankEnds(text: string): string {
  return text.replaceAll(/^\n+|\n+$/g, '');
}

interface PageRun {
  readonly page: string;
  readonly reader: Reader;
  /** Where the shell begins. */
  readonly folder: string;
  /** Where the first file goes that the page shows. */
  readonly file?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Only blocks of which this holds. */
  readonly only?: (text: string) => boolean;
}

/** What is wrong on a page: each a sentence that begins with the line. */
export async function wrongOn({ page, reader, folder, file, env = {}, only }: PageRun): Promise<string[]> {
  const text = readFileSync(page, 'utf8');
  if (file !== undefined) writeShown(text, join(folder, file));
  const blocks = blocksOf(text).filter((block) => only?.(block.text) ?? true);
  const commands = blocks.flatMap(commandsOf);
  if (commands.length === 0) return [`${page} has no commands`];
  const scratch = mkdtempSync(join(tmpdir(), 'drover-page-'));
  const files = commands.map((command, at) => {
    const file = join(scratch, `${at}.sh`);
    writeFileSync(file, scriptOf(command, reader));
    return { command, file };
  });
  const main = join(scratch, 'main.sh');
  const record = join(scratch, 'terminal');
  const steps = files.map(({ command, file }) => `echo '@@step ${command.line}'\n. '${file}'`);
  writeFileSync(main, [prelude(record, scratch), ...steps, ''].join('\n'));
  const programs = join(scratch, 'bin');
  mkdirSync(programs);
  writeFileSync(join(programs, 'drover'), person, { mode: 0o755 });
  const path = [programs, join(scratch, 'global/bin'), dirname(process.execPath), process.env.PATH].join(
    delimiter,
  );
  await onTerminal(main, record, {
    cwd: folder,
    env: {
      PATH: path,
      HOME: scratch,
      TMPDIR: process.env.TMPDIR ?? tmpdir(),
      NO_COLOR: '1',
      USER: 'you',
      PORT: String(reader.port),
      CHECKOUT: resolve(import.meta.dirname, '../..'),
      npm_config_prefix: join(scratch, 'global'),
      // Another HOME and another prefix would lead to none: where the registry is, and who vouches for it.
      npm_config_globalconfig: fileOfNpm('globalconfig'),
      npm_config_userconfig: fileOfNpm('userconfig'),
      npm_config_prefer_offline: 'true',
      npm_config_cache: process.env.npm_config_cache ?? join(process.env.HOME ?? '', '.npm'),
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      ...env,
    },
  });
  const heard = readFileSync(record, 'utf8');
  return commands.flatMap((command) => wrongWith(command, heard).map((text) => `${page}:${text}`));
}

/** A file of settings, of the person who runs the tests. */
function fileOfNpm(name: 'globalconfig' | 'userconfig'): string {
  return execFileSync('npm', ['config', 'get', name], { encoding: 'utf8' }).trim();
}

function writeShown(page: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
}

/** What a person does whom a command asks: they say yes. */
const person = `#!/bin/sh
installed=$npm_config_prefix/bin/drover
if [ -x "$installed" ]; then run() { "$installed" "$@"; }; else run() { node "$CHECKOUT/bin/drover.mjs" "$@"; }; fi
case "$1 $*" in
  *--yes*|*--help*) run "$@" ;;
  apply*|*rollback*|*'rekey apply'*) run "$@" --yes ;;
  *) run "$@" ;;
esac
`;

/** `last Migration` is the id behind that word where it was printed last; `key` that of the sysadmin. */
function prelude(record: string, scratch: string): string {
  return `
stty cols 100
exec </dev/null
sync_record() { echo "@@sync $1" >/dev/tty; until grep -aq "@@sync $1" '${record}'; do sleep 0.05; done; }
last() { sync_record "$RANDOM$RANDOM"; grep -aoE "$1 [0-9a-f-]{36}" '${record}' | tail -1 | cut -d' ' -f2; }
key() { sed -nE 's/^ +sysadmin .*(drover_[^ ]+)$/\\1/p' '${scratch}/server' | tail -1; }
serving() {
  set -m; "$@" >'${scratch}/server' 2>&1 & SERVER=$!; set +m
  trap 'kill -TERM -- -$SERVER; wait $SERVER' EXIT
  until grep -q 'serves http' '${scratch}/server'; do
    kill -0 $SERVER 2>/dev/null || { cat '${scratch}/server'; return 1; }
    sleep 0.1
  done
  cat '${scratch}/server'
}
trap 'printf "@@failed %s %s\\n" "$?" "$LINENO"' ERR
`;
}

/** With as many empty lines before it as make the numbers of the shell those of the page. */
function scriptOf({ line, text }: Command, reader: Reader): string {
  const lines = text
    .split('\n')
    .map((each) => (notRun.some(([sign]) => sign.test(each.trim())) ? ':' : each));
  const said = left(reader).reduce((script, [sign, by]) => script.replaceAll(sign, by), lines.join('\n'));
  const served = isServer(said) ? said.replace(/^.*/, (first) => `serving ${first}`) : said;
  return `${'\n'.repeat(line - 1)}${served}\n`;
}

interface Shell {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

function onTerminal(main: string, record: string, shell: Shell): Promise<void> {
  const words =
    process.platform === 'darwin' ? ['-q', '-F', record, 'bash', main] : ['-qfc', `bash '${main}'`, record];
  return new Promise((done) => {
    execFile('script', words, { ...shell, timeout: 540_000, maxBuffer: 2 ** 28 }, () => done());
  });
}

function wrongWith(command: Command, heard: string): string[] {
  const came = outputOf(command, heard);
  if (came === undefined) return [`${command.line} did not run: ${command.text.split('\n')[0] ?? ''}`];
  if (command.shown === undefined) return failuresOf(command, heard, came);
  const missing = missingIn(came, command.shown);
  return missing === undefined
    ? []
    : [`${command.line} shows\n${missing}\nand what came is\n${settled(came)}`];
}

/** From its mark to that of the next command, without the marks of failures. */
function outputOf({ line }: Command, heard: string): string | undefined {
  const [, from] = heard.split(`@@step ${line}\r\n`);
  const [own] = from?.split('@@step ') ?? [];
  return own === undefined
    ? undefined
    : asShown(own.replaceAll(/@@(failed|sync) .*\r\n|\n?Script done on .*/g, ''));
}

function failuresOf(command: Command, heard: string, came: string): string[] {
  const lines = command.text.split('\n');
  const failed = [...heard.matchAll(/@@failed (\d+) (\d+)/g)].map(([, status = '', line = '']) => ({
    status,
    at: Number(line) - command.line,
  }));
  const own = failed.filter(({ at }) => at >= 0 && at < lines.length);
  const unsaid = own.filter(
    ({ status, at }) => !sentenceAt(lines, at).toLowerCase().includes(`status ${status}`),
  );
  const refused = /"type":"\/docs\/errors\.md|curl: \(/.test(came) ? ['an answer is a refusal'] : [];
  return [
    ...unsaid.map(({ status, at }) => `${command.line + at} ended with status ${status}`),
    ...refused,
  ].map((text) => `${text.replace(/^an/, `${command.line} an`)}\n${came}`);
}

/** A command with all of its lines, and the comment above it. */
function sentenceAt(lines: readonly string[], at: number): string {
  let first = at;
  while (first > 0 && /\\$|^#/.test(lines[first - 1] ?? '')) first -= 1;
  let last = at;
  while (lines[last]?.endsWith('\\') === true) last += 1;
  return lines.slice(first, last + 1).join('\n');
}
