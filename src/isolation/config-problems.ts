/** What is wrong with the isolation part of a configuration beside its shape: what it names and is not there, and past days. */
import type { IsolationFacts } from '../engine/isolation/facts.ts';
import { nearestName } from '../engine/nearest.ts';
import type { Config, ConfigProblem } from '../engine/rules/config.ts';
import { objectOf, roleObject, shownObject } from './ground.ts';
import { listedRules } from './listed-rules.ts';

type Judged = Pick<Config, 'isolation'>;

/** What the text alone shows, with the path to each. `today` is a day: `2026-12-01`. */
export function isolationProblems({ isolation }: Judged, today: string): ConfigProblem[] {
  const rules = listedRules().map(({ id }) => id);
  return (isolation?.ignore ?? []).flatMap(({ rule, until }, at) => {
    const path = (key: string): ConfigProblem['path'] => ['isolation', 'ignore', at, key];
    const nearest = nearestName(rule, rules);
    const hint = nearest === undefined ? '`drover doctor rules` lists them' : `did you mean ${nearest}?`;
    return [
      ...(rules.includes(rule)
        ? []
        : [{ path: path('rule'), message: `the doctor has no rule ${rule}; ${hint}` }]),
      ...(until !== undefined && until < today
        ? [{ path: path('until'), message: `${until} is past: the finding counts again` }]
        : []),
    ];
  });
}

/** What the database does not have: roles, and objects whose findings are ignored. */
export function unknownObjects({ isolation }: Judged, facts: IsolationFacts): ConfigProblem[] {
  const { roles = [], trusted = [], ignore = [] } = isolation ?? {};
  const known = facts.roles.map(({ name }) => name);
  const missing = (key: string, names: readonly string[]): ConfigProblem[] =>
    names.flatMap((name, at) =>
      known.includes(name)
        ? []
        : [{ path: ['isolation', key, at], message: `there is no role ${name}${meant(name, known)}` }],
    );
  const objects = ignore.some(({ at }) => at !== '*') ? objectsOf(facts) : undefined;
  return [
    ...missing('roles', roles),
    ...missing('trusted', trusted),
    ...ignore.flatMap(({ at }, index): ConfigProblem[] => {
      if (objects === undefined || at === '*' || objects.exact.has(at)) return [];
      if (objects.wholes.some((whole) => at === whole || at.startsWith(`${whole}.`))) return [];
      const message = `the database has no object ${at}${meant(at, [...objects.exact])}`;
      return [{ path: ['isolation', 'ignore', index, 'at'], message }];
    }),
  ];
}

function meant(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

/** As findings print them. The parts of a table are known, those of `wholes` are whatever a rule calls them. */
function objectsOf(facts: IsolationFacts): {
  readonly exact: ReadonlySet<string>;
  readonly wholes: string[];
} {
  const { relations, keys, indexes, catalog, roles, schemas, functions, publications, database } = facts;
  const tables = new Map(catalog.tables.map((table) => [table.id, table]));
  const rolesAndRights = [...roles.map(({ name }) => name), 'truncate', 'trigger', 'references'];
  const ofSchemas = schemas.flatMap(({ name }) =>
    [undefined, ...roles.map((role) => role.name)].map((part) =>
      objectOf('schema', { schema: '', name }, part),
    ),
  );
  const ofTables = relations.flatMap((relation) => {
    const { id, root = id, policies, triggers, rewrites } = relation;
    const table = tables.get(root);
    const isOf = (each: { readonly table: string }): boolean => each.table === id || each.table === root;
    const parts = [
      ...[...policies, ...triggers, ...rewrites].map(({ name }) => name),
      ...[...keys.filter(isOf), ...indexes.filter(isOf)].map(({ name }) => name),
      ...indexes.filter(isOf).flatMap(({ constraint }) => constraint?.name ?? []),
      ...[...(table?.columns ?? []), ...(table?.foreignKeys ?? [])].map(({ name }) => name),
      ...rolesAndRights,
      'its ways to an owner',
    ];
    return [objectOf('table', relation), ...parts.map((part) => objectOf('table', relation, part))];
  });
  const wholes = [
    ...roles.map(({ name }) => roleObject(name)),
    ...functions.map((each) => objectOf('function', each)),
    ...publications.map(({ name }) => objectOf('publication', { schema: '', name })),
    ...[database, 'PostgreSQL', 'isolation.ignore', 'isolation.baseline'].map((name) =>
      objectOf('configuration', { schema: '', name }),
    ),
  ];
  return {
    exact: new Set([...ofTables, ...ofSchemas, ...wholes].map(shownObject)),
    wholes: wholes.map(shownObject),
  };
}
