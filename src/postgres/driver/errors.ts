/**
 * The only place that turns an SQLSTATE into a DroverError. To add one, write a row in the table below, its code in src/errors.ts
 * and a paragraph in docs/errors.md. The database's own message may quote values of the row. It is therefore kept in `data`, which
 * a caller shows only to whoever may see the row, and not in the message.
 */
import { DroverError, type ErrorCode, errorCodes, mayPass } from '../../errors.ts';

interface KnownError {
  readonly code: ErrorCode;
  readonly message: (fields: ErrorFields) => string;
  /** Facts of the case in Drover's own words. */
  readonly told?: (fields: ErrorFields) => Readonly<Record<string, unknown>>;
}

/** What PostgreSQL may say beside its message. */
interface ErrorFields {
  readonly sqlState: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly detail?: string;
  readonly hint?: string;
  /** In which functions it happened. */
  readonly where?: string;
  readonly databaseMessage: string;
}

const known: Readonly<Record<string, KnownError>> = {
  '40001': { code: 'RETRYABLE', message: () => 'Another transaction changed the same rows; try again.' },
  '40P01': { code: 'RETRYABLE', message: () => 'Two transactions waited for each other; try again.' },
  '25P02': {
    code: 'TRANSACTION_ABORTED',
    message: () => 'A statement was not run, because one before it had failed.',
  },
  '55P03': { code: 'LOCK_TIMEOUT', message: () => 'A lock was not free within the time allowed.' },
  '57014': {
    code: 'STATEMENT_TIMEOUT',
    message: () => 'A statement took longer than allowed or was cancelled.',
  },
  // Raised by the trigger of src/postgres/move/fence.ts.
  DR001: { code: 'MODEL_RETIRED', message: (f) => f.databaseMessage },
  // Raised by the triggers of src/isolation/class-fence.ts, with the uses as its detail.
  DR002: { code: 'SECURITY_BELOW_DEMAND', message: (f) => f.databaseMessage, told: belowOf },
  '42501': {
    code: 'NOT_PERMITTED',
    message: (f) => `The role in use may not do this${on(f)}: ${f.databaseMessage}.`,
  },
  '25006': {
    code: 'NOT_PERMITTED',
    message: () =>
      'The database takes no writes from this login: the server is a standby (name its primary), or transactions are read-only ' +
      'by default (ALTER ROLE … SET default_transaction_read_only = off), or SQL of the configuration, which may only read, calls ' +
      'a function that writes.',
  },
  '23503': {
    code: 'STILL_REFERENCED',
    message: (f) => `A row is referred to, or refers to a row that is not there${on(f)}.`,
  },
  '23505': { code: 'ALREADY_EXISTS', message: (f) => `A row with these values exists already${on(f)}.` },
  '23502': { code: 'INVALID_VALUE', message: (f) => `A value is missing${on(f)}.` },
  '23514': { code: 'INVALID_VALUE', message: (f) => `A value is not allowed${on(f)}.` },
  '23P01': { code: 'ALREADY_EXISTS', message: (f) => `A row excludes this one${on(f)}.` },
  '22P02': { code: 'INVALID_VALUE', message: () => 'A value does not have the form that its type needs.' },
  '22001': { code: 'INVALID_VALUE', message: () => 'A value is too long for its column.' },
  '22009': { code: 'INVALID_VALUE', message: () => 'There is no such time zone.' },
  '22003': { code: 'INVALID_VALUE', message: () => 'A number is out of the range of its column.' },
  '22007': {
    code: 'INVALID_VALUE',
    message: () => 'A date or time does not have the form that its type needs.',
  },
  '22008': { code: 'INVALID_VALUE', message: () => 'A date or time is out of range.' },
  '22021': { code: 'INVALID_VALUE', message: () => 'A text holds bytes that are no characters.' },
  '22P05': { code: 'INVALID_VALUE', message: () => 'A text holds a character that cannot be stored.' },
};

/** An exception of a function in PL/pgSQL that raised it itself, with whichever SQLSTATE. */
const raised = /^PL\/pgSQL function .+ line \d+ at RAISE(?:\n|$)/;

/** Did a function in the database raise it itself? Then its SQLSTATE says what its author meant, and nothing of the statement. */
export function isRaised({ data }: DroverError): boolean {
  return raised.test(String(data['where']));
}

const unexplained: ReadonlySet<ErrorCode> = new Set(['DATABASE_ERROR', 'NOT_PERMITTED']);

const refusedText = 'The database refuses a row, so nothing was changed.';
const refusingCodes: readonly ErrorCode[] = ['INVALID_VALUE', 'ALREADY_EXISTS', 'STILL_REFERENCED'];

/**
 * ROW_REFUSED, where a rule of the database does not take a row: a constraint, a check of a view, or a trigger that raises an exception
 * of its own. It gives the names of what refused, for whoever asked; what the database said is in `cause`, for operators.
 * @param codes whose errors are taken, beside what Drover has no code of its own for
 */
