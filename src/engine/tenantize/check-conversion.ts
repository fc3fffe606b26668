/**
 * Checks the plan of a conversion by other means: it walks through the steps with the names that each table has, and shares no code
 * with what made them.
 */
import type { ConvertedTable } from './conversion.ts';
import type { ConversionGround } from './ground.ts';
import type { ConversionPlan } from './plan-conversion.ts';
import type { ConversionStep } from './steps.ts';

/** One sentence for each contradiction; none where the plan holds. */
export function checkConversion(ground: ConversionGround, plan: ConversionPlan): string[] {
  if (plan.questions.length > 0)
    return plan.steps.length === 0 ? coverage(ground, plan) : ['a question is open, and there are steps'];
  return [
    ...coverage(ground, plan),
    ...plan.tables.flatMap((each) => promisesOf(ground, plan.tables, each)),
    ...namesFit(plan),
    ...namesResolve(ground, plan),
    ...plan.steps.flatMap(stepFaults),
    ...orderFaults(plan.steps, uniqueInV1(ground, plan)),
    ...plan.tables.flatMap((each) => kept(each, plan.steps)),
  ];
}

/** Each table has one class, or is asked about. */
function coverage({ scope }: ConversionGround, plan: ConversionPlan): string[] {
  return scope.catalog.tables.flatMap(({ id }) => {
    const classes = plan.classes.filter(({ table }) => table === id);
    const asked = plan.questions.some(({ table, code }) => table === id && code === 'TABLE_UNCLASSIFIED');
    if (classes.length > 1) return [`${id} has ${classes.length} classes`];
    if (classes.length === 0 && !asked) return [`${id} has no class, and nobody is asked`];
    if (classes.length === 1 && asked) return [`${id} has a class, and is asked about`];
    const [known] = classes;
    const converted = plan.tables.filter(({ table }) => table === id).length;
    if (plan.questions.length === 0 && converted !== (known?.class === 'system' ? 0 : 1))
      return [`${id} is converted ${converted} times`];
    return [];
  });
}

/** What a table of tenants must have in V2, asked of the catalogue anew. */
function promisesOf(
  { scope }: ConversionGround,
  tables: readonly ConvertedTable[],
  each: ConvertedTable,
): string[] {
  const source = scope.catalog.tables.find(({ id }) => id === each.table);
  if (source === undefined) return [`${each.table} is not in the catalogue`];
  const faults: string[] = [];
  const missing = (what: string): void => {
    faults.push(`${each.table} ${what}`);
  };
  if (each.class === 'global') {
    if (each.column !== undefined || each.policies.length > 0) missing('is everybody’s and has a tenant');
    return faults;
  }
  if (each.column === undefined) missing('has no tenant column');
  const suffixes = ['_app', '_fleet', '_v1'];
  for (const end of suffixes)
    if (each.policies.filter(({ role }) => role.endsWith(end)).length !== 1)
      missing(`has not one policy for …${end}`);
  if (each.policies.some(({ role, who }) => role.endsWith('_app') && who !== 'tenant'))
    missing('shows the application more than one tenant');
  if (each.class === 'root') return faults;
  for (const unique of source.uniqueIndexes) {
    const has = unique.columns.some((name) => name !== null && calledIn(each, name) === each.column);
    if (!has && each.narrow.filter(({ name }) => name === unique.name).length !== 1)
      missing(`has the unique ${unique.name}, of which the plan says nothing`);
  }
  for (const { name, becomes } of each.narrow)
    if (becomes === 'wide' && each.keys.filter(({ instead }) => instead === name).length !== 1)
      missing(`loses the unique ${name}`);
  for (const key of source.foreignKeys) {
    const parent = tables.find(({ table }) => table === key.references);
    if (parent?.class !== 'tenant') continue;
    const carries = key.columns.some(
      (name, at) =>
        calledIn(each, name) === each.column &&
        calledIn(parent, key.referencedColumns[at] ?? '') === parent.column,
    );
    if (!carries && each.foreignKeys.filter(({ instead }) => instead === key.name).length !== 1)
      missing(`may name another tenant’s row by ${key.name}`);
  }
  return faults;
}

function calledIn({ renamed }: ConvertedTable, name: string): string {
  const found = renamed.find(({ from }) => from === name);
  return found === undefined ? name : found.to;
}

