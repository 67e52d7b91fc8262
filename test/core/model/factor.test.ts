/**
 * Guarantees: built-in intensities have sources and are found by code; the factor in force; versions and ids follow
 * from content.
 */
import { expect, test } from 'vitest'
import { decimalText, parseDecimal } from '../../../core/model/decimal.ts'
import { type EntryKey, entryId } from '../../../core/model/entry-id.ts'
import { factor, yearlyIntensity } from '../../../core/model/factor.ts'
import { YEARLY_INTENSITIES } from '../../../core/model/yearly-intensities.ts'

test('every built-in row has its codes once, a plausible value and a year', () => {
  for (const column of [0, 1] as const) {
    const codes = YEARLY_INTENSITIES.map(row => row[column])
    expect(new Set(codes).size).toBe(codes.length)
  }
  for (const [two, three, value, year] of YEARLY_INTENSITIES) {
    expect(two).toMatch(/^([A-Z]{2}|WORLD|AFRICA)$/)
    expect(three).toMatch(/^([A-Z]{3}|EU|WORLD|AFRICA)$/)
    expect(Number(decimalText(parseDecimal(value)))).toBeGreaterThan(10)
    expect(Number(value)).toBeLessThan(1000)
    expect(year).toBeGreaterThanOrEqual(2022)
  }
})

test.each([
  ['DE', 'DE', '344.1'],
  ['DEU', 'DE', '344.1'],
  ['de', 'DE', '344.1'],
  ['WORLD', 'WORLD', '473'],
  ['FR', 'FR', '44.2'],
])('%s is %s with %s g/kWh, an average and marked as estimated', (zone, name, value) => {
  const found = yearlyIntensity(zone)!
  expect(found.zone).toBe(name)
  expect(decimalText(found.value)).toBe(value)
  expect(found).toMatchObject({ kind: 'average', state: 'estimated', unit: 'gCO2e/kWh' })
  expect(found.source).toContain('CC BY 4.0')
})

test('an unknown zone has no factor', () => {
  expect(yearlyIntensity('XX')).toBeNull()
})

test('a version names label, zone and value, and changes with anything in the factor', () => {
  const content = { ...yearlyIntensity('DE')!, value: parseDecimal('300.0') }
  const { version } = factor('config', content)
  expect(version).toMatch(/^config:DE:300:[0-9a-f]{8}$/)
  expect(factor('config', { ...content, value: parseDecimal('300') }).version).toBe(version)
  expect(factor('config', { ...content, source: 'another' }).version).not.toBe(version)
  expect(factor('config', { ...content, state: 'final' }).version).not.toBe(version)
})

test('an entry id is the same for the same key and differs for every part of it', () => {
  const key: EntryKey = {
    tenant: 't',
    host: 'h',
    windowStart: 60,
    workloadKind: 'k',
    workloadId: 'i',
    component: 'cpu',
    share: 'active',
    entryKind: 'original',
    revision: 0,
    history: '',
  }
  expect(entryId(key)).toMatch(/^[0-9a-f]{32}$/)
  expect(entryId({ ...key })).toBe(entryId(key))
  const others = Object.keys(key).map(part =>
    entryId({ ...key, [part]: part === 'revision' || part === 'windowStart' ? 7 : 'x' }),
  )
  expect(new Set([entryId(key), ...others]).size).toBe(11)
  // Unchanged since the first entries.
  expect(entryId(key)).toBe('0b2afc8d2e8dbcbb3127916dcad6987b')
  expect(entryId({ ...key, tenant: 't","h', host: '' })).not.toBe(
    entryId({ ...key, tenant: 't', host: 'h","' }),
  )
})
