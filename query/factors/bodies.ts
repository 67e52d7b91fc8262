/** Reads what is put: bodies by their schema, and who may put them. */
import { z } from 'zod'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { InstanceFactors } from '../../core/factors/instance-factors.ts'
import { zoneName } from '../../core/model/factor.ts'
import { isoTime } from '../../core/model/iso-time.ts'
import { ZONE, ZONE_SHAPE } from '../../core/model/zone.ts'
import { invalid } from '../http/parameters.ts'

/** Versions begin with where a factor comes from. */
export const LABEL = 'api'

/** @param what is put, in the plural @throws WattlineError `parameter_invalid`, with all problems of the body */
export function parseBody<S extends z.ZodType>(schema: S, body: unknown, what: string): z.infer<S> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw unusable(what, z.prettifyError(parsed.error).replaceAll('\n', ' '))
}

/** What `make` gives; a RangeError says what is wrong with the values. @throws WattlineError `parameter_invalid` */
export function usable<T>(what: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof RangeError) throw unusable(what, error.message)
    throw error
  }
}

/** The error for values that cannot be used. */
export const unusable = (what: string, why: string): WattlineError =>
  new WattlineError('parameter_invalid', `The ${what} cannot be used: ${why.slice(0, 1_000)}.`)

/** `DEU` is `DE`, as everywhere. @throws WattlineError `parameter_invalid` */
export function zoneOf(text: string): string {
  if (!ZONE.test(text)) throw invalid('zone', text, `a zone: ${ZONE_SHAPE}`)
  return zoneName(text)
}

/** @throws WattlineError `not_found` where this process does not have the log open */
export function given(factors: InstanceFactors | undefined): InstanceFactors {
  if (factors !== undefined) return factors
  throw new WattlineError(
    'not_found',
    'This process does not have the log open: ask one with role query that has.',
  )
}

/** ISO 8601; null: open. */
export const isoOf = (seconds: number | null): string | null => (seconds === null ? null : isoTime(seconds))
