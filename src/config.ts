/** The environment of the process, read here and nowhere else. All that is wrong with it is said at once. */
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
  readonly color: 'auto' | 'always' | 'never';
}

type Variables = Readonly<Record<string, string | undefined>>;

const urls = ['DROVER_DATABASE', 'DROVER_STATE'];
const known = [...urls, 'DROVER_DATA', 'DROVER_CONFIG', 'DROVER_OPERATOR'];
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
  const operator = ['DROVER_OPERATOR', 'USER', 'LOGNAME', 'USERNAME'].flatMap(
    (name) => read(variables, name) ?? [],
  )[0];
  return {
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(dataFolder === undefined ? {} : { dataFolder }),
    ...(stateUrl === undefined ? {} : { stateUrl }),
    configFile: read(variables, 'DROVER_CONFIG') ?? 'drover.config.yaml',
    ...(operator === undefined ? {} : { operator }),
    color: colorOf(variables),
  };
}

/** The known name nearest to a mistyped one. Undefined where none is near. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(name.length / 3))
    ? best.candidate
    : undefined;
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

function wrongUrls(variables: Variables): string[] {
  return urls.flatMap((name) => {
    const value = read(variables, name);
    const fits = value === undefined || (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value));
    return fits ? [] : [`${name}: not a URL such as postgres://user@host:5432/database`];
  });
}

function contradictions(variables: Variables): string[] {
  const both =
    read(variables, 'DROVER_DATABASE') !== undefined && read(variables, 'DROVER_DATA') !== undefined;
  return both ? ['DROVER_DATABASE, DROVER_DATA: set one of them, a server or a folder'] : [];
}

function colorOf(variables: Variables): Environment['color'] {
  if (read(variables, 'NO_COLOR') !== undefined) return 'never';
  const forced = read(variables, 'FORCE_COLOR');
  if (forced === undefined) return 'auto';
  return forced === '0' ? 'never' : 'always';
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other. */
function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, at) => at)];
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = cell(i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped =
        from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? cell(i - 2, j - 2) + 1 : Infinity;
      row.push(Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, replaced, swapped));
    }
  }
  return cell(from.length, to.length);
}
