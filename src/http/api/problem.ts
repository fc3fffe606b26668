/**
 * Every error as `application/problem+json` (RFC 9457). The table below is the only place that gives a code its status.
 * Errors inside the server (status 500 and above) are for the log; the answer says in a sentence of its own what to do.
 */
import { type DroverError, type ErrorCode, errorCodes } from '../../errors.ts';

const statusOf = {
  INTERNAL: 500,
  NODE_TOO_OLD: 500,
  CONFIG_NOT_FOUND: 500,
  CONFIG_INVALID: 500,
  DATABASE_UNREACHABLE: 503,
  OUTCOME_UNKNOWN: 503,
  DATABASE_ERROR: 500,
  EMBEDDED_IN_USE: 503,
  NESTED_TRANSACTION: 500,
  TRANSACTION_ABORTED: 500,
  NO_ROW: 500,
  MANY_ROWS: 500,
  INVALID_IDENTIFIER: 500,
  RETRYABLE: 503,
  LOCK_TIMEOUT: 503,
  STATEMENT_TIMEOUT: 503,
  NOT_PERMITTED: 500,
  STILL_REFERENCED: 409,
  ALREADY_EXISTS: 409,
  INVALID_VALUE: 400,
  TENANT_INVALID: 400,
  SETTING_INVALID: 500,
  FLEET_UNAVAILABLE: 500,
  MIGRATION_FILE_INVALID: 500,
  MIGRATION_CHANGED: 500,
  MIGRATION_UNKNOWN: 500,
  MIGRATION_FAILED: 500,
  SCHEMA_OCCUPIED: 500,
  SCHEMA_OUTDATED: 503,
  ISOLATION_NOT_EFFECTIVE: 503,
  SEED_REFUSED: 409,
  USAGE_INVALID: 400,
  NO_DATABASE: 500,
  DATABASE_UNSUPPORTED: 500,
  FILE_UNREADABLE: 500,
  FILE_EXISTS: 500,
  INTERRUPTED: 503,
  TENANT_AMBIGUOUS: 400,
  TENANT_REQUIRED: 400,
  TENANT_NOT_FOUND: 404,
  MODEL_NOT_FOUND: 404,
  MODEL_UNKNOWN: 422,
  MODEL_AMBIGUOUS: 400,
  SAME_MODEL: 400,
  ROWS_UNKNOWN: 400,
  BASELINE_INVALID: 400,
  REPORT_INVALID: 400,
  RULE_UNKNOWN: 400,
  ROW_NOT_FOUND: 404,
  MAPPING_INVALID: 400,
  ROW_AMBIGUOUS: 400,
  KEY_ISSUED_BEFORE: 409,
  KIND_UNKNOWN: 400,
  ENTITY_TYPE_UNKNOWN: 400,
  ENTITY_TYPES_INCOMPLETE: 400,
  ANSWER_UNKNOWN: 400,
  CONFIG_MISMATCH: 500,
  PLAN_REFUSED: 422,
  CONFIRMATION_REQUIRED: 409,
  FORCE_NEEDS_REASON: 400,
  PLAN_STALE: 409,
  PLAN_INVALID: 400,
  PLAN_CONTRADICTED: 500,
  PHASE_BLOCKED: 409,
  CONVERSION_DRIFTED: 409,
  COUNT_MISMATCH: 409,
  REFERENCES_LEFT: 409,
  MIGRATION_RUNNING: 409,
  MIGRATION_UNDER_WAY: 409,
  PROBE_IMPOSSIBLE: 422,
  ONLINE_IMPOSSIBLE: 422,
  MIGRATION_NOT_FOUND: 404,
  ASSESSMENT_NOT_FOUND: 404,
  ASSESSMENT_CONFLICT: 409,
  UNDECIDED: 409,
  DECISION_NEEDS_REASON: 400,
  DECISION_INCOMPLETE: 400,
  DEPENDENCY_ORDER: 409,
  ROLLBACK_IMPOSSIBLE: 409,
  MODEL_RETIRED: 410,
  REGISTRY_INVALID: 500,
  REGISTRY_UNAVAILABLE: 503,
  RUNTIME_UNSUPPORTED: 422,
  MODEL_REQUIRED: 422,
  UNREGISTERED_MODEL_FOR_RUNTIME: 422,
  AMBIGUOUS_MODEL_FOR_RUNTIME: 422,
  MODEL_WITHDRAWN: 422,
  MISSING_BYOK_CREDENTIAL: 422,
  PAYER_CHANGE_NOT_ACCEPTED: 422,
  FIELD_NOT_PATCHABLE: 400,
  IMPORT_REFUSED: 422,
  SECRET_NAME_RESERVED: 422,
  SECRET_IN_USE: 409,
  SECRET_UNREADABLE: 500,
  SECRET_KEY_MISSING: 503,
  FEED_INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  TENANT_SUSPENDED: 403,
  NOT_FOUND: 404,
  ROUTE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_INVALID: 400,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE_UNSUPPORTED: 415,
  PRECONDITION_FAILED: 412,
  RATE_LIMITED: 429,
  HEADERS_TOO_LARGE: 431,
  REQUEST_TIMEOUT: 408,
  IDENTITY_UNAVAILABLE: 503,
  UPSTREAM_UNREACHABLE: 502,
  UPSTREAM_LATE: 504,
  IDEMPOTENCY_RUNNING: 409,
  IDEMPOTENCY_KEY_REUSED: 422,
  ANSWER_SHOWN_ONCE: 409,
  KINDS_DIFFER: 400,
  ROW_REFUSED: 422,
  ADDRESS_UNAVAILABLE: 500,
  SHUTTING_DOWN: 503,
  ROW_DELETED: 409,
  REFERENCE_INVALID: 422,
  MODEL_DISABLED: 422,
  MODEL_NOT_IN_SPACE: 422,
  SECURITY_BELOW_DEMAND: 422,
  MODEL_IN_USE: 409,
  LOCKOUT_REFUSED: 409,
  RUN_NOT_FOUND: 404,
  RUN_INVALID: 400,
  RUN_CONFLICT: 409,
  RUN_CLAIM_LOST: 409,
} as const satisfies Record<ErrorCode, number>;

