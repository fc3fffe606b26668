/** The environment of the process, read here and nowhere else. All that is wrong with it is said at once. */
import { nearestName } from './engine/nearest.ts';
import { DroverError } from './errors.ts';

export interface Environment {
  /** The server to work on: postgres://… */
  readonly databaseUrl?: string;
  /** The folder of the embedded database. */
  readonly dataFolder?: string;
  /** A separate database for the journal and the history. */
  readonly stateUrl?: string;
  /** The configuration of the database; default `drover.config.yaml`. */
  readonly configFile: string;
  /** Who acts, for the record of a migration. */
  readonly operator?: string;
  /** The folder of a registry that replaces the built-in one. */
  readonly registryFolder?: string;
  /** PGPASSWORD, PGSERVICE and the like: what PostgreSQL's own programs take from the environment. */
  readonly libpq: ReadonlyMap<string, string>;
  readonly color: 'auto' | 'always' | 'never';
}

/** How `drover serve` listens, whom it believes and what it allows. */
export interface ServerSettings {
  /** DATABASE_URL, as hosting platforms set it. */
  readonly databaseUrl?: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: (typeof logLevels)[number];
  readonly poolSize: number;
  readonly bodyLimitBytes: number;
  /** Of each credential. */
  readonly requestsPerMinute: number;
  /** Pages of these origins may call the API from a browser. */
  readonly corsOrigins: readonly string[];
  /** Who may read /metrics: whoever reaches the server, or sysadmins. */
  readonly metrics: 'open' | 'closed';
  /** Believe X-Forwarded-For of the proxy in front. */
  readonly trustProxy: boolean;
  /** How long a stop waits for what is under way. */
  readonly stopTimeoutMs: number;
  /** Between two looks whether something names the source of a move again; 0: never. */
  readonly watchMinutes: number;
  /** How old the newest look at a vendor's page may be, in the registry in force; 0: nobody asks. */
  readonly retirementFeedDays: number;
  readonly oidc?: OidcSettings;
  /** Where traces go; none are made without it. */
  readonly tracesUrl?: string;
  /** What was deployed, for /livez. */
  readonly build: string;
  /** Seals the secrets of tenants: 32 bytes in base64 or hex. */
  readonly secretKey?: string;
  /** Open what was sealed before the key was changed. */
  readonly olderSecretKeys: readonly string[];
  /** DROVER_ENV, or NODE_ENV: nothing is made up that belongs to whoever runs the server. */
  readonly production: boolean;
}

interface OidcSettings {
  readonly issuer: string;
  readonly audience: string;
  /** Where the keys are; found by the issuer's discovery document where it is not given. */
  readonly jwksUrl?: string;
  /** The claim that holds the id of the tenant. */
  readonly tenantClaim: string;
  /** The claim that holds the e-mail address, or the id, of the user. */
  readonly userClaim: string;
  readonly clockSkewSeconds: number;
}

type Variables = Readonly<Record<string, string | undefined>>;

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const urls = ['DROVER_DATABASE', 'DROVER_STATE'];
const paths = ['DROVER_DATA', 'DROVER_CONFIG', 'DROVER_REGISTRY'];
const ofServer = [
  'DROVER_LOG_LEVEL',
  'DROVER_POOL_SIZE',
  'DROVER_BODY_LIMIT',
  'DROVER_RATE_LIMIT',
  'DROVER_CORS_ORIGINS',
  'DROVER_TRUST_PROXY',
  'DROVER_METRICS',
  'DROVER_STOP_SECONDS',
  'DROVER_WATCH_MINUTES',
  'DROVER_RETIREMENT_FEED_DAYS',
  'DROVER_BUILD',
  'DROVER_ENV',
  'DROVER_SECRET_KEY',
  'DROVER_SECRET_KEYS_OLD',
  'DROVER_OIDC_ISSUER',
  'DROVER_OIDC_AUDIENCE',
  'DROVER_OIDC_JWKS_URL',
  'DROVER_OIDC_TENANT_CLAIM',
  'DROVER_OIDC_USER_CLAIM',
  'DROVER_OIDC_CLOCK_SKEW_SECONDS',
];
const known = [...urls, ...paths, 'DROVER_OPERATOR', ...ofServer];
/** Read by the tests only. */
const ofTests = /^DROVER_(TEST_.*|SOAK)$/;

