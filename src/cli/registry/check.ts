import type { Command } from 'commander';
import { shellWord } from '../../engine/plan/shell-text.ts';
import { DroverError, errorCodes } from '../../errors.ts';
import { billingOf } from '../../registry/verdict/billing.ts';
import { loadRegistryFolder, requireValid } from '../../registry/load/folder.ts';
import type { Loaded, LoadedRegistry } from '../../registry/load/load.ts';
import { judge, needsModel, refuseRuntime } from '../../registry/verdict/routability.ts';
import type { NotAsked } from '../../registry/verdict/routability.ts';
import { withJson, withRegistry } from '../options.ts';
import type { JsonOption, RegistryOption } from '../options.ts';
import { registryFolder } from '../../site/where.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { readDay, todayText } from '../terminal/times.ts';
import { printable } from '../../engine/plan/row-text.ts';
import { findMenu } from '../../registry/verdict/menu.ts';
import type { Allowed, AllowedBy } from '../../registry/verdict/answer.ts';
import type { Refused } from '../../registry/verdict/refusal.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inLines, wrapLine } from '../terminal/wrap.ts';

interface PairCheckOptions extends JsonOption, RegistryOption {
  readonly secrets?: string;
  readonly existing?: boolean;
  readonly on?: string;
}

/** `drover check`: may this runtime use this model, and why. */
export const check: Verb = {
  name: 'check',
  summary: 'say whether a runtime may use a model, who serves and who pays it, and why',
  define: (command) =>
    withRegistry(
      withJson(
        command
          .argument('<runtime>', 'for example hermes')
          .argument('<model>', 'for example claude-opus-4-7'),
      ),
    )
      .option('--secrets <list>', 'names of the secrets that are there, separated by commas')
      .option('--existing', 'a workspace has this pair already: what was only withdrawn may stay')
      .option('--on <day>', 'as of that day (default: today)'),
  run: (session, command) => Promise.resolve(runCheck(session, command)),
};

function runCheck({ terminal, environment }: Session, command: Command): number {
  const options = command.opts<PairCheckOptions>();
  const [runtime = '', model = ''] = command.args;
  const folder = registryFolder(options, environment);
  const loaded: Loaded = loadRegistryFolder(folder);
  const secrets = new Set((options.secrets ?? '').split(',').map((name) => name.trim()));
  const today = options.on === undefined ? todayText() : readDay('--on', options.on);
  const asked = { runtime, model, secrets, today, existing: options.existing ?? false };
  const judged = judge(loaded, asked);
  const verdict = judged.verdict === 'not-asked' ? (refuseRuntime(loaded, { runtime }) ?? judged) : judged;
  if (verdict.verdict === 'not-asked' && needsModel(requireValid(loaded, folder), runtime))
    throw new DroverError(
      'MODEL_REQUIRED',
      `Which model shall ${runtime} use? Its menu: \`drover registry show ${shellWord(runtime)}\`.`,
    );
  if (options.json === true)
    terminal.out(JSON.stringify({ ...verdict, billing: billingOf(verdict, secrets) }, null, 2));
  else if (verdict.verdict === 'refuse') showRefused(terminal, verdict);
  else if (verdict.verdict === 'not-asked') showNoModel(terminal, verdict);
  else showAllowed(terminal, requireValid(loaded, folder), verdict);
  return verdict.verdict === 'refuse' ? errorCodes[verdict.code].exit : exitStatus.done;
}

/** Prints an allowed pair. */
function showAllowed(terminal: Terminal, loaded: LoadedRegistry, verdict: Allowed): void {
  const { style } = terminal;
  inLines(terminal)(`${style.good('ALLOWED')} ${verdict.runtime} may use ${printable(verdict.model)}.`);
  showRows(terminal, [
    ['why', whyAllowed(loaded, verdict)],
    ['served by', servedBy(loaded, verdict)],
    ['sent as', verdict.wireId === verdict.model ? '' : (verdict.wireId ?? '')],
    ['paid by', verdict.payer === 'platform' ? 'the platform' : 'the tenant'],
    ['needs', needsText(verdict)],
    ['model', modelText(loaded, verdict)],
    ['registry', verdict.registryVersion],
  ]);
}

