import { type ErrorCode, WattlineError } from '../catalogue/errors/errors.ts'
import { hasNoSpace } from '../runtime/disk-full.ts'

/**
 * The only table from ClickHouse's error numbers to our codes. An unlisted error counts as a transient failure of the
 * engine on insert, and as a wrong statement in a query.
 */

/** THERE_IS_NO_COLUMN: the record lacks a column of the stream. */
export const MISSING_COLUMN = 8

/** The record itself can never be stored. */
const RECORD_FAULTS: ReadonlySet<number> = new Set([
  6, // CANNOT_PARSE_TEXT
  MISSING_COLUMN,
  9, // SIZES_OF_COLUMNS_DOESNT_MATCH
  16, // NO_SUCH_COLUMN_IN_TABLE
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  32, // ATTEMPT_TO_READ_AFTER_EOF
  33, // CANNOT_READ_ALL_DATA
  36, // BAD_ARGUMENTS
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  43, // ILLEGAL_TYPE_OF_ARGUMENT
  44, // ILLEGAL_COLUMN
  47, // UNKNOWN_IDENTIFIER
  50, // UNKNOWN_TYPE
  53, // TYPE_MISMATCH
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  128, // TOO_LARGE_ARRAY_SIZE
  131, // TOO_LARGE_STRING_SIZE
  190, // SIZES_OF_ARRAYS_DONT_MATCH
  271, // CANNOT_DECOMPRESS
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  354, // ZLIB_INFLATE_FAILED
  407, // DECIMAL_OVERFLOW
  467, // CANNOT_PARSE_BOOL
  561, // CANNOT_DECOMPRESS: ZSTD stream decoding failed
  636, // CANNOT_EXTRACT_TABLE_STRUCTURE
])

const DISK_FAULTS: ReadonlySet<number> = new Set([
  243, // NOT_ENOUGH_SPACE
])

const MEMORY_LIMIT_EXCEEDED = 241

/** The query reached one of our limits for client queries. */
const LIMIT_FAULTS: ReadonlySet<number> = new Set([
  158, // TOO_MANY_ROWS
  159, // TIMEOUT_EXCEEDED
  160, // TOO_SLOW
  MEMORY_LIMIT_EXCEEDED,
  307, // TOO_MANY_BYTES
  396, // TOO_MANY_ROWS_OR_BYTES
])

/**
 * The fence held: the statement tried to write, to change settings, or to use a table function that reads elsewhere.
 */
const FENCE_FAULTS: ReadonlySet<number> = new Set([
  164, // READONLY
  291, // DATABASE_ACCESS_DENIED
  392, // QUERY_IS_PROHIBITED
  452, // SETTING_CONSTRAINT_VIOLATION
  497, // ACCESS_DENIED
])

/**
 * Another server may succeed: this one, or something that it depends on, currently cannot. The request itself is fine.
 */
const SERVER_FAULTS: ReadonlySet<number> = new Set([
  198, // DNS_ERROR
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  225, // NO_ZOOKEEPER
  236, // ABORTED: it is shutting down
  242, // TABLE_IS_READ_ONLY: the replica has lost its Keeper
  279, // ALL_CONNECTION_TRIES_FAILED
  285, // TOO_FEW_LIVE_REPLICAS
  286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  289, // REPLICA_IS_NOT_IN_QUORUM
  319, // UNKNOWN_STATUS_OF_INSERT
  369, // ALL_REPLICAS_ARE_STALE
  425, // SYSTEM_ERROR
  439, // CANNOT_SCHEDULE_TASK
  999, // KEEPER_EXCEPTION
])

/** TOO_MANY_SIMULTANEOUS_QUERIES */
const TOO_MANY_QUERIES = 202

/** The server does not accept this user. */
const LOGIN_FAULTS: ReadonlySet<number> = new Set([
  192, // UNKNOWN_USER
  193, // WRONG_PASSWORD
  194, // REQUIRED_PASSWORD
  195, // IP_ADDRESS_NOT_ALLOWED
  516, // AUTHENTICATION_FAILED
])

/** QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING: an earlier attempt at the same insert has not ended. */
export const SAME_QUERY_RUNNING = 216