/**
 * The settings of the environment. An empty variable is as good as none.
 * @throws CONFIG_INVALID with every problem in `data.problems`; values are never shown, because a URL may hold a password.
 */
export function loadEnvironment(variables: Variables = process.env): Environment {
  const problems = [...unknownNames(variables), ...wrongUrls(variables), ...contradictions(variables)];
  if (problems.length > 0) throw new DroverError('CONFIG_INVALID', problems.join('\n'), { problems });
  const databaseUrl = read(variables, 'DROVER_DATABASE');
  const dataFolder = read(variables, 'DROVER_DATA');
  const stateUrl = read(variables, 'DROVER_STATE');
  const registryFolder = read(variables, 'DROVER_REGISTRY');
  const operator = ['DROVER_OPERATOR', 'USER', 'LOGNAME', 'USERNAME'].flatMap(
    (name) => read(variables, name) ?? [],
  )[0];
  return {
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(dataFolder === undefined ? {} : { dataFolder }),
    ...(stateUrl === undefined ? {} : { stateUrl }),
    configFile: read(variables, 'DROVER_CONFIG') ?? 'drover.config.yaml',
    ...(operator === undefined ? {} : { operator }),
    ...(registryFolder === undefined ? {} : { registryFolder }),
    libpq: libpqOf(variables),
    color: colorOf(variables),
  };
}

/**
 * The settings of the server. An empty variable is as good as none.
 * @throws CONFIG_INVALID with every problem in `data.problems`
 */
export function loadServerSettings(variables: Variables = process.env): ServerSettings {
  const reader = new Reader(variables);
  const databaseUrl = reader.url('DATABASE_URL', ['postgres:', 'postgresql:']);
  const tracesUrl = reader.url('OTEL_EXPORTER_OTLP_ENDPOINT', ['http:', 'https:']);
  const oidc = readOidc(reader);
  const secretKey = reader.text('DROVER_SECRET_KEY');
  const stage = reader.word('DROVER_ENV', ['development', 'production']) ?? reader.text('NODE_ENV');
  const settings: ServerSettings = {
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    host: reader.text('HOST') ?? '127.0.0.1',
    port: reader.number('PORT', { usual: 3000, min: 0, max: 65_535 }),
    logLevel: reader.word('DROVER_LOG_LEVEL', logLevels) ?? 'info',
    poolSize: reader.number('DROVER_POOL_SIZE', { usual: 10, min: 1, max: 500 }),
    bodyLimitBytes: reader.number('DROVER_BODY_LIMIT', { usual: 1_048_576, min: 1024, max: 104_857_600 }),
    requestsPerMinute: reader.number('DROVER_RATE_LIMIT', { usual: 1200, min: 1, max: 10_000_000 }),
    corsOrigins: reader.origins('DROVER_CORS_ORIGINS'),
    trustProxy: reader.word('DROVER_TRUST_PROXY', ['true', 'false']) === 'true',
    metrics: reader.word('DROVER_METRICS', ['open', 'closed']) ?? 'open',
    stopTimeoutMs: 1000 * reader.number('DROVER_STOP_SECONDS', { usual: 20, min: 1, max: 600 }),
    watchMinutes: reader.number('DROVER_WATCH_MINUTES', { usual: 60, min: 0, max: 10_080 }),
    retirementFeedDays: reader.number('DROVER_RETIREMENT_FEED_DAYS', { usual: 90, min: 0, max: 3650 }),
    ...(oidc === undefined ? {} : { oidc }),
    ...(tracesUrl === undefined ? {} : { tracesUrl }),
    build: reader.text('DROVER_BUILD') ?? 'source',
    ...(secretKey === undefined ? {} : { secretKey }),
    olderSecretKeys: reader.list('DROVER_SECRET_KEYS_OLD'),
    production: stage === 'production',
  };
  const { problems } = reader;
  if (problems.length > 0) throw new DroverError('CONFIG_INVALID', problems.join('\n'), { problems });
  return settings;
}

