/**
 * Every error that Drover raises on purpose. The message is public: it may be shown to whoever asked.
 * `data` holds the facts of this case, and `cause` the original error, which is for the log only.
 */

/** code → exit status of the command line (1: it could not be done, 2: it was refused) and what the code means. */
export const errorCodes = {
  INTERNAL: { exit: 1, summary: 'A mistake in Drover itself.' },
  NODE_TOO_OLD: { exit: 1, summary: 'This Node.js cannot run Drover.' },
  CONFIG_NOT_FOUND: { exit: 1, summary: 'There is no configuration at that path.' },
  CONFIG_INVALID: { exit: 1, summary: 'The configuration or the environment is wrong.' },
  DATABASE_UNREACHABLE: { exit: 1, summary: 'No connection to the database server.' },
  DATABASE_UNSUPPORTED: { exit: 1, summary: 'The server is older than PostgreSQL 15.' },
  OUTCOME_UNKNOWN: { exit: 4, summary: 'The connection was lost while a transaction was committed.' },
  DATABASE_ERROR: {
    exit: 1,
    summary: 'The database refused a statement for a reason that Drover does not know.',
  },
  EMBEDDED_IN_USE: { exit: 1, summary: 'Another process has the database folder open.' },
  NESTED_TRANSACTION: { exit: 1, summary: 'A transaction was begun inside another one.' },
  TRANSACTION_ABORTED: { exit: 1, summary: 'The database rolled back what should have been committed.' },
  NO_ROW: { exit: 1, summary: 'A query that must find exactly one row found none.' },
  MANY_ROWS: { exit: 1, summary: 'A query that must find at most one row found several.' },
  INVALID_IDENTIFIER: { exit: 1, summary: 'A name that PostgreSQL cannot hold.' },
  RETRYABLE: { exit: 1, summary: 'Two transactions were in each other’s way; trying again may work.' },
  LOCK_TIMEOUT: { exit: 1, summary: 'A lock was not free within the time allowed.' },
  STATEMENT_TIMEOUT: { exit: 1, summary: 'A statement took longer than allowed or was cancelled.' },
  NOT_PERMITTED: { exit: 1, summary: 'The role in use may not do this.' },
  STILL_REFERENCED: { exit: 1, summary: 'A foreign key is not satisfied.' },
  ALREADY_EXISTS: { exit: 1, summary: 'A unique value is taken.' },
  INVALID_VALUE: { exit: 1, summary: 'A value is not allowed in this column.' },
  TENANT_INVALID: { exit: 1, summary: 'A value that cannot name a tenant.' },
  SETTING_INVALID: { exit: 1, summary: 'A session setting that cannot be set for a tenant’s transaction.' },
  FLEET_UNAVAILABLE: {
    exit: 1,
    summary: 'Work on several tenants at once is not possible in this database.',
  },
  MIGRATION_FILE_INVALID: { exit: 1, summary: 'A migration of Drover’s own schema cannot be read.' },
  MIGRATION_CHANGED: { exit: 1, summary: 'A migration was changed after it was applied.' },
  MIGRATION_UNKNOWN: { exit: 1, summary: 'The schema was upgraded by another version of Drover.' },
  MIGRATION_FAILED: { exit: 1, summary: 'A migration of Drover’s own schema failed.' },
  SCHEMA_OCCUPIED: { exit: 1, summary: 'The schema holds something else.' },
  SCHEMA_OUTDATED: { exit: 1, summary: 'The schema is older than this version of Drover.' },
  ISOLATION_NOT_EFFECTIVE: { exit: 1, summary: 'Row-level security does not bind the roles in use.' },
  BASELINE_INVALID: { exit: 1, summary: 'A file is no baseline of the doctor.' },
  REPORT_INVALID: { exit: 1, summary: 'A file is no report of the doctor.' },
  RULE_UNKNOWN: { exit: 1, summary: 'The doctor has no rule of that name.' },
  SEED_REFUSED: { exit: 2, summary: 'Demo data was refused.' },
  USAGE_INVALID: { exit: 1, summary: 'The command cannot be understood.' },
  NO_DATABASE: { exit: 1, summary: 'There is no database of Drover there.' },
  FILE_UNREADABLE: { exit: 1, summary: 'A file cannot be read or written.' },
  FILE_EXISTS: { exit: 1, summary: 'A file is there already.' },
  INTERRUPTED: { exit: 1, summary: 'Somebody stopped the work before it was saved.' },
  TENANT_AMBIGUOUS: { exit: 1, summary: 'A name fits several tenants.' },
  TENANT_REQUIRED: { exit: 1, summary: 'No tenant was named.' },
  TENANT_NOT_FOUND: { exit: 1, summary: 'There is no such tenant.' },
  MODEL_NOT_FOUND: { exit: 1, summary: 'This tenant has no such model.' },
  MODEL_UNKNOWN: { exit: 1, summary: 'Nobody knows a model of that name.' },
  MODEL_AMBIGUOUS: { exit: 1, summary: 'A name fits several models.' },
  SAME_MODEL: { exit: 1, summary: 'Source and target are the same model, or the same key of a row.' },
  ROWS_UNKNOWN: {
    exit: 1,
    summary: 'The configuration does not say that rows of this table get other keys.',
  },
  ROW_NOT_FOUND: { exit: 1, summary: 'There is no such row.' },
  MAPPING_INVALID: { exit: 1, summary: 'A map of keys cannot be followed.' },
  ROW_AMBIGUOUS: { exit: 1, summary: 'A name fits several rows.' },
  KEY_ISSUED_BEFORE: {
    exit: 1,
    summary: 'A row had that key before, and whoever holds it must find that row.',
  },
  KIND_UNKNOWN: { exit: 1, summary: 'There is no such kind of model.' },
  ENTITY_TYPE_UNKNOWN: {
    exit: 1,
    summary: 'An entity type is unknown or never moves, or the list is empty.',
  },
  ENTITY_TYPES_INCOMPLETE: { exit: 1, summary: 'An entity type moves only together with others.' },
  ANSWER_UNKNOWN: { exit: 1, summary: 'An answer names no place.' },
  CONFIG_MISMATCH: { exit: 1, summary: 'The configuration does not fit the database.' },
  PLAN_REFUSED: { exit: 1, summary: 'The plan has errors.' },
  CONFIRMATION_REQUIRED: { exit: 1, summary: 'The plan has warnings that nobody confirmed.' },
  FORCE_NEEDS_REASON: { exit: 1, summary: 'A forced migration needs a reason.' },
  PLAN_STALE: { exit: 1, summary: 'The facts have changed since the plan was made.' },
  PLAN_INVALID: { exit: 1, summary: 'The plan cannot be read.' },
  PLAN_CONTRADICTED: { exit: 1, summary: 'The checker found that a plan contradicts its facts.' },
  COUNT_MISMATCH: { exit: 1, summary: 'A step touched another number of rows than planned.' },
  REFERENCES_LEFT: { exit: 1, summary: 'A live reference to the source is left after the move.' },
  PHASE_BLOCKED: { exit: 2, summary: 'A phase of a conversion cannot begin, or cannot go on.' },
  CONVERSION_DRIFTED: {
    exit: 2,
    summary: 'The database or the configuration is not what the steps of the conversion have made of it.',
  },
  MIGRATION_RUNNING: { exit: 1, summary: 'A migration of this source is running.' },
  MIGRATION_UNDER_WAY: {
    exit: 1,
    summary: 'A migration of this source is under way: parts of it are committed, and others are not.',
  },
  PROBE_IMPOSSIBLE: { exit: 1, summary: 'Nothing can be tried there, because nothing can be written.' },
  ONLINE_IMPOSSIBLE: { exit: 1, summary: 'This move cannot be committed in parts.' },
  MIGRATION_NOT_FOUND: { exit: 1, summary: 'There is no such migration.' },
  ASSESSMENT_NOT_FOUND: { exit: 1, summary: 'There is no assessment of this tenant.' },
  ASSESSMENT_CONFLICT: { exit: 1, summary: 'An assessment is not as whoever changes it believes.' },
  UNDECIDED: { exit: 1, summary: 'Assets of an assessment are not decided.' },
  DECISION_NEEDS_REASON: { exit: 1, summary: 'A decision that is not the recommended one needs a reason.' },
  DECISION_INCOMPLETE: {
    exit: 1,
    summary: 'A decision lacks a day, somebody who answers for it, or a model.',
  },
  DEPENDENCY_ORDER: { exit: 1, summary: 'Something would move before what it depends on.' },
  ROLLBACK_IMPOSSIBLE: { exit: 1, summary: 'This migration cannot be rolled back.' },
  MODEL_RETIRED: { exit: 1, summary: 'A live reference to a retired model was refused.' },
  REGISTRY_INVALID: { exit: 1, summary: 'The registry has mistakes.' },
  REGISTRY_UNAVAILABLE: {
    exit: 1,
    summary:
      'The registry could not be loaded, or is not the one in force, so that nobody can say what may run.',
  },
  RUNTIME_UNSUPPORTED: { exit: 2, summary: 'There is no such runtime, or it is retired.' },
  MODEL_REQUIRED: { exit: 1, summary: 'A model must be named.' },
  UNREGISTERED_MODEL_FOR_RUNTIME: { exit: 2, summary: 'The runtime has no way to reach the model.' },
  AMBIGUOUS_MODEL_FOR_RUNTIME: {
    exit: 2,
    summary: 'Several providers could serve the model, and the secrets do not decide.',
  },
  MODEL_WITHDRAWN: { exit: 2, summary: 'The model was withdrawn or shut down and cannot be chosen.' },
  MISSING_BYOK_CREDENTIAL: { exit: 2, summary: 'The tenant pays for the model and has no key for it.' },
  PAYER_CHANGE_NOT_ACCEPTED: { exit: 2, summary: 'Somebody else would pay, and nobody accepted that.' },
  FIELD_NOT_PATCHABLE: { exit: 1, summary: 'A field cannot be changed in this way.' },
  IMPORT_REFUSED: { exit: 2, summary: 'Some of what was to be imported was refused, so nothing was stored.' },
  SECRET_NAME_RESERVED: {
    exit: 1,
    summary: 'A variable would carry a model, or another endpoint, past the registry.',
  },
  SECRET_IN_USE: { exit: 1, summary: 'A secret is the last key by which a workspace reaches its model.' },
  SECRET_UNREADABLE: { exit: 1, summary: 'A stored secret cannot be opened.' },
  SECRET_KEY_MISSING: { exit: 1, summary: 'There is no key to seal secrets with.' },
  FEED_INVALID: { exit: 1, summary: 'A file is not a feed of the format that was named.' },
  UNAUTHENTICATED: { exit: 1, summary: 'There is no credential, or it is not valid.' },
  FORBIDDEN: { exit: 1, summary: 'The caller may not do this.' },
  TENANT_SUSPENDED: { exit: 1, summary: 'The tenant of the caller is suspended.' },
  NOT_FOUND: { exit: 1, summary: 'There is no such thing, or it belongs to another tenant.' },
  ROUTE_NOT_FOUND: { exit: 1, summary: 'The server has no such path.' },
  METHOD_NOT_ALLOWED: { exit: 1, summary: 'The server has the path, but not with this method.' },
  REQUEST_INVALID: { exit: 1, summary: 'A request does not have the form that the API describes.' },
  BODY_TOO_LARGE: { exit: 1, summary: 'The body of a request is too large.' },
  MEDIA_TYPE_UNSUPPORTED: { exit: 1, summary: 'The body of a request is not JSON.' },
  PRECONDITION_FAILED: { exit: 1, summary: 'A row is not as the caller saw it.' },
  RATE_LIMITED: { exit: 1, summary: 'Too many requests in a short time.' },
  HEADERS_TOO_LARGE: { exit: 1, summary: 'The headers of a request are too large.' },
  REQUEST_TIMEOUT: { exit: 1, summary: 'A request did not arrive in time.' },
  IDENTITY_UNAVAILABLE: { exit: 1, summary: 'The keys of the identity provider cannot be read.' },
  UPSTREAM_UNREACHABLE: { exit: 1, summary: 'The server behind the edge does not answer.' },
  UPSTREAM_LATE: { exit: 1, summary: 'The server behind the edge did not begin to answer in time.' },
  IDEMPOTENCY_RUNNING: { exit: 1, summary: 'A request with this Idempotency-Key is still running.' },
  IDEMPOTENCY_KEY_REUSED: { exit: 1, summary: 'An Idempotency-Key was used for another request.' },
  ANSWER_SHOWN_ONCE: { exit: 1, summary: 'An answer that held a secret cannot be given again.' },
  KINDS_DIFFER: { exit: 1, summary: 'Source and target are models of different kinds.' },
  ROW_REFUSED: { exit: 1, summary: 'The database refuses a row that would be written.' },
  ADDRESS_UNAVAILABLE: { exit: 1, summary: 'The server cannot listen on that address.' },
  SHUTTING_DOWN: { exit: 1, summary: 'The server is stopping and takes nothing new.' },
  ROW_DELETED: { exit: 1, summary: 'A row that was deleted or archived cannot be changed.' },
  REFERENCE_INVALID: { exit: 1, summary: 'A row names something that it cannot name.' },
  MODEL_DISABLED: { exit: 1, summary: 'A disabled model was chosen.' },
  MODEL_NOT_IN_SPACE: { exit: 1, summary: 'A model was chosen that the space may not use.' },
  SECURITY_BELOW_DEMAND: { exit: 1, summary: 'A space demands a higher security class than a model has.' },
  MODEL_IN_USE: { exit: 1, summary: 'A model is still named by something live.' },
  LOCKOUT_REFUSED: { exit: 1, summary: 'A change would lock somebody out for good.' },
  RUN_NOT_FOUND: { exit: 1, summary: 'There is no such run.' },
  RUN_INVALID: { exit: 1, summary: 'A run is asked for that cannot be made.' },
  RUN_CONFLICT: { exit: 1, summary: 'The run is not in a state in which that can be done.' },
  RUN_CLAIM_LOST: { exit: 1, summary: 'Another worker has taken over the tenants of this one.' },
} as const satisfies Record<string, { exit: 1 | 2 | 4; summary: string }>;

export type ErrorCode = keyof typeof errorCodes;

export class DroverError extends Error {
  override readonly name = 'DroverError';
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    data: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.code = code;
    this.data = data;
  }
}

/** Is it about the connection, and not about what was asked? */
export function isConnectionLost(error: unknown): boolean {
  return error instanceof DroverError && ['DATABASE_UNREACHABLE', 'OUTCOME_UNKNOWN'].includes(error.code);
}

const passing: readonly ErrorCode[] = [
  'RETRYABLE',
  'LOCK_TIMEOUT',
  'STATEMENT_TIMEOUT',
  'MIGRATION_RUNNING',
  'RUN_CLAIM_LOST',
];

/**
 * May the same succeed later although nobody mends anything? A mistake in Drover does not pass. Of what the database refuses without a
 * code of ours that is what speaks of resources (53), orders (57) and disks (58): SQLSTATE classes of PostgreSQL, appendix A.
 */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof DroverError)) return false;
  if (error.code === 'DATABASE_ERROR') return /^5[378]/.test(String(error.data['sqlState']));
  return isConnectionLost(error) || passing.includes(error.code);
}
