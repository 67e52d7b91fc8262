/** Parses and checks values of options; errors have the form of commander. */
import { InvalidArgumentError } from 'commander'

/** An integer, at least `least`. */
export const whole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > 1e9) {
      throw new InvalidArgumentError(`Give an integer of at least ${least}, such as ${Math.max(least, 10)}.`)
    }
    return value
  }

/** A number, 0 or more. */
export function zeroOrMore(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('Give a number, 0 or more.')
  }
  return value
}

/** A number above 0. */
export function positive(text: string): number {
  const value = zeroOrMore(text)
  if (value <= 0) throw new InvalidArgumentError('Give a number above 0.')
  return value
}

/** From 0 to 1. */
export function share(text: string): number {
  const value = zeroOrMore(text)
  if (value > 1) throw new InvalidArgumentError('Give a share from 0 to 1, such as 0.05.')
  return value
}

/** Unix milliseconds of an ISO 8601 time. */
export function time(text: string): number {
  const value = Date.parse(text)
  if (Number.isNaN(value)) throw new InvalidArgumentError('Give a time such as 2026-11-20T12:00:00Z.')
  return value
}
