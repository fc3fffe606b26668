/**
 * Who may import whom, down to subfolders. The longest row that begins a path is the row of the file; everybody may import themselves.
 * From outside, the name of a top folder stands for all of it; inside, each part is named.
 */

const everything = ['engine', 'registry', 'isolation', 'postgres', 'fleet', 'platform'];
const routes = ['http/contract.ts', 'http/schemas.ts', 'http/api'];
const command = ['cli', 'cli/terminal', 'site', ...everything, 'config.ts', 'config-file.ts', 'errors.ts'];

/** Paths below src. A file that no row covers is a violation. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  'csv.ts': [],
  'config.ts': ['engine', 'errors.ts'],
  'config-faults.ts': ['engine'],
  'config-file.ts': ['config-faults.ts', 'config.ts', 'engine', 'errors.ts'],
  'main.ts': ['cli'],
  site: [...everything, 'config.ts', 'config-file.ts', 'errors.ts'],
  library: ['site', ...everything, 'config.ts', 'errors.ts'],

  engine: [],
  'engine/catalogue': inEngine(''),
  'engine/edit': inEngine(''),
  'engine/models': inEngine('edit'),
  'engine/rules': inEngine('catalogue edit models'),
  'engine/inventory': inEngine('catalogue edit rules'),
  'engine/plan': inEngine('catalogue edit inventory models rules'),
  'engine/operations': inEngine('edit plan rules'),
  'engine/planner': inEngine('catalogue inventory models operations plan rules'),
  'engine/propose': inEngine('catalogue inventory rules'),
  'engine/assess': inEngine('models'),
  'engine/isolation': inEngine('catalogue rules'),
  'engine/tenantize': inEngine('catalogue isolation rules'),

  isolation: ['engine', 'errors.ts'],
  'isolation/mends': ['isolation', 'postgres/sql', 'engine', 'errors.ts'],
  'isolation/lint': ['isolation', 'engine', 'errors.ts'],
  'isolation/conversion': ['isolation', 'postgres/sql', 'engine', 'errors.ts'],

  'registry/load': ['engine', 'errors.ts'],
  'registry/known': ['registry/load', 'engine', 'errors.ts'],
  'registry/verdict': ['registry/load', 'registry/known', 'engine', 'errors.ts'],
  'registry/import': ['registry/load', 'registry/verdict', 'engine', 'errors.ts'],

  'postgres/sql': ['engine', 'errors.ts'],
  'postgres/driver': ['postgres/sql', 'engine', 'errors.ts'],
  'postgres/catalogue': inPostgres('driver sql'),
  'postgres/schema': ['postgres/driver', 'postgres/sql', 'errors.ts'],
  'postgres/scope': inPostgres('catalogue driver schema sql'),
  'postgres/facts': inPostgres('catalogue driver sql'),
  'postgres/inventory': inPostgres('catalogue driver sql'),
  'postgres/isolation': inPostgres('catalogue driver sql'),
  'postgres/isolation/probe': inPostgres('catalogue driver scope sql'),
  'postgres/tenantize': inPostgres('catalogue driver isolation sql'),
  'postgres/records': inPostgres('driver scope sql'),
  'postgres/move/operations': inPostgres('driver facts records sql'),
  'postgres/move': inPostgres('catalogue driver facts move/operations records scope sql'),
  'postgres/undo': inPostgres('catalogue driver facts move move/operations records scope sql'),
  'postgres/usage': inPostgres('catalogue driver facts move scope sql'),
  'postgres/runs': inPostgres('catalogue driver facts scope sql'),
  'postgres/assess': inPostgres('catalogue driver facts move scope sql usage'),

  fleet: ['engine', 'postgres', 'errors.ts'],

  platform: ['engine', 'isolation', 'postgres', 'config-file.ts', 'errors.ts'],
  'platform/queries': ['postgres/driver', 'postgres/sql'],
  'platform/secrets': inPlatform('queries'),
  'platform/access': inPlatform('queries'),
  'platform/resources': inPlatform('access queries'),
  'platform/rows': inPlatform('access queries resources'),
  'platform/workspaces': [...inPlatform('access queries resources rows secrets'), 'registry'],
  'platform/migrations': inPlatform('access'),
  'platform/demo': inPlatform('access queries'),

  'http/contract.ts': ['platform'],
  'http/schemas.ts': ['platform'],
  'http/api': ['http/contract.ts', 'http/schemas.ts', 'engine', 'postgres', 'platform', 'errors.ts'],
  'http/documents': ['http/api', 'errors.ts', 'http/contract.ts'],
  'http/routes/health': onEndpoints(),
  'http/routes/resources': onEndpoints(),
  'http/routes/migrations': onEndpoints(),
  'http/routes/models': onEndpoints('http/routes/migrations', 'http/routes/resources'),
  'http/routes/runs': onEndpoints('http/routes/migrations'),
  'http/routes/assessments': onEndpoints('http/routes/migrations', 'csv.ts'),
  'http/routes/workspaces': onEndpoints('http/routes/resources'),
  'http/routes.ts': [
    'http/contract.ts',
    'http/routes/assessments',
    'http/routes/health',
    'http/routes/migrations',
    'http/routes/models',
    'http/routes/resources',
    'http/routes/runs',
    'http/routes/workspaces',
    'platform',
  ],
  'http/edge': ['http/api', 'http/contract.ts', 'engine', 'errors.ts'],
  'http/server': [
    'http/api',
    'http/contract.ts',
    'http/documents',
    'http/routes.ts',
    ...everything,
    'config.ts',
    'errors.ts',
  ],

  'cli/terminal': ['engine', 'postgres', 'csv.ts', 'errors.ts'],
  cli: ['cli/terminal', 'site', ...everything, 'config.ts', 'config-file.ts', 'errors.ts'],
  'cli/assess': command,
  'cli/database': command,
  'cli/inventory': [...command, 'csv.ts'],
  'cli/isolation': command,
  'cli/models': command,
  'cli/registry': command,
  'cli/runs': command,
  'cli/migrations': [...command, 'cli/runs'],
  'cli/tenantize': [...command, 'cli/runs'],
  'cli/server': [...command, 'cli/database', 'cli/migrations', 'http'],
  'cli/main.ts': [
    'cli',
    'cli/assess',
    'cli/database',
    'cli/inventory',
    'cli/isolation',
    'cli/migrations',
    'cli/models',
    'cli/registry',
    'cli/runs',
    'cli/server',
    'cli/tenantize',
    'cli/terminal',
    'site',
    'config.ts',
    'errors.ts',
  ],
};

/** The files beside the folders of the engine belong to all of them. */
function inEngine(parts: string): readonly string[] {
  return [
    'engine',
    ...parts
      .split(' ')
      .filter((part) => part !== '')
      .map((part) => `engine/${part}`),
  ];
}