/** Prints an open runtime about which no model was asked. */
function showNoModel(terminal: Terminal, { runtime, registryVersion }: NotAsked): void {
  const { style } = terminal;
  const out = inLines(terminal);
  out(`${style.good('ALLOWED')} ${runtime} needs no model: it finds its models itself.`);
  out(`  ${style.heading('registry'.padEnd(10))}${registryVersion}`);
}

/** Prints a refused pair. */
function showRefused(terminal: Terminal, verdict: Refused): void {
  const { style } = terminal;
  const what = verdict.model === '' ? 'be used' : `use ${printable(verdict.model)}`;
  inLines(terminal)(
    `${style.error('REFUSED')} ${printable(verdict.runtime)} may not ${what}: ${verdict.code}`,
  );
  showRows(terminal, [
    ['why', verdict.message],
    ['its arm', verdict.provider === null ? '' : `${verdict.provider}, paid by the ${verdict.payer}`],
    ['registry', verdict.registryVersion ?? 'none could be loaded'],
  ]);
}

function showRows({ out, style, width }: Terminal, rows: readonly (readonly [string, string])[]): void {
  for (const [name, text] of rows) {
    if (text === '') continue;
    // The first column has ten characters; long texts go on below their own beginning.
    const lines = wrapLine(`            ${printable(text)}`, width);
    for (const [at, line] of lines.entries())
      out(at === 0 ? `  ${style.heading(name.padEnd(10))}${line.slice(12)}` : line);
  }
}

function whyAllowed(loaded: LoadedRegistry, { by, runtime, model, provider }: Allowed): string {
  const reasons: Readonly<Record<AllowedBy, string>> = {
    open: `${runtime} finds its models itself; nothing about them can be verified here`,
    listed: `${provider} lists it for this runtime`,
    'listed-by-secrets': `${listing(loaded, runtime, model)} list it, and of these only the secret of ${provider} is there`,
    'listed-first':
      `${listing(loaded, runtime, model)} list it; the available secrets do not decide between them, ` +
      `so ${provider} comes first`,
    name: `nothing lists it, but its name is one of ${provider}; whether ${provider} has such a model is not verified`,
    'name-by-secrets':
      `several providers take its name, and of these only the secret of ${provider} is there; ` +
      'whether it has such a model is not verified',
  };
  return `${reasons[by]}.`;
}

function listing(loaded: LoadedRegistry, runtime: string, model: string): string {
  const arms = loaded.routes.runtimes.get(runtime)?.listed.get(model)?.arms ?? [];
  return arms.map(({ route }) => route.provider).join(', ');
}

function servedBy(loaded: LoadedRegistry, { runtime, provider, route }: Allowed): string {
  if (route === null) return '';
  const label = findMenu(loaded, runtime)?.arms.find((arm) => arm.provider === provider)?.label ?? '';
  return `${provider} (${label}), by ${route.protocol}${route.baseUrl === null ? '' : ` at ${route.baseUrl}`}`;
}

function needsText({ needs, route }: Allowed): string {
  if (needs.length === 0) return 'no secret of the tenant';
  const any = needs.length === 1 ? '' : 'one of ';
  return `${any}${needs.join(', ')}${route === null || route.variable === null ? '' : `, passed on as ${route.variable}`}`;
}

function modelText({ routes }: LoadedRegistry, { model, wireId, lifecycle, runtime }: Allowed): string {
  const listed = routes.runtimes.get(runtime)?.listed.get(model)?.arms[0]?.model;
  const facts = listed ?? routes.models.get(wireId ?? model);
  const name =
    facts === undefined ? 'nothing is known about it' : `${facts.name}, of the family ${facts.family}`;
  if (lifecycle === null) return name;
  const end = lifecycle.shutdown === null ? '' : `, shut down on ${lifecycle.shutdown}`;
  const next = lifecycle.replacement === null ? '' : `, replaced by ${lifecycle.replacement}`;
  return `${name}; ${lifecycle.status}${end}${next}`;
}
