/**
 * Runs what the configuration names under `after`, once a migration or rollback is committed: caches and search follow by it.
 * A hook that fails is reported. The result of the migration stays what it is.
 */
import { spawn } from 'node:child_process';
import type { Config } from '../engine/rules/config.ts';
import { messageOf } from './failure.ts';
import type { Terminal } from './terminal/terminal.ts';

const commandTimeoutMs = 60_000;
const webhookTimeoutMs = 10_000;

interface HookEvent {
  readonly event: 'migration' | 'rollback';
  readonly tenant: string | null;
  readonly result: unknown;
}

/** Runs the hooks and says which failed. */
export async function runAfterHook(
  terminal: Terminal,
  after: Config['after'],
  event: HookEvent,
): Promise<void> {
  const body = JSON.stringify(event);
  if (after?.command !== undefined)
    await attempt(terminal, `the command ${after.command[0] ?? ''}`, runCommand(after.command, body));
  if (after?.webhook !== undefined)
    await attempt(terminal, `the webhook ${originOf(after.webhook)}`, post(after.webhook, body));
}

async function attempt({ err, errStyle }: Terminal, what: string, work: Promise<void>): Promise<void> {
  try {
    await work;
    err(errStyle.muted(`After: ${what} was told.`));
  } catch (error) {
    err(
      `${errStyle.warning('After')}: ${what} failed: ${messageOf(error)}. The migration stands; tell it by hand.`,
    );
  }
}

/** A webhook's path may hold a secret. */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'of the configuration';
}

/** The command gets the event as JSON on its input; what it prints goes to the error stream. */
function runCommand([file = '', ...args]: readonly string[], body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['pipe', 2, 2], timeout: commandTimeoutMs });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(signal === null ? `it ended with status ${code}` : `it was ended by ${signal}`));
    });
    // A command that does not read its input is none the worse for it.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(body);
  });
}

async function post(url: string, body: string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(webhookTimeoutMs),
  }).catch((cause: unknown) => {
    const timedOut = cause instanceof Error && cause.name === 'TimeoutError';
    throw new Error(timedOut ? `no answer within ${webhookTimeoutMs / 1000} s` : 'it cannot be reached', {
      cause,
    });
  });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
}
