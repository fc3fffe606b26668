/**
 * Proof by running: as each role that policies must bind, in one tenant's transaction, is a row of another tenant reached?
 *
 * One transaction, each attempt in a savepoint that is gone back to, and ROLLBACK at the end whatever happens. It reads one snapshot, so
 * what others write meanwhile is never taken for a leak. First comes what must be tried before any tenant was named on the connection:
 * a setting that was set once is empty afterwards and no longer missing, and policies treat the two differently.
 *
 * Rows are those of two tenants that nobody had before, so that no row of a customer is locked; where they cannot be made, those of two
 * tenants that are there. What could not be tried makes a verdict unverified, never proven.
 */
import type { Table, TableId } from '../../../engine/catalogue/catalog.ts';
import { given } from '../../../engine/given.ts';
import { probedCommands, verdictOf } from '../../../engine/isolation/proof.ts';
import type { ProbedCommand, ProbedVerdict, ProbedWay, ProbeGap } from '../../../engine/isolation/proof.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import { tenancyOf } from '../../../engine/rules/tenancy.ts';
import { DroverError } from '../../../errors.ts';
import type { Database, Tx } from '../../driver/database.ts';
import { attempt, keep } from './attempt.ts';
import { ProbeBook } from './bout.ts';
import type { Bout } from './bout.ts';
import { tryDeleting, tryDenied, tryUpdating } from './changing.ts';
import { tryInserting } from './inserting.ts';
import { Pairs } from './pairs.ts';
import { isWitnessed, tryReading } from './reading.ts';
import { readRights } from './rights.ts';
import type { TableRights } from './rights.ts';
import type { SeedGround } from './seeds.ts';
import { findSession } from './session.ts';
import type { RoleOfTenant, TenantContext, TenantSession } from './session.ts';

export interface ProbeRequest {
  readonly rules: Rules;
  /** Roles that policies must bind. Where each tenant has a role of its own, one name for all of them. */
  readonly roles: readonly string[];
  readonly context: TenantContext;
  readonly mode: 'read' | 'write';
  /** SQL that makes rows which cannot be made otherwise; run by the login, and taken back. */
  readonly seed?: string;
  /** Triggers in C or another language that the database does not confine are run too. */
  readonly runsTriggers?: boolean;
}

/** Runs the probe. Nothing of it stays, except that sequences have advanced. @throws PROBE_IMPOSSIBLE on a standby */
export async function probe(database: Database, request: ProbeRequest): Promise<ProbedVerdict[]> {
  const opening = {
    isolation: 'repeatable read',
    readOnly: request.mode === 'read',
    settings: ['SET LOCAL lock_timeout = 1000', 'SET LOCAL statement_timeout = 5000'],
  } as const;
  const over = new ProbeOver();
  await database
    .transaction(opening, async (tx) => {
      over.verdicts = await new ProbeRun(tx, request).run();
      // Whoever throws is rolled back.
      throw over;
    })
    .catch((error: unknown) => {
      if (error !== over) throw error;
    });
  return over.verdicts;
}

class ProbeOver extends Error {
  verdicts: ProbedVerdict[] = [];
}

interface LoginSight {
  readonly sees: boolean;
  readonly standby: boolean;
  readonly readOnly: boolean;
}

const loginSql = `SELECT r.rolsuper OR r.rolbypassrls AS sees, pg_is_in_recovery() AS standby,
  current_setting('transaction_read_only') = 'on' AS "readOnly" FROM pg_roles r WHERE r.rolname = current_user`;

/** What is known of a role and a table. */
interface ProbeEntry {
  readonly book: ProbeBook;
  readonly rights?: TableRights;
  madeByLogin: boolean;
}

class ProbeRun {
  readonly #tx: Tx;
  readonly #request: ProbeRequest;
  readonly #owned: readonly Table[];
  readonly #entries = new Map<string, ProbeEntry>();
  readonly #sessions = new Map<string, TenantSession>();
  readonly #rights = new Map<string, ReadonlyMap<TableId, TableRights>>();
  readonly #everywhere: ProbeGap[] = [];
  #loginSees = false;

  constructor(tx: Tx, request: ProbeRequest) {
    this.#tx = tx;
    this.#request = request;
    const { catalog, ownership } = request.rules;
    this.#owned = catalog.tables.filter(({ id }) => ownership.get(id)?.kind === 'tenant');
  }

