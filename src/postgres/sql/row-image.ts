/** A row, or some of its columns, as a JSON object of texts, and the way back. */
import type { Table } from '../../engine/catalogue/catalog.ts';
import { columnOf, exactText } from './cast.ts';
import { change, column, ident, join, list, literal, raw, sql, tableName } from './sql.ts';
import type { Sql } from './sql.ts';

/** `{ column: text }` of every stored column of row `t`. Text, so that json, bytea and numbers come back byte for byte. */
export function rowImage(table: Table): Sql {
  const parts = stored(table).map(
    ({ name }) => sql`jsonb_build_object(${literal(name)}, ${column('t', name)}::text)`,
  );
  return sql`(${join(parts, ' || ')})`;
}

/**
 * INSERT of the rows (identity columns keep their value, computed ones are computed again) whose images `source` yields in a
 * column `image`.
 */
export function insertImages(table: Table, source: Sql): Sql {
  const names = list(stored(table).map(({ name }) => ident(name)));
  const values = list(
    stored(table).map(({ name, type }) => sql`(i.image ->> ${literal(name)})::${raw(type)}`),
  );
  return change`INSERT INTO ${tableName(table)} AS t (${names}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM (${source}) i`;
}

/** For SET of row `t`: of the named columns, those that `image` has get what it has, and the others stay as they are. */
export function setFromImage(table: Table, names: readonly string[], image: string): Sql {
  return list(
    names.map((name) => {
      const value = sql`(${raw(image)} ->> ${literal(name)})::${raw(columnOf(table, name).type)}`;
      return sql`${ident(name)} = CASE WHEN ${raw(image)} ? ${literal(name)} THEN ${value} ELSE ${column('t', name)} END`;
    }),
  );
}

/** Does row `t` hold, to the letter, what `image` has of the column, if it has it? */
export function holdsImage(name: string, image: string): Sql {
  const [has, text] = [sql`${raw(image)} ? ${literal(name)}`, sql`${raw(image)} ->> ${literal(name)}`];
  return sql`(NOT ${has} OR ${exactText(column('t', name))} IS NOT DISTINCT FROM ${text})`;
}

function stored({ columns }: Table): Table['columns'] {
  return columns.filter((each) => !each.computed);
}
