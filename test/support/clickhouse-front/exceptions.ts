/** An exception as ClickHouse's HTTP interface reports it. Source: ClickHouse `exceptionCodeToHTTPStatus`. */
export interface FrontException {
  readonly code: number
  readonly status: number
  /** `Code: 60. DB::Exception: ... (UNKNOWN_TABLE) (version ...)`, with its end of line. */
  readonly text: string
}

const STATUS: ReadonlyMap<number, number> = new Map([
  ...[194].map(code => [code, 401] as const),
  ...[192, 193, 497, 516].map(code => [code, 403] as const),
  ...[6, 26, 27, 36, 38, 41, 43, 44, 53, 62, 70, 72, 117, 456, 457].map(code => [code, 400] as const),
  ...[46, 47, 50, 56, 60, 81, 115].map(code => [code, 404] as const),
  [159, 408],
  [48, 501],
  [209, 503],
])

const NAMES: ReadonlyMap<number, string> = new Map([
  [202, 'TOO_MANY_SIMULTANEOUS_QUERIES'],
  [216, 'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING'],
  [225, 'NO_ZOOKEEPER'],
  [241, 'MEMORY_LIMIT_EXCEEDED'],
  [242, 'TABLE_IS_READ_ONLY'],
  [252, 'TOO_MANY_PARTS'],
  [279, 'ALL_CONNECTION_TRIES_FAILED'],
  [285, 'TOO_FEW_LIVE_REPLICAS'],
  [319, 'UNKNOWN_STATUS_OF_INSERT'],
  [516, 'AUTHENTICATION_FAILED'],
  [999, 'KEEPER_EXCEPTION'],
])

const VERSION = '(version 26.7.2.1 (official build))'

export const exceptionOf = (code: number, message: string): FrontException => ({
  code,
  status: STATUS.get(code) ?? 500,
  text: `Code: ${code}. DB::Exception: ${message} (${NAMES.get(code) ?? 'INJECTED_FAULT'}) ${VERSION}\n`,
})

/** An exception of the embedded engine, as a server would report it. */
export function exceptionFrom(error: unknown): FrontException {
  const message = error instanceof Error ? error.message : String(error)
  const told = message.replace(/^Query failed: /, '')
  const code = Number(/\bCode: (\d+)\./.exec(told)?.[1] ?? 1001)
  const text = told.startsWith('Code: ') ? told : `Code: ${code}. DB::Exception: ${told} (STD_EXCEPTION)`
  return { code, status: STATUS.get(code) ?? 500, text: `${text} ${VERSION}\n` }
}