  async run(): Promise<ProbedVerdict[]> {
    const login = await this.#tx.one<LoginSight>(loginSql);
    this.#loginSees = login.sees;
    if (this.#writes) refuseReadOnly(login);
    if (tenancyOf(this.#request.rules.config) !== 'rows') return [];
    await this.#tx.run('SET CONSTRAINTS ALL IMMEDIATE');
    await this.#runSeed();
    await this.#readRights();
    if (Object.keys(this.#request.context.settings).length === 0 && this.#request.context.role === undefined)
      this.#everywhere.push({ statement: 'all of them', reason: noContext });
    if (this.#ways.includes('no context')) await this.#tryWithoutContext();
    await this.#tryWays(
      this.#pairs('by anybody'),
      this.#ways.filter((way) => way !== 'no context'),
    );
    return this.#request.roles.flatMap((role) =>
      this.#owned.flatMap((table) => probedCommands.map((command) => this.#verdict(role, table, command))),
    );
  }

  get #writes(): boolean {
    return this.#request.mode === 'write';
  }

  /** Where the role alone says which tenant it is, there is no other way. */
  get #ways(): readonly ProbedWay[] {
    const isSet = Object.keys(this.#request.context.settings).length > 0;
    return isSet ? ['no context', 'emptied context', 'another tenant'] : ['another tenant'];
  }

  async #runSeed(): Promise<void> {
    const { seed } = this.#request;
    if (seed === undefined || !this.#writes) return;
    const run = await keep(this.#tx, () => this.#tx.script(seed));
    if (!run.done)
      this.#everywhere.push({
        statement: 'isolation.probe.seed',
        reason: 'the SQL for rows to try with failed',
        ...run.by,
      });
  }

  /** Rights do not depend on the tenant, and no tenant is named: the role alone is taken on. */
  async #readRights(): Promise<void> {
    const ofTenants = this.#request.context.role !== undefined;
    const [tenant] = ofTenants ? await this.#pairs('no').listed() : [];
    for (const role of this.#request.roles) {
      const session = tenant === undefined ? undefined : await this.#sessionOf({ role, tenant });
      if (ofTenants && session === undefined) continue;
      const alone = { role: session?.role ?? role, settings: {} };
      this.#rights.set(role, await readRights(this.#tx, alone, this.#owned));
    }
  }

  async #tryWithoutContext(): Promise<void> {
    const names = Object.keys(this.#request.context.settings);
    const set = await this.#tx.many<{ name: string }>(
      `SELECT name FROM unnest($1::text[]) AS s (name) WHERE current_setting(name, true) = ''`,
      [names],
    );
    const about = { way: 'no context', statement: 'all of them' } as const;
    if (set.length > 0) {
      const reason = `${set.map(({ name }) => name).join(', ')} was set on this connection before`;
      this.#everywhere.push({ ...about, reason });
      return;
    }
    if (!this.#loginSees) {
      const reason = 'the login sees no rows unless it names a tenant: use one with BYPASSRLS';
      this.#everywhere.push({ ...about, reason });
      return;
    }
    const tried = await attempt(this.#tx, () => this.#tryWays(this.#pairs('by login'), ['no context']));
    if (!tried.done) this.#everywhere.push({ ...about, reason: 'the trial was broken off', ...tried.by });
  }

  #pairs(makes: SeedGround['makes']): Pairs {
    return new Pairs({
      tx: this.#tx,
      rules: this.#request.rules,
      context: this.#request.context,
      loginSees: this.#loginSees,
      roles: this.#request.roles,
      sessionOf: (acting) => this.#sessionOf(acting),
      rightsOf: (role, table) => this.#rights.get(role)?.get(table),
      runsTriggers: this.#request.runsTriggers === true,
      makes: this.#writes ? makes : 'no',
    });
  }

