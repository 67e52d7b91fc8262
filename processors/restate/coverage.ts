import type { IntensityBook } from '../../core/factors/intensity-book.ts'
import type { Factor } from '../../core/model/factor.ts'
import type { DirtyRange } from './dirty.ts'

/** Factors that hold in a range, in order of time and without gaps; nothing is known where the version is empty. */
export function coverage(book: IntensityBook, { zone, from, to }: DirtyRange): readonly Factor[] {
  const otherwise = book.at(zone, 'average', Number.NEGATIVE_INFINITY) ?? unknown(zone)
  const covered: Factor[] = []
  let at = from
  for (const one of book.between(zone, 'average', from, to)) {
    const start = Math.max(one.validFrom ?? from, from)
    if (start > at) covered.push({ ...otherwise, validFrom: at })
    covered.push(one)
    at = one.validTo ?? to
  }
  if (at < to) covered.push({ ...otherwise, validFrom: at })
  return covered
}

const unknown = (zone: string): Factor => ({
  value: { mantissa: 0n, scale: 0 },
  unit: 'gCO2e/kWh',
  zone,
  validFrom: null,
  validTo: null,
  source: '',
  kind: 'average',
  state: 'estimated',
  version: '',
})
