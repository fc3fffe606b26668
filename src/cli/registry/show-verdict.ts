/** A verdict for a person: what, why, who serves and pays, what it needs, and what else could be taken. */
import { printable } from '../../engine/plan/row-text.ts';
import { findMenu } from '../../registry/verdict/menu.ts';
import type { LoadedRegistry } from '../../registry/load/load.ts';
import type { Allowed, AllowedBy } from '../../registry/verdict/answer.ts';
import type { NotAsked } from '../../registry/verdict/routability.ts';
import type { Refused } from '../../registry/verdict/refusal.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { wrapLine } from '../terminal/wrap.ts';

/** Prints an allowed pair. */
export function showAllowed(terminal: Terminal, loaded: LoadedRegistry, verdict: Allowed): void {
  const { out, style } = terminal;
  out(`${style.good('ALLOWED')} ${verdict.runtime} may use ${printable(verdict.model)}.`);
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
export function showNoModel({ out, style }: Terminal, { runtime, registryVersion }: NotAsked): void {
  out(`${style.good('ALLOWED')} ${runtime} needs no model: it finds its models itself.`);
  out(`  ${style.heading('registry'.padEnd(10))}${registryVersion}`);
}

/** Prints a refused pair. */
export function showRefused(terminal: Terminal, verdict: Refused): void {
  const { out, style } = terminal;
  const what = verdict.model === '' ? 'be used' : `use ${printable(verdict.model)}`;
  out(`${style.error('REFUSED')} ${printable(verdict.runtime)} may not ${what}: ${verdict.code}`);
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