/** Whether another server may succeed with the same statement: this one, its Keeper or its network is unavailable. */
export const isServerFault = (code: number): boolean => SERVER_FAULTS.has(code) || code === TOO_MANY_QUERIES
/** Whether the server refuses the configured user. */
export const isLoginFault = (code: number): boolean => LOGIN_FAULTS.has(code)
/** Whether the record itself cannot be inserted: a retry fails again. */
export const isRecordFault = (code: number): boolean => RECORD_FAULTS.has(code)

/**
 * True when an engine has broken down internally: it then refuses everything until it is restarted. (An engine that is
 * being stopped only says that it is shutting down.)
 */
export const isBrokenDown = (error: unknown): boolean =>
  engineCode(error) === 236 && messageOf(error).includes('due to a fatal error')

/** Number in `Code: 62. DB::Exception: ...`; null when the text is not from the engine. */
export function engineCode(error: unknown): number | null {
  const found = /\bCode: (\d+)\./.exec(messageOf(error))?.[1]
  return found === undefined ? null : Number(found)
}

/** The engine's message, without the wrappers around it. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error ? Reflect.get(error, 'code') : undefined
  // @clickhouse/client removes the number from the text and keeps it as `code`.
  if (typeof code === 'string' && /^\d+$/.test(code) && !text.includes('Code: ')) {
    return `Code: ${code}. DB::Exception: ${text}`
  }
  return text.replace(/^Query failed: /, '')
}

/** Disk full: reported by the file system, or by the engine with its own number or the system's 28. */
export function isDiskFull(error: unknown, code: number | null = engineCode(error)): boolean {
  if (code !== null && DISK_FAULTS.has(code)) return true
  if (hasNoSpace(error)) return true
  return messageOf(error).includes('errno: 28,')
}

/** For inserts: `record_refused` when a retry cannot help, otherwise a code that is retried. */
export function insertError(error: unknown): WattlineError {
  return mapped(error, code =>
    code !== null && (isRecordFault(code) || isBeyondMemory(code, messageOf(error)))
      ? 'record_refused'
      : 'warehouse_unavailable',
  )
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  bytes: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  PiB: 2 ** 50,
}

/**
 * Whether memory can never be enough: a single allocation of the insert is half of the limit, and each is copied at
 * least once on its way. If it were retried for ever, the record would block all records behind it. Other memory
 * shortages are transient, since other work uses memory too.
 */
function isBeyondMemory(code: number, message: string): boolean {
  if (code !== MEMORY_LIMIT_EXCEEDED) return false
  const found = /attempt to allocate chunk of ([\d.]+) (\w+)\).*?maximum: ([\d.]+) (\w+)/.exec(message)
  if (found === null) return false
  const bytes = (number: string, unit: string): number => Number(number) * (UNIT_BYTES[unit] ?? Number.NaN)
  return 2 * bytes(found[1]!, found[2]!) >= bytes(found[3]!, found[4]!)
}

/** Where the engine was reading: parts also hold rows of other tenants, so their paths must not be shown. */
const PLACES = /(: )?\(while reading from part .*?\)(?=: |\. \(|$)|: While executing \w+(\([^)]*\))?/gs

const withoutPlaces = (error: WattlineError): WattlineError => {
  error.message = error.message.replace(PLACES, '')
  return error
}

/** For client SQL: the limit, the fence, the statement, or the engine. Names no part and no path of the engine. */
export function queryError(error: unknown): WattlineError {
  const found = mapped(error, code => {
    if (code === null || SERVER_FAULTS.has(code) || LOGIN_FAULTS.has(code)) return 'warehouse_unavailable'
    if (code === TOO_MANY_QUERIES) return 'too_many_queries'
    if (LIMIT_FAULTS.has(code)) return 'sql_limit'
    if (FENCE_FAULTS.has(code)) return 'sql_refused'
    return 'sql_failed'
  })
  return found === error ? found : withoutPlaces(found)
}

/** For internal SQL: whatever the engine says, the caller can only retry. */
export const ownQueryError = (error: unknown): WattlineError => mapped(error, () => 'warehouse_unavailable')

function mapped(error: unknown, choose: (code: number | null) => ErrorCode): WattlineError {
  if (error instanceof WattlineError) return error
  const code = engineCode(error)
  return new WattlineError(isDiskFull(error, code) ? 'disk_full' : choose(code), messageOf(error), {
    cause: error,
  })
}
