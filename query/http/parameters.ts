/** Reads URL parameters. Errors name the unknown parameter or value, and what is known instead. */
import type { FastifyRequest } from 'fastify'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'

/** Parameters as Fastify parses them: an array where a name is given several times. */
export type RawQuery = Readonly<Record<string, string | readonly string[] | undefined>>

/** The error for an invalid value of a parameter; quotes at most 100 characters of it. */
export function invalid(name: string, value: string, expected: string): WattlineError {
  return new WattlineError('parameter_invalid', `${name}=${value.slice(0, 100)} is not ${expected}.`)
}

/** @throws WattlineError `parameter_invalid` for an unknown parameter */
export function knownParameters(query: RawQuery, names: readonly string[]): void {
  for (const name of Object.keys(query)) {
    if (names.includes(name)) continue
    throw new WattlineError(
      'parameter_invalid',
      `There is no parameter ${name.slice(0, 100)}. Use ${names.join(', ')}.`,
    )
  }
}

/** The value of a parameter that may be given once; undefined when absent. */
export function single(query: RawQuery, name: string): string | undefined {
  const value = query[name]
  if (value === undefined || typeof value === 'string') return value
  throw new WattlineError('parameter_invalid', `${name} is given ${value.length} times; give it once.`)
}

/** All values of a parameter that may be given several times. */
export function multiple(query: RawQuery, name: string): readonly string[] {
  const value = query[name]
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : value
}

/** An integer in a range; `absent` without the parameter. @throws WattlineError `parameter_invalid` */
export function integerParameter(
  query: RawQuery,
  name: string,
  range: { min: number; max: number; absent: number },
): number {
  const text = single(query, name)
  if (text === undefined || text === '') return range.absent
  const value = Number(text)
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return value
  throw invalid(name, text, `an integer from ${range.min} to ${range.max}`)
}

/** One of the given words; `absent` without the parameter. @throws WattlineError `parameter_invalid` */
export function wordParameter<const Value extends string>(
  query: RawQuery,
  name: string,
  values: readonly Value[],
  absent: Value,
): Value {
  const text = single(query, name)
  if (text === undefined || text === '') return absent
  const found = values.find(value => value === text)
  if (found === undefined) throw invalid(name, text, `one of ${values.join(', ')}`)
  return found
}

/** A part of the path of the request in a question; '' for one that its route does not have. */
export const pathParameter = ({ request }: { readonly request: FastifyRequest }, name: string): string =>
  (request.params as Readonly<Record<string, string>>)[name] ?? ''
