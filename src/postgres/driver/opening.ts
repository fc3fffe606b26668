/** How a transaction begins, as data. */
import { textSettings } from '../../engine/text-settings.ts';
import { prepared, type Query, type Statement, statementOf } from './question.ts';

export interface Opening {
  /** The database's default where it is not given. */
  readonly isolation?: 'read committed' | 'repeatable read' | undefined;
  readonly readOnly?: boolean | undefined;
  /** `SET LOCAL …`: what holds until the transaction ends. One that is `prepared` holds no value of a tenant. */
  readonly settings?: readonly Query[] | undefined;
}

const levels = {
  'read committed': ' ISOLATION LEVEL READ COMMITTED',
  'repeatable read': ' ISOLATION LEVEL REPEATABLE READ',
} as const;

const pinned = prepared(
  `SELECT ${Object.entries(textSettings)
    .map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`)
    .join(', ')}`,
);

/** BEGIN, and then the settings. Those of text come last, since nothing may set them otherwise. */
export function openingStatements({ isolation, readOnly = false, settings = [] }: Opening): Statement[] {
  const level = isolation === undefined ? '' : levels[isolation];
  const begin = prepared(`BEGIN${level}${readOnly ? ' READ ONLY' : ''}`);
  return [begin, ...settings, pinned].map((query) => statementOf(query));
}
