/** Error codes for a full disk: no space, quota exceeded, file too large. */
const CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Whether a failed write of Node means that the disk is full. */
export const hasNoSpace = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && CODES.has(error.code)