  async #sessionOf(acting: RoleOfTenant): Promise<TenantSession | undefined> {
    const name = JSON.stringify([acting.role, acting.tenant]);
    const { rules, context } = this.#request;
    const session = this.#sessions.get(name) ?? (await findSession({ tx: this.#tx, rules, context }, acting));
    if (session !== undefined) this.#sessions.set(name, session);
    return session;
  }

  async #tryWays(pairs: Pairs, ways: readonly ProbedWay[]): Promise<void> {
    for (const role of this.#request.roles)
      for (const table of this.#owned) {
        const entry = this.#entry(role, table);
        const { rights } = entry;
        if (rights === undefined) continue;
        const pair = await pairs.of(table, role);
        if ('reason' in pair) {
          for (const command of probedCommands)
            entry.book.gap(command, { statement: 'all of them', ...pair });
          continue;
        }
        // Before a tenant was named nobody but the login can make one.
        entry.madeByLogin ||=
          !ways.includes('no context') && [pair.a, pair.b].some(({ row }) => row.madeBy === 'login');
        for (const way of ways)
          await tryAll(
            {
              tx: this.#tx,
              rules: this.#request.rules,
              table,
              rights,
              seeds: pairs.seeds,
              way,
              ...pair,
              writes: this.#writes,
              loginSees: this.#loginSees,
              book: entry.book,
            },
            this.#request.runsTriggers === true,
          );
      }
  }

  #entry(role: string, table: Table): ProbeEntry {
    const name = JSON.stringify([role, table.id]);
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const rights = this.#rights.get(role)?.get(table.id);
    const made: ProbeEntry = { book: new ProbeBook(), madeByLogin: false, ...given({ rights }) };
    this.#entries.set(name, made);
    return made;
  }

  #verdict(role: string, table: Table, command: ProbedCommand): ProbedVerdict {
    const { book, rights, madeByLogin } = this.#entry(role, table);
    const statement = 'all of them';
    const notGranted = rights !== undefined && !isGranted(rights, command);
    const gaps = [
      ...(rights === undefined ? [{ statement, reason: 'the rights of the role could not be read' }] : []),
      ...(rights?.unbound === undefined || notGranted ? [] : [{ statement, reason: rights.unbound }]),
      ...(notGranted ? [] : this.#everywhere),
      ...book.gaps[command],
    ];
    const leaks = book.leaks[command];
    return {
      table: table.id,
      command,
      role,
      verdict: verdictOf({ leaks, gaps }),
      leaks,
      gaps,
      notGranted,
      madeByLogin,
    };
  }
}

function isGranted(rights: TableRights, command: ProbedCommand): boolean {
  if (command === 'select') return rights.selectable.size > 0 || rights.views.length > 0;
  if (command === 'insert') return rights.insertable.size > 0;
  return command === 'update' ? rights.updatable.size > 0 : rights.mayDelete || rights.mayTruncate;
}

const noContext =
  'no setting is known that names the tenant: database.session.settings or isolation.context of the configuration says it';

const writing = ['insert', 'update', 'delete'] as const;

async function tryAll(bout: Bout, runsTriggers: boolean): Promise<void> {
  const { rights, way, writes, book } = bout;
  const granted = probedCommands.filter((command) => isGranted(rights, command));
  const isFirst = way === 'another tenant';
  if (isFirst)
    for (const command of probedCommands) if (!granted.includes(command)) await tryDenied(bout, command);
  if (isFirst) await requireWitness(bout, granted);
  if (granted.includes('select')) await tryReading(bout);
  if (!writes) return unwritten(bout, granted);
  if (rights.unconfined.length > 0 && !runsTriggers) {
    const reason = `a trigger runs code that the database does not confine: ${rights.unconfined.join(', ')}`;
    for (const command of writing)
      if (granted.includes(command)) book.gap(command, { way, statement: 'all of them', reason });
    return;
  }
  if (granted.includes('insert')) await tryInserting(bout);
  if (granted.includes('update')) await tryUpdating(bout);
  if (granted.includes('delete')) await tryDeleting(bout);
}

function unwritten({ way, book }: Bout, granted: readonly ProbedCommand[]): void {
  for (const command of writing)
    if (granted.includes(command))
      book.gap(command, { way, statement: 'all of them', reason: 'only reading was tried' });
}

/** A row that is there and that its own tenant sees: without it, that nobody else sees one proves nothing. */
async function requireWitness(bout: Bout, granted: readonly ProbedCommand[]): Promise<void> {
  const { rights, book, a, b } = bout;
  if (rights.selectable.size > 0 && (await isWitnessed(bout, a)) && (await isWitnessed(bout, b))) return;
  const reason =
    rights.selectable.size > 0
      ? 'the tenant does not see its own row, so that another sees none proves nothing'
      : 'the role may not read the table, so nothing shows that its context is right';
  for (const command of granted) {
    const isShown = rights.selectable.size === 0 && (command === 'insert' || command === 'select');
    if (!isShown) book.gap(command, { statement: 'all of them', reason });
  }
}

function refuseReadOnly({ standby, readOnly }: LoginSight): void {
  if (!standby && !readOnly) return;
  const where = standby ? 'the server is a standby' : 'transactions are read-only for this login';
  throw new DroverError(
    'PROBE_IMPOSSIBLE',
    `Nothing can be written for a trial: ${where}. Name the primary, or try reading alone.`,
  );
}