/** No two tables or columns have one name, and none is longer than PostgreSQL holds. */
function namesFit({ tables }: ConversionPlan): string[] {
  const faults: string[] = [];
  const twice = (names: readonly string[], where: string): void => {
    for (const name of new Set(names))
      if (names.filter((other) => other === name).length > 1) faults.push(`${where}: ${name} is there twice`);
  };
  twice(
    tables.map(({ v2 }) => `${v2.schema}.${v2.name}`),
    'tables of V2',
  );
  twice(
    tables.flatMap(({ v2, keys, indexes }) =>
      [...keys, ...indexes].map(({ name }) => `${v2.schema}.${name}`),
    ),
    'indexes of V2',
  );
  for (const { table, shim, twins, v2, keys, indexes, foreignKeys } of tables) {
    twice([...(shim?.columns ?? []).map(({ column }) => column), ...twins.map((twin) => twin.v2)], table);
    const made = [...keys, ...indexes, ...foreignKeys].map(({ name }) => name);
    for (const name of [v2.name, ...made, ...twins.flatMap((twin) => [twin.check, twin.function, twin.kept])])
      if (bytesOf(name) > 63) faults.push(`${table}: the name ${name} is longer than 63 bytes`);
  }
  return faults;
}

/** How many bytes a text has in UTF-8, counted by what it is escaped to. */
function bytesOf(text: string): number {
  return encodeURIComponent(text).replaceAll(/%[0-9A-F]{2}/g, 'x').length;
}

/** From expand to contract each table answers to its V1 name with exactly its V1 columns, and from expand on to its V2 name. */
function namesResolve({ scope }: ConversionGround, { tables, steps }: ConversionPlan): string[] {
  const faults: string[] = [];
  const answers = new Map(scope.catalog.tables.map((table) => [`${table.schema} ${table.name}`, table.id]));
  const inV2 = new Map(tables.map(({ table, v2 }) => [table, `${v2.schema} ${v2.name}`]));
  for (const [at, { change, phase }] of steps.entries()) {
    if (change.kind === 'shim') {
      const from = `${change.v1.schema} ${change.v1.name}`;
      const id = answers.get(from);
      const source = scope.catalog.tables.find((table) => table.id === id);
      const to = `${change.v2.schema} ${change.v2.name}`;
      if (answers.has(to)) faults.push(`${change.v2.schema}.${change.v2.name} is taken`);
      if (id !== undefined) answers.set(to, id);
      const shown = change.shim.columns.map(({ as }) => as);
      const wanted = source?.columns.map(({ name }) => name) ?? [];
      if (JSON.stringify(shown) !== JSON.stringify(wanted))
        faults.push(`the shim of ${id ?? from} has other columns than V1`);
      if (change.shim.view.schema !== change.v1.schema || change.shim.view.name !== change.v1.name)
        faults.push(`the shim of ${id ?? from} has another name than V1`);
    }
    if (change.kind === 'drop-shim') answers.delete(`${change.shim.view.schema} ${change.shim.view.name}`);
    const isLast = steps[at + 1]?.phase !== phase;
    if (!isLast || phase === 'contract') continue;
    for (const table of scope.catalog.tables) {
      const v2 = inV2.get(table.id);
      if (answers.get(`${table.schema} ${table.name}`) !== table.id)
        faults.push(`after ${phase} ${table.id} does not answer to its name`);
      if (v2 !== undefined && answers.get(v2) !== table.id)
        faults.push(`after ${phase} ${table.id} has no V2 name`);
    }
  }
  return faults;
}

/** One table is locked exclusively, a foreign key its two; and no row is read under a lock that readers wait for. */
function stepFaults({
  what,
  table,
  locks,
  transaction,
  reversible,
  phase,
  change,
}: ConversionStep): string[] {
  const exclusive = locks.filter(({ mode }) => mode === 'ACCESS EXCLUSIVE');
  const isKey = change.kind === 'foreign-key' || change.kind === 'drop-foreign-key';
  const name = `${phase} ${table} (${what})`;
  const concurrent = change.kind === 'wide-index' || change.kind === 'index';
  return [
    ...(exclusive.length > (isKey ? 2 : 1) ? [`${name} locks ${exclusive.length} tables exclusively`] : []),
    ...(exclusive.some(({ rows }) => rows) ? [`${name} reads rows under ACCESS EXCLUSIVE`] : []),
    ...(concurrent === transaction ? [`${name} must ${concurrent ? 'not ' : ''}be in a transaction`] : []),
    ...(reversible === (phase === 'contract') ? [`${name} says the wrong thing of going back`] : []),
  ];
}

