/** Where rows name models: taken from the declarations, so that no rule has a list of its own. */
import type { NamingColumn } from '../queries/space-models.ts';
import { catalogue } from '../resources/catalogue.ts';
import type { ModelKind } from '../resources/declaration.ts';

/** Every column of what is in a space that may name a model of that kind. */
export function namingOf(kind: ModelKind): NamingColumn[] {
  return catalogue.flatMap(({ table, space, columns }) =>
    Object.entries(columns).flatMap(([column, { names, type }]) => {
      const pipeline = kind === 'completion' && type.kind === 'object' && type.form === 'pipeline';
      const namesOne = pipeline || (names?.to === 'model' && names.kind === kind);
      return space === undefined || !namesOne ? [] : [{ table, column, space, pipeline }];
    }),
  );
}
