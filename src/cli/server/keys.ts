import { Argument, type Command } from 'commander';
import { grantableScopes } from '../../platform/access/caller.ts';
import { openPlatform, type Platform } from '../../platform/open.ts';
import {
  createKeyFor,
  createSysadminKey,
  type ListedKey,
  listKeys,
  revokeKey,
} from '../../platform/access/keys.ts';
import { listTenants } from '../../postgres/scope/tenants.ts';
import { actorOf, withActor, withList } from '../options.ts';
import type { ActorOption, ListOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { showList } from '../terminal/table.ts';
import { chooseTenant } from '../../site/tenant.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { readMoment } from '../terminal/times.ts';
import { ownDatabase, withInstall } from '../own-database.ts';
import type { OwnOptions } from '../own-database.ts';
import { withDatabase } from '../../site/open.ts';
import { usage } from '../../site/where.ts';

interface KeysOptions extends OwnOptions, ListOption, ActorOption {
  readonly tenant?: string;
  readonly user?: string;
  readonly sysadmin?: string;
  readonly name: string;
  readonly scopes: string;
  readonly expires?: string;
}

/** `drover keys`: API keys, by whoever has the database. */
export const keys: Verb = {
  name: 'keys',
  summary: 'make, list and revoke API keys, on the database itself',
  define: (command) =>
    withActor(
      withInstall(withList(command))
        .addArgument(new Argument('<action>', 'what to do').choices(['create', 'list', 'revoke']))
        .argument('[key]', 'to revoke: the id of a key, or the eight characters it begins with')
        .option('--user <email>', 'create: whose key')
        .option('--tenant <tenant>', 'create: the tenant of the user; list: only its keys; by key or name')
        .option('--sysadmin <email>', 'create: for a sysadmin, who is made where there is none')
        .option('--name <name>', 'create: what the key is for', 'command line')
        .option('--scopes <list>', 'create: what it may do, separated by commas; * is everything', '*')
        .option('--expires <time>', 'create: until when it holds, as 2027-01-31T00:00:00Z')
        .option('--data <folder>', 'embedded database (default: ./drover-data)')
        .option('--database <url>', 'postgres://… (or DATABASE_URL)'),
    ),
  run,
};

async function run(session: Session, command: Command): Promise<number> {
  const options = command.opts<KeysOptions>();
  const [action = '', key] = command.args;
  // What is asked is read before the database is opened.
  const work = actions[action as KeysAction](session, options, key);
  const { where, ask } = ownDatabase(session, options);
  await withDatabase(where, async (database) =>
    work(await openPlatform(database, { install: action === 'create', ...ask })),
  );
  return exitStatus.done;
}

type KeysAction = 'create' | 'list' | 'revoke';

/** Reads what is asked, and returns what does it. @throws USAGE_INVALID */
type Read = (
  session: Session,
  options: KeysOptions,
  key: string | undefined,
) => (platform: Platform) => Promise<void>;

const actions: Readonly<Record<KeysAction, Read>> = { create, list, revoke };

function create(session: Session, options: KeysOptions): (platform: Platform) => Promise<void> {
  const make = readMaker(options, {
    name: readName(options.name),
    scopes: readScopes(options.scopes),
    expiresAt: readExpiry(options.expires),
    actor: actorOf(options, session),
  });
  return async (platform) => {
    const made = await make(platform);
    const { out, err } = session.terminal;
    if (options.json === true) return out(JSON.stringify({ id: made.row.id, key: made.text }));
    out(made.text);
    err('This is the only time that the key is shown.');
  };
}

/** Whose key it is decides how it is made. */
function readMaker(
  { user, sysadmin, tenant }: KeysOptions,
  about: Omit<Parameters<typeof createSysadminKey>[1], 'email'>,
) {
  if ((user === undefined) === (sysadmin === undefined))
    throw usage('Say whose key: --user EMAIL with --tenant TENANT, or --sysadmin EMAIL.');
  if (user === undefined) {
    const email = readEmail(sysadmin ?? '');
    return (platform: Platform) => createSysadminKey(platform, { ...about, email });
  }
  if (tenant === undefined) throw usage('Say which tenant: --tenant with its key or its name.');
  return async (platform: Platform) => {
    const { key } = chooseTenant(await listTenants(platform.site), tenant);
    return createKeyFor(platform, key, { ...about, email: user });
  };
}

function readScopes(text: string): string[] {
  const scopes = text.split(',').map((scope) => scope.trim());
  const wrong = scopes.filter((scope) => !grantableScopes.includes(scope));
  if (wrong.length > 0)
    throw usage(`--scopes: ${wrong.join(', ')} is none; there are ${grantableScopes.join(', ')}.`);
  return scopes;
}

function readExpiry(text: string | undefined): string | null {
  if (text === undefined) return null;
  const moment = readMoment('--expires', text);
  if (moment.getTime() > Date.now()) return moment.toISOString();
  throw usage(`--expires takes a time to come; ${text} is past.`);
}

function readName(text: string): string {
  if (text.trim() !== '' && text.length <= 200) return text;
  throw usage('--name takes 1 to 200 characters that say what the key is for.');
}

function readEmail(text: string): string {
  if (/^[^\s@]+@[^\s@]+$/.test(text) && text.length <= 254) return text.toLowerCase();
  throw usage(`--sysadmin ${text} is no e-mail address.`);
}

function list(
  { terminal }: Session,
  { tenant, json, csv }: KeysOptions,
): (platform: Platform) => Promise<void> {
  return async (platform) => {
    const tenants = await listTenants(platform.site);
    const chosen = tenant === undefined ? tenants : [chooseTenant(tenants, tenant)];
    const found = await listKeys(platform, chosen);
    if (json === true) terminal.out(JSON.stringify({ keys: found.map(describe) }));
    else showKeys(terminal, found, csv);
  };
}

function showKeys(terminal: Terminal, found: readonly ListedKey[], csv?: boolean): void {
  if (found.length === 0) return terminal.err('There are no keys.');
  const head = ['begins', 'tenant', 'user', 'name', 'scopes', 'last used', 'state'];
  const rows = found.map((key) => [
    key.prefix,
    key.tenant.name,
    key.email,
    key.name,
    key.scopes.join(' '),
    day(key.last_used_at),
    stateOf(key),
  ]);
  showList(terminal, { head, rows }, csv);
}

function describe({ tenant, ...key }: ListedKey): Record<string, unknown> {
  return { ...key, tenant_id: tenant.key, tenant_name: tenant.name };
}

function stateOf({ revoked_at, expires_at }: ListedKey): string {
  if (revoked_at !== null) return `revoked ${day(revoked_at)}`;
  if (expires_at === null) return 'holds';
  return `${expires_at.getTime() <= Date.now() ? 'expired' : 'until'} ${day(expires_at)}`;
}

function day(time: Date | null): string {
  return time === null ? 'never' : time.toISOString().slice(0, 10);
}

function revoke(
  session: Session,
  options: KeysOptions,
  key: string | undefined,
): (platform: Platform) => Promise<void> {
  if (key === undefined) throw usage('Say which key: its id, or the eight characters it begins with.');
  const actor = actorOf(options, session);
  return async (platform) => {
    const { id, name, email } = await revokeKey(platform, key, actor);
    const { out } = session.terminal;
    out(
      options.json === true ? JSON.stringify({ id, revoked: true }) : `Revoked the key ${name} of ${email}.`,
    );
  };
}
