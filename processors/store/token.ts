/** Also the consumer group. */
export const STORE = 'store'

/** Deduplication token of a record: the history of the log that it is in, and its place there. */
export const tokenOf = (stream: string, partition: number, offset: bigint, origin: string): string =>
  `${origin === '' ? '' : `${origin}/`}${stream}/${partition}/${offset}`