export function rowRefused(
  error: DroverError,
  codes: readonly ErrorCode[] = refusingCodes,
): DroverError | undefined {
  const { code, data, cause } = error;
  if (code === 'ROW_REFUSED' && cause instanceof DroverError) return rowRefused(cause);
  const ofARule =
    (code === 'DATABASE_ERROR' && /^(P0001|44000)$/.test(String(data['sqlState']))) ||
    // A full disk is no rule, whoever says so.
    (unexplained.has(code) && !mayPass(error) && isRaised(error));
  if (!ofARule && !codes.includes(code)) return undefined;
  const names = ['table', 'column', 'constraint', 'trigger'].flatMap((name) =>
    typeof data[name] === 'string' ? [[name, data[name]] as const] : [],
  );
  const by = names.map(([name, value]) => `, ${name} ${value}`).join('');
  const rule = ofARule ? `A rule of the database does not take it${by}.` : error.message;
  const message = `${refusedText} ${rule}`;
  return new DroverError('ROW_REFUSED', message, Object.fromEntries(names), { cause: error });
}

/** As an operator may read it: a refusal of a row, by whatever rule, is of one class, and says what the database said. */
export function refusalOf(error: unknown): unknown {
  const told = error instanceof DroverError ? rowRefused(error) : undefined;
  if (told === undefined || !(error instanceof DroverError)) return error;
  const { databaseMessage: text = '' } = error.data;
  const said = error.message.includes(String(text)) ? '' : ` The database says: ${String(text)}`;
  const message = `${refusedText} ${error.message}${said}`;
  return new DroverError('ROW_REFUSED', message, { ...error.data, ...told.data }, { cause: error });
}

/** As a tenant may read it: what a request is answered with, and nothing that the database said, which may quote rows of others. */
export function toldToTenant(error: DroverError): DroverError {
  const refused = rowRefused(error);
  if (refused !== undefined) return refused;
  const { code, message, data } = error;
  const { databaseMessage } = data;
  // The texts of DR001 and DR002 are Drover's own.
  const own = String(data['sqlState']).startsWith('DR');
  const quotes = !own && typeof databaseMessage === 'string' && databaseMessage !== '';
  if (!quotes || !message.includes(databaseMessage)) return error;
  return new DroverError(code, errorCodes[code].summary, {}, { cause: error });
}

const lostConnection = /^(08...|57P0[123]|ECONNRESET|EPIPE|ECONNREFUSED|ETIMEDOUT)$/;

interface Sent {
  readonly statement: string;
  /** When its message was sent: of a lock that was not free, how long it was waited for. */
  readonly sentAt?: number;
}

/** Turns what an engine reported into a DroverError. A DroverError stays as it is. */
export function translate(error: unknown, { statement, sentAt }: Sent): DroverError {
  if (error instanceof DroverError) return error;
  const fields = fieldsOf(error);
  const entry = known[fields.sqlState];
  const waited =
    entry?.code === 'LOCK_TIMEOUT' && sentAt !== undefined ? { waitedMs: performance.now() - sentAt } : {};
  const data = { ...fields, statement, ...waited, ...entry?.told?.(fields) };
  if (entry) return new DroverError(entry.code, entry.message(fields), data, { cause: error });
  if (isLost(fields)) {
    const message = 'The connection to the database was lost; what was under way is rolled back.';
    return new DroverError('DATABASE_UNREACHABLE', message, data, { cause: error });
  }
  const state = fields.sqlState || 'no code';
  const message = `The database refused a statement (${state}): ${fields.databaseMessage}`;
  return new DroverError('DATABASE_ERROR', message, data, { cause: error });
}

function belowOf({ detail }: ErrorFields): Readonly<Record<string, unknown>> {
  return { below: detail === undefined ? [] : (JSON.parse(detail) as unknown) };
}

function isLost(fields: ErrorFields): boolean {
  return (
    lostConnection.test(fields.sqlState) ||
    /^Connection terminated|not queryable/.test(fields.databaseMessage)
  );
}

function on(fields: ErrorFields): string {
  const table = fields.table ? ` on ${fields.schema ? `${fields.schema}.` : ''}${fields.table}` : '';
  return (
    table +
    (fields.column ? `, column ${fields.column}` : '') +
    (fields.constraint ? ` (${fields.constraint})` : '')
  );
}

function fieldsOf(error: unknown): ErrorFields {
  const raw: Record<string, unknown> =
    error instanceof Error ? Object.fromEntries(Object.entries(error)) : {};
  const named = ['schema', 'table', 'column', 'constraint', 'detail', 'hint', 'where'].flatMap((name) => {
    const value = raw[name];
    return typeof value === 'string' && value !== '' ? [[name, value]] : [];
  });
  return {
    ...Object.fromEntries(named),
    sqlState: typeof raw.code === 'string' ? raw.code : '',
    databaseMessage: error instanceof Error ? error.message : String(error),
  };
}
