/** File systems' names for it: no space, no more of a quota, a larger file than is allowed. */
const CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Whether a failed write of Node's means that there is no room for it. */
export const hasNoSpace = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && CODES.has(error.code)
