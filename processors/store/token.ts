import type { OffsetRange } from './insert-plan.ts'

/** Also the consumer group. */
export const STORE = 'store'

/** Deduplication token of a record: the history of the log that it is in, and its place there. */
export const tokenOf = (stream: string, partition: number, offset: bigint, origin: string): string =>
  `${origin === '' ? '' : `${origin}/`}${stream}/${partition}/${offset}`

/** The same of records that are inserted together: places of the first and of the last. */
export const rangeTokenOf = (
  stream: string,
  partition: number,
  [from, to]: OffsetRange,
  origin: string,
): string => `${tokenOf(stream, partition, from, origin)}-${to - 1n}`