/** Unique columns that V1 has already, in V2's names. */
function uniqueInV1({ scope }: ConversionGround, { tables }: ConversionPlan): string[] {
  return tables.flatMap((each) =>
    (scope.catalog.tables.find(({ id }) => id === each.table)?.uniqueIndexes ?? [])
      .filter(({ predicate, columns }) => predicate === undefined && !columns.includes(null))
      .map(({ columns }) => {
        const called = columns.map((name) => calledIn(each, name ?? '')).join(' ');
        return `unique ${each.v2.schema} ${each.v2.name} ${called}`;
      }),
  );
}

const order = ['expand', 'fill', 'validate', 'shadow', 'bind', 'contract'];

/** Phases follow each other; what one step rests on was made before; and nothing is filled or validated once policies are on. */
function orderFaults(steps: readonly ConversionStep[], unique: readonly string[]): string[] {
  const faults: string[] = [];
  const made = new Set<string>(unique);
  const secured = new Set<string>();
  let phase = 0;
  for (const { change, phase: own, table, what } of steps) {
    const at = order.indexOf(own);
    if (at < phase) faults.push(`${own} ${what} comes after ${order[phase] ?? ''}`);
    phase = Math.max(phase, at);
    if (change.kind === 'shadow') secured.add(table);
    const reads =
      change.kind.startsWith('fill-') || change.kind.startsWith('valid-') || change.kind.endsWith('-gate');
    if (reads && secured.size > 0)
      faults.push(`${what} of ${table} comes after policies, which would hide rows from it`);
    if (change.kind === 'wide-index') {
      const parts = change.key.parts.map((part) => ('column' in part ? part.column : '()')).join(' ');
      made.add(`unique ${change.at.schema} ${change.at.name} ${parts}`);
    }
    if (change.kind === 'foreign-key') {
      const { references, referencedColumns, columns, name, instead } = change.key;
      if (columns.length !== referencedColumns.length) faults.push(`${name} has two lengths`);
      const wanted = `unique ${references.schema} ${references.name} ${referencedColumns.join(' ')}`;
      if (instead !== undefined && !made.has(wanted))
        faults.push(`${name} leads to columns that are not unique`);
      made.add(`key ${name}`);
    }
    if (change.kind === 'valid-key' && !made.has(`key ${change.key.name}`))
      faults.push(`${change.key.name} is validated before it is made`);
    if (change.kind === 'bind' && !secured.has(table)) faults.push(`${table} is bound before it is secured`);
    if (
      change.kind === 'drop-foreign-key' &&
      !steps.some((step) => step.change.kind === 'valid-key' && step.change.key.instead === change.name)
    )
      faults.push(`${change.name} goes, and nothing takes its place`);
  }
  return faults;
}

/** What each table is promised is done by steps. */
function kept(each: ConvertedTable, steps: readonly ConversionStep[]): string[] {
  const own = steps.filter(({ table }) => table === each.table).map(({ change }) => change);
  const has = (kind: string): boolean => own.some((change) => change.kind === kind);
  const faults: string[] = [];
  if (each.column !== undefined && !(has('shadow') && has('bind')))
    faults.push(`${each.table} is never bound`);
  if (each.class === 'tenant' && !each.hasColumn && !has('owner-column'))
    faults.push(`${each.table} gets no tenant column`);
  if (
    each.owner?.kind === 'path' &&
    !(has('owner-trigger') && has('fill-owner') && has('owner-gate') && has('drop-check'))
  )
    faults.push(`rows of ${each.table} may stay without a tenant`);
  for (const key of each.keys)
    if (!own.some((change) => change.kind === 'wide-index' && change.key.name === key.name))
      faults.push(`${each.table} never gets ${key.name}`);
  for (const key of each.foreignKeys)
    if (!own.some((change) => change.kind === 'valid-key' && change.key.name === key.name))
      faults.push(`${key.name} is never validated`);
  return faults;
}
