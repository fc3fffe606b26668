/**
 * A configuration is code: what it says in SQL runs as the login. A plan runs it in a transaction that only reads, and the database
 * refuses what writes there; but a function that is VOLATILE may act beside the transaction (another connection, files, sessions), and
 * nothing holds back what a superuser calls. So a superuser's plan takes such SQL only from a configuration that somebody trusts.
 */
import type { ConfigProblem } from '../../engine/rules/config.ts';
import type { Tx } from '../driver/database.ts';
import type { Probe } from './probe.ts';

/** Names that a text may call: before a parenthesis, and behind a dot, where `row.name` may be a call. */
interface Called {
  readonly functions: ReadonlySet<string>;
  readonly members: ReadonlySet<string>;
}

interface Written {
  readonly path: ConfigProblem['path'];
  readonly text: string;
}

/** The SQL of a configuration that calls what is VOLATILE, where the login is a superuser. */
export async function untrustedSql(tx: Tx, probes: readonly Probe[]): Promise<ConfigProblem[]> {
  const written = probes.flatMap(({ path, text }): Written[] => (text === undefined ? [] : [{ path, text }]));
  if (written.length === 0) return [];
  const { login, isSuper } = await tx.one<{ login: string; isSuper: boolean }>(loginSql);
  if (!isSuper) return [];
  const all = written.map((one) => ({ ...one, called: calledIn(one.text) }));
  const names = (of: keyof Called): string[] => [...new Set(all.flatMap(({ called }) => [...called[of]]))];
  const found = await tx.many<{ name: string }>(volatileSql, [names('functions'), names('members')]);
  const isVolatile = new Set([...found.map(({ name }) => name), unreadable]);
  return all.flatMap(({ path, text, called }) => {
    const name = [...called.functions, ...called.members].find((one) => isVolatile.has(one));
    return name === undefined ? [] : [{ path, message: refusal(text, name, login) }];
  });
}

const loginSql = `
SELECT session_user::text AS login, r.rolsuper AS "isSuper" FROM pg_catalog.pg_roles r WHERE r.rolname = session_user`;

const volatileSql = `
SELECT DISTINCT p.proname::text AS name
FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_type y ON p.pronargs = 1 AND y.oid = p.proargtypes[0]
WHERE p.provolatile = 'v' AND (p.proname = ANY ($1::text[]) OR (p.proname = ANY ($2::text[]) AND y.typtype IN ('c', 'p')))`;

function refusal(text: string, name: string, login: string): string {
  return (
    `"${text}" calls ${name}, which is VOLATILE and may do more than read, and nothing holds it back, since the login ${login} is a ` +
    'superuser: use a login that is none, mark the function STABLE if it only reads, or pass --trust-config'
  );
}

/** A name whose letters are written as escapes. */
const unreadable = 'U&"…"';
const named = /(\.\s*)?(?:"((?:[^"]|"")+)"|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*))(\s*\()?/g;

/**
 * What stands in literals is taken for a call, too: whoever wants to hide one must not be helped by a reader that takes something else for
 * a literal than the database does. Where there are comments every name may be a call.
 */
function calledIn(text: string): Called {
  const functions = new Set<string>(/\bu&"/i.test(text) ? [unreadable] : []);
  const members = new Set<string>();
  const commented = /--|\/\*/.test(text);
  for (const [, dot, quoted, plain, call] of text.matchAll(named)) {
    const name = quoted?.replaceAll('""', '"') ?? plain?.toLowerCase() ?? '';
    if (call !== undefined || commented) functions.add(name);
    else if (dot !== undefined) members.add(name);
  }
  return { functions, members };
}
