import { setTimeout as pause } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import { printable, rowCount } from '../../engine/plan/row-text.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { lookForLate } from '../../fleet/watch.ts';
import type { Late, WatchLook } from '../../fleet/watch.ts';
import { isConnectionLost } from '../../errors.ts';
import { messageOf } from '../failure.ts';
import { countUpTo, withJson, withWhere } from '../options.ts';
import type { JsonOption, TenantOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { resolveUnit } from '../../site/tenant.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inLines } from '../terminal/wrap.ts';
import { minuteText } from '../terminal/times.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere, whereWords } from '../../site/where.ts';
import type { Where, WhereOptions } from '../../site/where.ts';

interface WatchCommandOptions extends WhereOptions, JsonOption, TenantOption {
  readonly every: number;
  readonly looks: number;
}

/** `drover watch`: does anything name the source again after a move? */
export const watch: Verb = {
  name: 'watch',
  summary: 'look whether something names the source of a move again; only reads',
  waits: true,
  define: (command) =>
    withWhere(
      withJson(command)
        .option('--tenant <tenant>', 'only moves of this tenant, by key or name')
        .option('--shared', 'only moves of the rows that are nobody’s alone')
        .option('--every <minutes>', 'minutes between two looks', readMinutes, 10)
        .option('--looks <count>', 'so many looks, the first one at once', countUpTo(100_000), 1),
    ).addHelpText(
      'after',
      '\nExit status: 0 nothing came late · 2 something did; `apply` again moves it · 1 not all were seen' +
        '\nCtrl-C ends it with the status of what it saw. With --json each look is one line.',
    ),
  run: async (session, command) => {
    const options = command.opts<WatchCommandOptions>();
    const where = resolveWhere(options, session.environment);
    const over = new AbortController();
    const about = {
      say: 'Stopping, and telling what was looked after until now. Press Ctrl-C again to leave at once.',
      asked: () => over.abort(),
    };
    return session.interruption.heed(about, () => lookAgain(session, { where, options, over: over.signal }));
  },
};

function readMinutes(text: string): number {
  const minutes = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && minutes > 0 && minutes <= 10_000) return minutes;
  throw new InvalidArgumentError('It takes minutes, such as 10 or 0.5, up to 10000.');
}

interface WatchInput {
  readonly where: Where;
  readonly options: WatchCommandOptions;
  readonly over: AbortSignal;
}

/** The database is opened anew for each look: between two of them it belongs to others. */
async function lookAgain({ terminal }: Session, { where, options, over }: WatchInput): Promise<number> {
  let isLate = false;
  // Until it has looked.
  let isBlind = true;
  for (let number = 1; number <= options.looks && !over.aborted; number += 1) {
    if (number > 1) await pause(options.every * 60_000, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) break;
    terminal.doing('Looking');
    try {
      const { stopped, unwatched, late } = await lookOnce(terminal, { where, options, over });
      isBlind = stopped || unwatched.length > 0;
      isLate ||= late.length > 0;
    } catch (error) {
      // A database that cannot be reached may be back at the next look.
      const goesOn = number < options.looks && isConnectionLost(error);
      if (!goesOn && !isLate) throw error;
      terminal.err(`Not looked: ${printable(messageOf(error))}`);
      if (!goesOn) break;
      isBlind = true;
    } finally {
      terminal.doing();
    }
  }
  if (isLate) return exitStatus.changes;
  return isBlind ? exitStatus.failed : exitStatus.done;
}

async function lookOnce(terminal: Terminal, { where, options, over }: WatchInput): Promise<WatchLook> {
  const look = await withSite(where, { mayWrite: false }, async (site) => {
    const asked = options.tenant !== undefined || options.shared === true;
    const tenant: TenantKey = asked ? await resolveUnit(site, options) : undefined;
    return lookForLate(site, { tenant, isOver: () => over.aborted });
  });
  show(terminal, look, { json: options.json === true, where });
  return look;
}

function show(
  terminal: Terminal,
  look: WatchLook,
  { json, where }: { readonly json: boolean; readonly where: Where },
): void {
  const { err, style } = terminal;
  const out = inLines(terminal);
  const at = new Date().toISOString();
  if (json) return terminal.out(JSON.stringify({ at, ...look }));
  const { moves, looked, stopped, late, unwatched } = look;
  const total = late.reduce((sum, { count }) => sum + count, 0);
  const whole = looked === moves;
  const nothing = whole ? style.good('nothing came late') : style.warning('nothing came late after those');
  const said =
    late.length === 0 ? nothing : style.warning(`${rowCount(total)} came late after ${late.length} of them`);
  const part = stopped ? `stopped after looking after ${looked} of them` : `${looked} of them looked after`;
  const until = whole ? '' : ` ${style.warning(part)};`;
  out(`${minuteText(at)}  ${moves} ${moves === 1 ? 'move stands' : 'moves stand'};${until} ${said}`);
  for (const one of late) for (const line of lateLines(one, where)) out(line);
  for (const { migrationId, code, message } of unwatched)
    err(`${style.error(code)}: migration ${migrationId}: ${printable(message)}`);
}

function lateLines({ from, options, places, count }: Late, where: Where): string[] {
  const named = Object.entries(places).map(([place, rows]) => `${rows} in ${printable(place)}`);
  return [
    `  ${rowCount(count)} on ${printable(from)}: ${named.join(', ')}`,
    `    move them: drover apply ${options} ${whereWords(where)}`.trimEnd(),
  ];
}