function inPostgres(parts: string): readonly string[] {
  return [...parts.split(' ').map((part) => `postgres/${part}`), 'engine', 'errors.ts'];
}

/** All of them know the files of src/platform itself: what an opened platform is, and how its tenants are told apart. */
function inPlatform(parts: string): readonly string[] {
  return [
    'platform',
    ...parts.split(' ').map((part) => `platform/${part}`),
    'engine',
    'postgres',
    'errors.ts',
  ];
}

function onEndpoints(...others: readonly string[]): readonly string[] {
  return [...routes, ...others, 'engine', 'registry', 'postgres', 'fleet', 'platform', 'errors.ts'];
}

/** The row of a file: src/postgres/move/operations/merge.ts has postgres/move/operations. */
export function partOf(path: string): string | undefined {
  const below = path.replace(/^src\//, '');
  const rows = Object.keys(mayImport).filter((row) => below === row || below.startsWith(`${row}/`));
  return rows.toSorted((a, b) => b.length - a.length)[0];
}

/** src/postgres/move/move.ts is in postgres; a file of src itself is a folder of its own. */
export function topFolderOf(path: string): string {
  return path.replace(/^src\//, '').split('/')[0] ?? '';
}

export function isAllowed(from: string, to: string): boolean {
  const listed = mayImport[from] ?? [];
  const abroad = topFolderOf(from) !== topFolderOf(to);
  return from === to || listed.includes(to) || (abroad && listed.includes(topFolderOf(to)));
}
