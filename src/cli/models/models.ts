/** `drover models`: what models a tenant has, what becomes of them, and what could follow one. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ParameterPolicy } from '../../engine/plan/intent.ts';
import { endsAt, statusOf } from '../../engine/models/lifecycle.ts';
import { modelLabel } from '../../engine/models/model.ts';
import { changeCount } from '../../engine/plan/row-text.ts';
import { readModelUses } from '../../postgres/usage/uses.ts';
import type { ModelUse } from '../../postgres/usage/uses.ts';
import { suggestTargets } from '../../postgres/usage/suggest.ts';
import type { PlannedSuggestion } from '../../postgres/usage/suggest.ts';
import { parameterDefault, withList, withWhere } from '../options.ts';
import type { ListOption, TenantOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb, VerbGroup } from '../session.ts';
import { isForPrograms, showList } from '../terminal/table.ts';
import type { TableContent } from '../terminal/table.ts';
import { resolveTenant } from '../../site/tenant.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inLines, wrapLine } from '../terminal/wrap.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere } from '../../site/where.ts';
import type { WhereOptions } from '../../site/where.ts';

interface ListOptions extends WhereOptions, ListOption, TenantOption {
  readonly kind?: string;
}

const list: Verb = {
  name: 'list',
  summary: 'the models of a tenant: until when, what follows them, and how many rows use them',
  define: (command) => withTenant(withList(command)),
  run: listModels,
};

const suggest: Verb = {
  name: 'suggest',
  summary: 'which models could follow one, best first, with why and what a plan would find',
  define: (command) =>
    withTenant(withList(command).argument('<model>', 'name, family/name, provider/name or key'))
      .option('--limit <count>', 'how many; each of them is planned', positive, 5)
      .addOption(
        new Option(
          '--parameters <policy>',
          `parameters of what would move (default: ${parameterDefault})`,
        ).choices(['reset', 'keep', 'translate']),
      ),
  run: suggestModels,
};

export const models: VerbGroup = {
  name: 'models',
  summary: 'list the models of a tenant, and suggest what could follow one',
  verbs: [list, suggest],
};

function withTenant(command: Command): Command {
  return withWhere(command)
    .option('--tenant <tenant>', 'whose: the key or the name of a tenant')
    .option('--kind <kind>', 'kind of model (default: all of them; of suggestions the first)');
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 50)
    throw new InvalidArgumentError('a whole number from 1 to 50.');
  return number;
}

async function listModels({ terminal, environment }: Session, command: Command): Promise<number> {
  const options = command.opts<ListOptions>();
  const found = await withSite(resolveWhere(options, environment), { mayWrite: false }, async (site) =>
    readModelUses(site, { tenant: await resolveTenant(site, options.tenant), kind: options.kind }),
  );
  if (options.json === true) terminal.out(JSON.stringify({ models: found }, null, 2));
  else showModels(terminal, found, options.csv);
  return exitStatus.done;
}

function showModels(terminal: Terminal, found: readonly ModelUse[], csv?: boolean): void {
  if (found.length === 0) return terminal.err('There are no models.');
  const rows = found.map(({ model, successor, usage }) => [
    modelLabel(model),
    model.kind,
    lifecycleText(model),
    model.shutdown ?? '',
    successor?.name ?? '',
    Object.values(usage).reduce((sum, { live, dead }) => sum + live + dead, 0),
  ]);
  const head = ['model', 'kind', 'lifecycle', 'shut down', 'successor', 'rows'];
  showList(terminal, { head, rows }, csv);
}

function lifecycleText(model: ModelUse['model']): string {
  const vendor = endsAt(model);
  const status = vendor === undefined ? statusOf(model) : `${statusOf(model)} at ${vendor}`;
  return model.enabled ? status : `${status}, disabled`;
}

async function suggestModels({ terminal, environment }: Session, command: Command): Promise<number> {
  const options = command.opts<
    ListOptions & { readonly limit: number; readonly parameters?: ParameterPolicy }
  >();
  const { limit, parameters, kind } = options;
  const [from = ''] = command.args;
  const found = await withSite(resolveWhere(options, environment), { mayWrite: false }, async (site) => {
    const tenant = await resolveTenant(site, options.tenant);
    return suggestTargets(site, {
      ...(tenant === undefined ? {} : { tenant }),
      ...(kind === undefined ? {} : { kind }),
      from,
      limit,
      parameters: parameters ?? site.parameters,
      answers: {},
      leaveAsks: false,
    });
  });
  if (options.json === true)
    terminal.out(JSON.stringify({ suggestions: found.map(suggestionJson) }, null, 2));
  else if (isForPrograms(terminal, options.csv)) showList(terminal, suggestionTable(found), options.csv);
  else showSuggestions(terminal, found);
  return exitStatus.done;
}

function suggestionJson({ model, score, reasons, plan }: PlannedSuggestion) {
  const { kind, key = null, components } = model;
  const { findings, counts, completion, hash } = plan;
  return { model: { kind, key, components }, score, reasons, findings, counts, completion, planHash: hash };
}

/** For programs. */
function suggestionTable(found: readonly PlannedSuggestion[]): TableContent {
  const rows = found.map(({ model, score, reasons, plan }) => [
    modelLabel(model),
    score,
    changesOf(plan),
    verdictOf(plan),
    reasons.map(({ message }) => message).join(' '),
  ]);
  return { head: ['model', 'points', 'row changes', 'verdict', 'why'], rows };
}

function changesOf({ counts }: PlannedSuggestion['plan']): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** A block for each: what it is, what a plan says, and why it has its rank. */
function showSuggestions(terminal: Terminal, found: readonly PlannedSuggestion[]): void {
  if (found.length === 0) return terminal.err('There is no other model of this kind.');
  for (const [at, { model, score, reasons, plan }] of found.entries()) {
    inLines(terminal)(
      `${at + 1}. ${terminal.style.heading(modelLabel(model))}: ${score} points, ${changeCount(changesOf(plan))}`,
    );
    const why = `   ${reasons.map(({ message }) => message).join(' ')}`;
    for (const line of [
      ...wrapLine(`   ${verdictOf(plan)}`, terminal.width),
      ...wrapLine(why, terminal.width),
    ])
      terminal.out(line);
  }
}

/** What stands in the way, in the fewest words. */
function verdictOf({ findings }: PlannedSuggestion['plan']): string {
  const of = (severity: string): string[] => [
    ...new Set(findings.filter((finding) => finding.severity === severity).map(({ code }) => code)),
  ];
  const [errors, warnings] = [of('error'), of('warning')];
  if (errors.length > 0) return `Refused: ${errors.join(', ')}.`;
  return warnings.length > 0 ? `To be confirmed: ${warnings.join(', ')}.` : 'Nothing stands in the way.';
}
