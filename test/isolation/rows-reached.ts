/** Which rows of other tenants a role reaches by plain statements, tried within the server in one go: the judge of a random schema. */
import type { Tx } from '../../src/postgres/driver/database.ts';
import { quoteIdent, quoteLiteral } from '../../src/postgres/sql/identifiers.ts';

export interface Reach {
  readonly table: string;
  readonly command: 'select' | 'insert' | 'update' | 'delete';
  readonly session: string;
  /** The condition of policies that had to refuse it. */
  readonly clause: 'using' | 'check';
  /** How, and which rows: their ids. */
  readonly how: string;
}

export interface TriedTable {
  readonly name: string;
  readonly isOwner: boolean;
  /** Columns and values of a row of tenant 2. */
  readonly foreign: Readonly<Record<string, string>>;
}

/** Ids of the rows of tenant 1 are 10 to 19. */
const theirs = 'id >= 20 AND id < 1000';

/**
 * Each attempt ends with an error that says what was seen, so that role, settings and rows are as before. As the role first, so that
 * nothing but its rights counts; then as the login, which sees what became of the rows. Sessions come in their order, since a setting
 * that was named once is no longer missing.
 */
export async function rowsReached(
  tx: Tx,
  asked: {
    readonly role: string;
    readonly tables: readonly TriedTable[];
    readonly sessions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  },
): Promise<Reach[]> {
  const { role, tables, sessions } = asked;
  const attempts = Object.entries(sessions).flatMap(([session, settings]) =>
    tables.flatMap((table) =>
      statementsOn(table).map(({ command, clause, how, act, see }) => ({
        table: table.name,
        command,
        clause,
        session,
        how,
        settings,
        act,
        see,
      })),
    ),
  );
  const blocks = attempts.map(({ settings, act, see }, at) => {
    const set = Object.entries(settings).map(
      ([name, value]) => `PERFORM set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true);`,
    );
    return `BEGIN
      ${set.join(' ')} SET LOCAL ROLE ${quoteIdent(role)}; ${act} RESET ROLE; ${see}
      RAISE EXCEPTION USING ERRCODE = 'P0099', MESSAGE = COALESCE(ids::text, '');
    EXCEPTION WHEN SQLSTATE 'P0099' THEN
      IF SQLERRM <> '' THEN found := found || jsonb_build_object('at', ${at}, 'ids', SQLERRM); END IF;
    WHEN OTHERS THEN NULL;
    END;`;
  });
  await tx.script(`CREATE FUNCTION pg_temp.reached() RETURNS jsonb LANGUAGE plpgsql AS $reached$
    DECLARE ids int[]; found jsonb := '[]'; BEGIN ${blocks.join('\n')} RETURN found; END $reached$;`);
  const { found } = await tx.one<{ found: string }>('SELECT pg_temp.reached()::text AS found');
  return (JSON.parse(found) as { at: number; ids: string }[]).flatMap(({ at, ids }) => {
    const attempt = attempts[at];
    if (attempt === undefined) return [];
    const { table, command, clause, session, how } = attempt;
    return [{ table, command, clause, session, how: `${how} ${ids}` }];
  });
}

interface TriedStatement {
  readonly command: Reach['command'];
  readonly clause: Reach['clause'];
  readonly how: string;
  readonly act: string;
  readonly see: string;
}

function statementsOn({ name, isOwner, foreign }: TriedTable): TriedStatement[] {
  const see = (where: string): string =>
    `SELECT array_agg(id ORDER BY id) INTO ids FROM ${name} WHERE ${where};`;
  const columns = Object.keys(foreign).join(', ');
  return [
    { command: 'select', clause: 'using', how: 'SELECT', act: see(theirs), see: '' },
    {
      command: 'insert',
      clause: 'check',
      how: 'INSERT for another tenant',
      act: `INSERT INTO ${name} (${columns}) VALUES (${Object.values(foreign).join(', ')});`,
      see: see('id = 999'),
    },
    {
      command: 'update',
      clause: 'using',
      how: 'UPDATE of all rows to a constant',
      act: `UPDATE ${name} SET state = 'marked';`,
      see: see(`state = 'marked' AND ${theirs}`),
    },
    {
      command: 'delete',
      clause: 'using',
      how: 'DELETE of all rows',
      act: `DELETE FROM ${name};`,
      see: `SELECT array_agg(i) INTO ids FROM unnest(ARRAY[20, 21, 30, 31]) i WHERE i NOT IN (SELECT id FROM ${name});`,
    },
    ...(isOwner
      ? [
          {
            command: 'update' as const,
            clause: 'check' as const,
            how: 'UPDATE that gives own rows away',
            act: `UPDATE ${name} SET org_id = 2 WHERE org_id = 1;`,
            see: see('org_id = 2 AND id < 20'),
          },
        ]
      : []),
  ];
}
