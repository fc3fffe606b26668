/** A connection is made as libpq would make it, or the message says why not and what to do, at once and without a password. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { DroverError } from '../../src/errors.ts';
import { readSettings, readUrl } from '../../src/postgres/driver/address.ts';
import { openServer } from '../../src/postgres/driver/server.ts';
import { openTollGate } from '../support/toll-gate.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';

const file = (name: string): string => join(import.meta.dirname, '../support/tls', name);
const text = (name: string): string => readFileSync(file(name), 'utf8');
const secret = 's3cr3t';
/** Who may come in which way. */
const access = [
  'host all postgres 127.0.0.1/32 trust',
  `host all "${userInfo().username}" 127.0.0.1/32 trust`,
  'hostssl all certified 127.0.0.1/32 cert',
  'hostssl all onlytls 127.0.0.1/32 scram-sha-256',
  'hostnossl all onlyplain 127.0.0.1/32 scram-sha-256',
  'host all asmd5 127.0.0.1/32 md5',
  'host all plaintext 127.0.0.1/32 password',
].join('\n');
const codes: readonly string[] = ['DATABASE_UNREACHABLE', 'USAGE_INVALID'];
const logins = ['certified', 'onlytls', 'onlyplain', 'asmd5', 'plaintext'];

describe('a server', () => {
  let server: PostgresServer;
  let folder: string;
  let port: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'drover-connecting-'));
    server = await startPostgres({
      settings: { ssl: 'on', ssl_ca_file: 'authority.crt' },
      files: {
        'server.crt': text('test-server.crt'),
        'server.key': text('test-server.key'),
        'authority.crt': text('test-authority.crt'),
        'pg_hba.conf': `${access}\n`,
      },
    });
    ({ port } = new URL(server.url));
    const admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    for (const login of logins) {
      await admin.query(`SET password_encryption = '${login === 'asmd5' ? 'md5' : 'scram-sha-256'}'`);
      await admin.query(`CREATE ROLE ${login} LOGIN PASSWORD '${secret}'`);
    }
    if (userInfo().username !== 'postgres') await admin.query(`CREATE ROLE "${userInfo().username}" LOGIN`);
    await admin.end();
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  interface Try {
    readonly login: string;
    readonly parameters?: Readonly<Record<string, string>>;
    readonly password?: string;
    readonly variables?: Readonly<Record<string, string>>;
    readonly host?: string;
  }

  const urlOf = ({ login, parameters = {}, password, host = '127.0.0.1' }: Try): string => {
    const url = new URL(`postgres://${login}@${host}:${port}/postgres`);
    if (password !== undefined) url.password = password;
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  };

  /** `tls` or `plain`, or what the message says; never a password. */
  const outcome = async (tried: Try): Promise<string> => {
    // Nothing of the machine on which the tests run.
    const variables = new Map(Object.entries({ PGPASSFILE: join(folder, 'none'), ...tried.variables }));
    const began = performance.now();
    try {
      const db = await openServer({ url: urlOf(tried), variables });
      const sql = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
      const { ssl } = await db.transaction({}, (tx) => tx.one<{ ssl: boolean }>(sql));
      await db.close();
      return ssl ? 'tls' : 'plain';
    } catch (error) {
      assert.ok(error instanceof DroverError && codes.includes(error.code), String(error));
      assert.ok(!(error.message + JSON.stringify(error.data)).includes(secret), error.message);
      // The server itself would wait for a minute.
      assert.ok(performance.now() - began < 30_000, 'it takes the time of the server');
      return error.message;
    }
  };

  it('is asked for what the caller said, and for nothing that stands in the environment of the process', async () => {
    const foreign = {
      PGUSER: 'asmd5',
      PGDATABASE: 'nowhere',
      PGOPTIONS: '-c geqo=off',
      PGSSLNEGOTIATION: 'direct',
    };
    const before = { ...process.env };
    Object.assign(process.env, foreign);
    try {
      const url = `postgres://postgres@127.0.0.1:${port}`;
      const db = await openServer({ url });
      const sql = `SELECT current_user AS login, current_database() AS name, current_setting('geqo') AS geqo`;
      const seen = await db.transaction({}, (tx) => tx.one<object>(sql));
      await db.close();
      assert.deepEqual(seen, { login: 'postgres', name: 'postgres', geqo: 'on' });
      // As libpq: whoever runs the process, and not whom its environment names.
      const nameless = await openServer({ url: `postgres://127.0.0.1:${port}/postgres` });
      const { login } = await nameless.transaction({}, (tx) => tx.one<{ login: string }>(sql));
      await nameless.close();
      assert.equal(login, userInfo().username);
    } finally {
      for (const name of Object.keys(foreign)) delete process.env[name];
      Object.assign(process.env, before);
    }
  });

  const good = { login: 'onlytls', password: secret };
  const root = file('test-authority.crt');
  const other = file('test-other-authority.crt');

  it('is reached by each sslmode as by libpq', async () => {
    const cases: readonly (readonly [Try, string | RegExp])[] = [
      [good, 'tls'],
      [
        { ...good, parameters: { sslmode: 'disable' } },
        /only by an encrypted connection; add sslmode=require/,
      ],
      [{ ...good, parameters: { sslmode: 'allow' } }, 'tls'],
      [{ ...good, parameters: { sslmode: 'prefer' } }, 'tls'],
      [{ ...good, parameters: { sslmode: 'require' } }, 'tls'],
      [{ ...good, parameters: { sslmode: 'require', channel_binding: 'require' } }, 'tls'],
      [{ ...good, parameters: { sslmode: 'require', sslrootcert: root } }, 'tls'],
      [
        { ...good, parameters: { sslmode: 'require', sslrootcert: other } },
        /nobody that is trusted|somebody else/,
      ],
      [{ ...good, parameters: { sslmode: 'verify-ca', sslrootcert: root } }, 'tls'],
      [{ ...good, parameters: { sslmode: 'verify-ca' } }, /vouches for/],
      [
        { ...good, parameters: { sslmode: 'verify-full', sslrootcert: root } },
        /for another name than this host/,
      ],
      [{ ...good, host: 'localhost', parameters: { sslmode: 'verify-full', sslrootcert: root } }, 'tls'],
      [
        {
          ...good,
          host: 'localhost',
          parameters: { sslmode: 'verify-full', sslrootcert: root, hostaddr: '127.0.0.1' },
        },
        'tls',
      ],
      [
        { ...good, parameters: { sslmode: 'verify-full', sslrootcert: '/nowhere/ca' } },
        /sslrootcert names \/nowhere\/ca/,
      ],
      [{ ...good, parameters: { sslmode: 'sometimes' } }, /sslmode is none of disable, allow/],
      [{ login: 'onlyplain', password: secret, parameters: { sslmode: 'prefer' } }, 'plain'],
      [{ login: 'onlyplain', password: secret, parameters: { sslmode: 'require' } }, /pg_hba\.conf/],
      [{ login: 'asmd5', password: secret }, 'plain'],
      [
        {
          login: 'plaintext',
          password: secret,
          parameters: { channel_binding: 'require', sslmode: 'require' },
        },
        /channel binding/,
      ],
    ];
    for (const [tried, expected] of cases) {
      const said = await outcome(tried);
      if (typeof expected === 'string') assert.equal(said, expected, JSON.stringify(tried));
      else assert.match(said, expected, JSON.stringify(tried));
    }
  });

  it('gets the certificate of a client that has one, and says so to one that has none', async () => {
    const [sslcert, sslkey] = [file('test-client.crt'), join(folder, 'client.key')];
    writeFileSync(sslkey, text('test-client.key'), { mode: 0o600 });
    const parameters = { sslmode: 'require', sslcert, sslkey };
    assert.equal(await outcome({ login: 'certified', parameters }), 'tls');
    assert.match(
      await outcome({ login: 'certified', parameters: { sslmode: 'require' } }),
      /add sslcert=FILE and sslkey=FILE/,
    );
    assert.match(
      await outcome({ login: 'certified', parameters: { sslmode: 'require', sslcert } }),
      /name both/,
    );
    assert.match(
      await outcome({ login: 'certified', parameters: { ...parameters, sslkey: root } }),
      /is not what it should be/,
    );
  });

  it('says at once that a password is wrong or missing, however it is asked for', async () => {
    for (const login of ['onlytls', 'asmd5', 'plaintext']) {
      assert.match(await outcome({ login, password: 'wrong' }), /the password is wrong; set PGPASSWORD/);
      assert.match(await outcome({ login }), /asks for a password, and none was given; set PGPASSWORD/);
    }
  });

  it('takes what URL, service, variables and the password file say, the first that says something', async () => {
    const [services, passwords] = [join(folder, 'services'), join(folder, 'passwords')];
    writeFileSync(
      services,
      `# ours\n[other]\nhost=elsewhere\n[ours]\nhost = 127.0.0.1\nport=${port}\nuser=onlytls\ndbname=postgres\n`,
    );
    writeFileSync(
      passwords,
      `# a comment\n127.0.0.1:${port}:other:*:wrong\n*:*:postgres:onlytls:${secret}\n`,
      { mode: 0o600 },
    );
    const variables = new Map([
      ['PGSERVICEFILE', services],
      ['PGPASSFILE', passwords],
      ['PGHOST', 'not-the-host.invalid'],
    ]);
    for (const [url, more] of [
      ['postgres://?service=ours', []],
      ['postgres://', [['PGSERVICE', 'ours']]],
    ] as const) {
      const db = await openServer({ url, variables: new Map([...variables, ...more]) });
      await db.close();
    }
    const none = openServer({ url: 'postgres://?service=theirs', variables });
    await assert.rejects(none, { message: `The service theirs is not in ${services}.` });
    chmodSync(passwords, 0o644);
    await assert.rejects(
      openServer({ url: 'postgres://?service=ours', variables }),
      /others may read it; `chmod 600/,
    );
    assert.equal(await outcome({ login: 'onlytls', variables: { PGPASSWORD: secret } }), 'tls');
  });

  it('that has no encryption is used without, where that was not asked for', async () => {
    // What a server without encryption answers to whoever asks for it.
    const gate = await openTollGate(server.url, undefined, (answer) => (answer === 'S' ? 'N' : answer));
    const by = async (sslmode: string): Promise<string> => {
      const url = new URL(gate.url);
      url.searchParams.set('sslmode', sslmode);
      return openServer({ url: url.href }).then(
        (db) => db.close().then(() => 'plain'),
        (error: Error) => error.message,
      );
    };
    assert.equal(await by('prefer'), 'plain');
    assert.match(await by('require'), /it has no encryption; sslmode=disable/);
    await gate.close();
  });
});

describe('a URL', () => {
  it('that cannot be read is never quoted: nobody knows where its password begins', () => {
    for (const url of [
      'postgres://me:s3p@ss#w@h/db',
      'postgres://me:s3p/ss@h/db',
      'postgres://me:s3p?ss@h/db',
      'postgres://me:12/s3p@h/db',
      'postgres://me:12?s3p=@h/db',
      'postgres://me:s3p%zz@h/db',
      'postgres://me:s3p@h:port/db',
      'postgres://me:s3p@h1,h2/db',
      'not s3p',
    ])
      assert.throws(
        () => readUrl(url),
        (error: unknown) =>
          error instanceof DroverError &&
          error.code === 'USAGE_INVALID' &&
          !/s3p|ss@|12/.test(error.message + JSON.stringify(error.data)),
        url,
      );
  });

  it('asks for no encryption that is passed over, wherever it is said', () => {
    for (const said of [
      'sslmod=require',
      'ssl_mode=require',
      'SSLMODE=require',
      'sslrootcrt=/x',
      'channelbinding=require',
      'ssl=false',
      'ssl=true&sslmode=prefer',
      'sslaccept=strict',
      'gssencmode=require',
      'sslcrl=/x',
      'require_auth=none',
    ])
      assert.throws(() => readUrl(`postgres://h/db?${said}`), { code: 'USAGE_INVALID' }, said);
    for (const variable of [
      'PGREQUIREAUTH',
      'PGREQUIREPEER',
      'PGSSLCRL',
      'PGSSLCRLDIR',
      'PGSSLROOTCRT',
      'PGSSLMODES',
    ])
      assert.throws(
        () => readSettings('postgres://h/db', new Map([[variable, 'x']])),
        { code: 'USAGE_INVALID' },
        variable,
      );
    const folder = mkdtempSync(join(tmpdir(), 'drover-service-'));
    const services = join(folder, 'services');
    for (const line of ['sslcrl=/x', 'require_auth=none', 'sslmod=require']) {
      writeFileSync(services, `[one]\n${line}\n`);
      const read = (): unknown =>
        readSettings('postgres://?service=one', new Map([['PGSERVICEFILE', services]]));
      assert.throws(read, { code: 'USAGE_INVALID' }, line);
    }
    rmSync(folder, { recursive: true });
    const modeOf = (text: string): string | undefined => readUrl(`postgres://h/db?${text}`).get('sslmode');
    assert.equal(modeOf('ssl=true'), 'require');
    assert.equal(modeOf('ssl=true&sslmode=verify-full'), 'verify-full');
    assert.equal(modeOf('sslsni=0&sslcompression=1&sslaccept=accept_invalid_certs'), undefined);
    for (const wrong of ['channel_binding=x', 'connect_timeout=x'])
      assert.throws(() => readSettings(`postgres://h/db?${wrong}`), { code: 'USAGE_INVALID' }, wrong);
  });

  it('is read as libpq reads it', () => {
    const read = (url: string): object => Object.fromEntries(readUrl(url));
    assert.deepEqual(read('postgresql://me:p%40ss%23w@[::1]:6543/my%20db?sslmode=require&pgbouncer=true'), {
      host: '::1',
      port: '6543',
      user: 'me',
      password: 'p@ss#w',
      dbname: 'my db',
      sslmode: 'require',
    });
    assert.deepEqual(read('postgres://me@/db?host=/var/run'), { host: '/var/run', user: 'me', dbname: 'db' });
    assert.deepEqual(read('postgres://%2Fvar%2Frun/db'), { host: '/var/run', dbname: 'db' });
    assert.deepEqual(read('postgres:///db'), { dbname: 'db' });
    const settings = readSettings(
      'postgres://h/db',
      new Map([
        ['PGHOST', 'other'],
        ['PGPORT', '5433'],
        ['PGUSER', ''],
      ]),
    );
    assert.deepEqual(Object.fromEntries(settings), { host: 'h', port: '5433', dbname: 'db' });
    assert.throws(
      () => readSettings('postgres://h/db', new Map([['PGPORT', 'x']])),
      /port does not have a value/,
    );
    assert.throws(() => readUrl('postgres://h/db?sslcrl=/x'), /sslcrl is not supported/);
  });
});
