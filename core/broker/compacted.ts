/** Errors of callers that use compacted streams wrongly, for every broker. */
import { WattlineError } from '../catalogue/errors/errors.ts'

/** Error for a record without a key that was appended to a compacted stream. */
export const keyMissing = (stream: string): WattlineError =>
  new WattlineError('invariant_broken', `Stream '${stream}' is compacted: each of its records needs a key.`)

/** Error for asking a stream that is not compacted for the newest record of a key. */
export const notCompacted = (stream: string): WattlineError =>
  new WattlineError(
    'invariant_broken',
    `Stream '${stream}' is not compacted: it has no newest record of a key.`,
  )