function readOidc(reader: Reader): OidcSettings | undefined {
  const issuer = reader.url('DROVER_OIDC_ISSUER', ['http:', 'https:']);
  const audience = reader.text('DROVER_OIDC_AUDIENCE');
  const jwksUrl = reader.url('DROVER_OIDC_JWKS_URL', ['http:', 'https:']);
  if (issuer === undefined && audience === undefined && jwksUrl === undefined) return undefined;
  if (issuer === undefined || audience === undefined) {
    const half = reader.text('DROVER_OIDC_ISSUER') === undefined || audience === undefined;
    if (half) reader.problems.push('DROVER_OIDC_ISSUER, DROVER_OIDC_AUDIENCE: set both, or neither');
    return undefined;
  }
  return {
    issuer,
    audience,
    ...(jwksUrl === undefined ? {} : { jwksUrl }),
    tenantClaim: reader.text('DROVER_OIDC_TENANT_CLAIM') ?? 'tenant_id',
    userClaim: reader.text('DROVER_OIDC_USER_CLAIM') ?? 'email',
    clockSkewSeconds: reader.number('DROVER_OIDC_CLOCK_SKEW_SECONDS', { usual: 30, min: 0, max: 300 }),
  };
}

/** Reads one variable after the other and remembers what is wrong with them. */
class Reader {
  readonly problems: string[] = [];
  readonly #variables: Variables;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  text(name: string): string | undefined {
    return read(this.#variables, name);
  }

  number(name: string, { usual, min, max }: { usual: number; min: number; max: number }): number {
    const text = this.text(name);
    if (text === undefined) return usual;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    this.problems.push(`${name}: not a whole number from ${min} to ${max}`);
    return usual;
  }

  word<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const text = this.text(name);
    const found = words.find((word) => word === text);
    if (text !== undefined && found === undefined)
      this.problems.push(`${name}: not one of ${words.join(', ')}`);
    return found;
  }

  url(name: string, protocols: readonly string[]): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
    this.problems.push(
      `${name}: not a URL that begins with ${protocols.map((each) => `${each}//`).join(' or ')}`,
    );
    return undefined;
  }

  /** Separated by commas. */
  list(name: string): string[] {
    return (this.text(name) ?? '').split(',').flatMap((part) => part.trim() || []);
  }

  /** `https://a.example, https://b.example`; no wildcard, because credentials go with a request. */
  origins(name: string): string[] {
    const origins = this.list(name);
    const wrong = origins.filter((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
    for (const origin of wrong)
      this.problems.push(`${name}: ${origin} is not an origin such as https://host:port`);
    return origins;
  }
}

function read(variables: Variables, name: string): string | undefined {
  const value = variables[name]?.trim();
  return value === '' ? undefined : value;
}

function unknownNames(variables: Variables): string[] {
  const unknown = Object.keys(variables).filter(
    (name) => name.startsWith('DROVER_') && !known.includes(name) && !ofTests.test(name),
  );
  return unknown.sort().map((name) => {
    const nearest = nearestName(name, known);
    return `${name}: unknown variable${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
  });
}

/** Is the text the URL of a PostgreSQL server, where another thing may be meant? In letters of either case, and with blanks around it. */
export function isServerUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//i.test(text.trim());
}

function wrongUrls(variables: Variables): string[] {
  const strays = paths.filter((name) => isServerUrl(read(variables, name) ?? ''));
  const problems = strays.map((name) => `${name}: it takes no URL of a database; DROVER_DATABASE does`);
  const unfit = urls.flatMap((name) => {
    const value = read(variables, name);
    const fits = value === undefined || (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value));
    return fits ? [] : [`${name}: not a URL such as postgres://user@host:5432/database`];
  });
  return [...unfit, ...problems];
}

function contradictions(variables: Variables): string[] {
  const both =
    read(variables, 'DROVER_DATABASE') !== undefined && read(variables, 'DROVER_DATA') !== undefined;
  return both ? ['DROVER_DATABASE, DROVER_DATA: set one of them, a server or a folder'] : [];
}

function libpqOf(variables: Variables): Map<string, string> {
  return new Map(
    Object.entries(variables).flatMap(([name, value]) =>
      name.startsWith('PG') && value !== undefined && value !== '' ? [[name, value]] : [],
    ),
  );
}

function colorOf(variables: Variables): Environment['color'] {
  if (read(variables, 'NO_COLOR') !== undefined) return 'never';
  const forced = read(variables, 'FORCE_COLOR');
  if (forced === undefined) return 'auto';
  return forced === '0' ? 'never' : 'always';
}
