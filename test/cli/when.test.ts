// Guarantees: `wattline when` says what a better window saves, what it adds, and whether that comes from waiting or from another zone.
import { expect, it } from 'vitest'
import { gainOf } from '../../cli/when.ts'

const NOW = { start: '2026-12-01T00:00:00Z', zone: 'DE' }
const LATER = { start: '2026-12-01T04:00:00Z', zone: 'DE' }
const money = (cost: number): string => `${cost.toFixed(2)} EUR`
const gain = (best: typeof NOW, carbon: number, cost: number | null): string =>
  gainOf(best, NOW, { carbon_g: carbon, cost }, money)

it('names what is gained, and by what', () => {
  expect(gain(LATER, 120.25, 0.1)).toBe('Waiting saves 120.3 gCO2e and 0.10 EUR.')
  expect(gain({ ...NOW, zone: 'FR' }, 120, null)).toBe('Running in FR saves 120.0 gCO2e.')
  expect(gain({ ...LATER, zone: 'FR' }, 120, 0)).toBe('Waiting and running in FR saves 120.0 gCO2e.')
  expect(gain(LATER, 120, -0.05)).toBe('Waiting saves 120.0 gCO2e and adds 0.05 EUR.')
  expect(gain(NOW, 0, 0)).toBe('No later start is better than now.')
})