/** The codes that a status can have. */
export const codesByStatus: ReadonlyMap<number, readonly ErrorCode[]> = Map.groupBy(
  Object.keys(statusOf) as ErrorCode[],
  (code): number => statusOf[code],
);

interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  /** Facts of the case that the caller may see. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Every fault of the request. */
  readonly errors?: readonly RequestFault[];
}

export interface RequestFault {
  /** Where in the part: `/to_model_id`; empty for the part as a whole. */
  readonly pointer: string;
  readonly in: string;
  readonly message: string;
}

/** The problem document of an error. */
export function problemOf(error: DroverError): ProblemDocument {
  const { code } = error;
  const status = statusOf[code];
  const head = {
    type: `/docs/errors.md#${code.toLowerCase()}`,
    title: errorCodes[code].summary,
    status,
    code,
  };
  if (status >= 500) return { ...head, detail: detailInside(code, status) };
  const { errors, ...data } = publicData(error);
  return {
    ...head,
    detail: error.message,
    ...(Object.keys(data).length === 0 ? {} : { data }),
    ...(errors === undefined ? {} : { errors: errors as RequestFault[] }),
  };
}

/** The reason of a failure, for its record. An error inside the server is told by the sentence of the catalogue. */
export function publicReason(code: string, message: string): string {
  if (!(code in statusOf)) return message;
  const known = code as ErrorCode;
  return statusOf[known] === 500 ? errorCodes[known].summary : message;
}

function detailInside(code: ErrorCode, status: number): string {
  if (code === 'REGISTRY_UNAVAILABLE')
    return (
      'This server has no registry to decide by, or another one than the database holds to. A sysadmin has it read again by ' +
      'POST /api/v1/sysadmin/registry/reload; GET /api/v1/sysadmin/registry says what is wrong.'
    );
  if (code === 'UPSTREAM_UNREACHABLE' || code === 'UPSTREAM_LATE')
    return (
      `${errorCodes[code].summary} What became of the request is not known: ` +
      'sent again with the same Idempotency-Key, it is done once.'
    );
  return status === 503
    ? 'The service cannot do this at the moment; try again a little later.'
    : 'Something happened that Drover did not expect. The header x-request-id names this request in the log.';
}

/** Data of an error that is for the log only: texts of statements and of the database, values of rows, whole plans. */
const inside: ReadonlySet<string> = new Set([
  'statement',
  'sqlState',
  'databaseMessage',
  'schema',
  'table',
  'column',
  'constraint',
  'detail',
  'hint',
  'where',
  'plan',
]);

const refusing: ReadonlySet<string> = new Set(['table', 'column', 'constraint', 'trigger']);

/** What refuses a row is told by its names. */
function publicData({ code, data }: DroverError): Record<string, unknown> {
  const isPublic =
    code === 'ROW_REFUSED' ? (name: string) => refusing.has(name) : (name: string) => !inside.has(name);
  return Object.fromEntries(Object.entries(data).filter(([name]) => isPublic(name)));
}
