/** What callers of any broker get wrong about compacted streams. */
import { WattlineError } from '../catalogue/errors/errors.ts'

export const keyMissing = (stream: string): WattlineError =>
  new WattlineError('invariant_broken', `Stream '${stream}' is compacted: each of its records needs a key.`)

export const notCompacted = (stream: string): WattlineError =>
  new WattlineError(
    'invariant_broken',
    `Stream '${stream}' is not compacted: it has no newest record of a key.`,
  )
