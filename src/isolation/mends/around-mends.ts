/** V, F and R: views and functions that work as who calls them, and roles that lose what no policy binds. */
import { tableId } from '../../engine/catalogue/catalog.ts';
import type { FunctionFact } from '../../engine/isolation/facts.ts';
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import { listed } from '../ground.ts';
import type { Ground } from '../ground.ts';
import { mayCreate, mayUse, untrustedRoles } from '../reach.ts';
import { readsMore } from '../rules/policies/immutable-context.ts';
import { touchedTables } from '../rules/around/touched.ts';
import { noSql } from './mend.ts';
import type { Mending } from './mend.ts';
import { tiedAt } from './policy-mends.ts';
import { altered, stated } from './statements.ts';

const gone = noSql('it is not there any more');

export function askAsReader(ground: Ground, { at, reachedBy }: IsolationFinding): Mending {
  const view = ground.relations.get(tableId(at.schema, at.name));
  if (view === undefined) return gone;
  const lacking = reachedBy.filter((role) =>
    view.reads
      .flatMap((id) => ground.relations.get(id) ?? [])
      .some((relation) => !mayUse(ground, role, { relation, privileges: ['select'] })),
  );
  const sql = [`ALTER VIEW ${quoteTable(view)} SET (security_invoker = true)`];
  const what = `let ${view.id} ask as who reads it`;
  return {
    steps: [altered({ phase: 'contract', what, sql, lock: 'access exclusive', tables: [view.id] })],
    ...(lacking.length === 0
      ? {}
      : { note: `${listed(lacking)} has no right on what the view reads: it needs one, or no view` }),
  };
}

function functionAt({ facts }: Ground, { at }: IsolationFinding): FunctionFact | undefined {
  return facts.functions.find(
    ({ schema, name, arguments: types }) => schema === at.schema && name === at.name && types === at.part,
  );
}

function routine(found: FunctionFact): string {
  return `ALTER ROUTINE ${quoteTable(found)}(${found.arguments})`;
}

export function workAsCaller(ground: Ground, finding: IsolationFinding): Mending {
  const found = functionAt(ground, finding);
  if (found === undefined) return gone;
  return {
    steps: [
      stated('contract', `let ${found.id} work as who calls it`, [`${routine(found)} SECURITY INVOKER`]),
    ],
    note: `${found.id} sees one tenant from then on: what works for all takes EXECUTE from others instead`,
  };
}

/** Names in it mean what they mean in its own schema and in those of the tables that it names. */
export function fixPath(ground: Ground, finding: IsolationFinding): Mending {
  const found = functionAt(ground, finding);
  if (found === undefined) return gone;
  const wanted = [found.schema, ...touchedTables(ground, found).map(({ schema }) => schema)];
  const roles = untrustedRoles(ground);
  const safe = [...new Set(wanted)].filter(
    (schema) => !roles.some((role) => mayCreate(ground, role, schema)),
  );
  if (!safe.includes(found.schema))
    return noSql(`an untrusted role may create objects in ${found.schema}: that is mended first`);
  const path = ['pg_catalog', ...safe, 'pg_temp'].map((name) => quoteIdent(name)).join(', ');
  return {
    steps: [
      stated('bind', `fix the search path of ${found.id}`, [`${routine(found)} SET search_path = ${path}`]),
    ],
    note: `what ${found.id} names without a schema is looked for in ${listed(safe)} alone`,
  };
}

export function leak(ground: Ground, finding: IsolationFinding): Mending {
  const found = functionAt(ground, finding);
  if (found === undefined) return gone;
  return {
    steps: [stated('bind', `let policies be asked before ${found.id}`, [`${routine(found)} NOT LEAKPROOF`])],
  };
}

/** Functions of the policy that are declared to give the same always, and do not. */
export function declareStable(ground: Ground, finding: IsolationFinding): Mending {
  const policy = tiedAt(ground, finding)?.on.policies.find(({ name }) => name === finding.at.part);
  const isVolatile = finding.rule === 'volatile-in-policy';
  const calls = (policy?.calls ?? []).filter(
    ({ volatility }) => volatility === (isVolatile ? 'volatile' : 'immutable'),
  );
  if (isVolatile && calls.some(({ builtIn }) => builtIn))
    return noSql('the function is PostgreSQL’s own: take it out of the policy');
  const found = calls
    .filter(({ builtIn }) => !builtIn)
    .flatMap(({ id }) => ground.functions.get(id) ?? [])
    .filter((each) =>
      isVolatile ? each.volatility === 'volatile' : each.volatility === 'immutable' && readsMore(each),
    );
  if (isVolatile && found.some(({ language }) => language !== 'sql' && language !== 'plpgsql'))
    return noSql('nobody reads the language of the function: say STABLE where it only reads');
  if (found.length === 0) return gone;
  const sql = found.map((each) => `${routine(each)} STABLE`);
  return {
    steps: [stated('bind', `declare what ${listed(found.map(({ id }) => id))} is`, sql)],
    ...(isVolatile
      ? {
          note: 'PostgreSQL believes it, and refuses what it writes; an answer that changes within a statement is yours to know',
        }
      : {}),
  };
}
