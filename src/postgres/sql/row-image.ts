/** A whole row as a JSON object of texts, and the way back: used where a row is removed or added. */
import type { Table } from '../../engine/catalogue/catalog.ts';
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

function stored({ columns }: Table): Table['columns'] {
  return columns.filter((each) => !each.computed);
}
