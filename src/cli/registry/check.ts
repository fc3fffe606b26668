import type { Command } from 'commander';
import { shellWord } from '../../engine/plan/shell-text.ts';
import { DroverError, errorCodes } from '../../errors.ts';
import { billingOf } from '../../registry/verdict/billing.ts';
import { loadRegistryFolder } from '../../registry/load/folder.ts';
import type { Loaded } from '../../registry/load/load.ts';
import { judge, needsModel, refuseRuntime } from '../../registry/verdict/routability.ts';
import { withJson } from '../options.ts';
import type { JsonOption } from '../options.ts';
import { requireValid } from '../../registry/load/folder.ts';
import { registryFolder } from '../../site/where.ts';
import { withRegistry } from '../options.ts';
import type { RegistryOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { showAllowed, showNoModel, showRefused } from './show-verdict.ts';
import { readDay, todayText } from '../terminal/times.ts';

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
