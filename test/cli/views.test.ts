// Guarantees: what the command line prints is aligned, escaped, and never shows unknown as zero.
import { expect, it } from 'vitest'
import { renderTable, toCsv } from '../../cli/table.ts'
import { renderLive } from '../../cli/top.ts'
import { carbonText, energyText, moneyText } from '../../cli/units.ts'
import type { LiveAnswer } from '../../core/model/answers.ts'

it('aligns text to the left and numbers to the right', () => {
  const table = renderTable(
    ['name', 'n'],
    [
      ['a', '1'],
      ['long name', '100'],
    ],
  )
  expect(table).toBe('name         n\na            1\nlong name  100\n')
})

it('escapes CSV', () => {
  expect(toCsv(['a'], [['x,"y"']])).toBe('a\r\n"x,""y"""\r\n')
})

it('chooses units and shows unknown as a dash', () => {
  expect(energyText('450000000')).toBe('125.000 mWh')
  expect(energyText(3_600_000_000n)).toBe('1.000 Wh')
  expect(energyText('3600000000000')).toBe('1.000 kWh')
  expect(carbonText('45000')).toBe('45.000 mg')
  expect(carbonText(null)).toBe('-')
  expect(moneyText('37500', 'EUR')).toBe('0.0000375 EUR')
  expect(moneyText('-1230000000', 'EUR')).toBe('-1.23 EUR')
  expect(moneyText('0', 'EUR')).toBe('0.00 EUR')
  expect(moneyText(null, 'EUR')).toBe('-')
})

const live: LiveAnswer = {
  host: 'h',
  host_name: 'box',
  hosts: [],
  cpus: 2,
  energy_quality: 'estimated',
  energy_source: 'estimate:ccf',
  boundary: 'components',
  error_band: 0.4,
  zone: 'WORLD',
  intensity_g_per_kwh: '473',
  intensity_kind: 'average',
  intensity_source: 'yearly',
  pue: '1',
  currency: 'EUR',
  price_per_kwh: null,
  times_ms: [0, 5000],
  series: [
    {
      share: 'active',
      workload_kind: 'process',
      workload_id: 'node',
      workload_name: 'node',
      namespace: '',
      milliwatts: [1000, 2000],
      cpus_used: [0.5, 1],
    },
    {
      share: 'idle',
      workload_kind: '',
      workload_id: '',
      workload_name: '',
      namespace: '',
      milliwatts: [500, null],
      cpus_used: [null, null],
    },
  ],
}

it('shows the newest interval that a meter saw, with its quality', () => {
  const view = renderLive(live)
  expect(view).toContain('2.00 W estimated ±40 %')
  expect(view).toMatch(/node +process +2\.00 W +1\.00 +0\.946 +-/)
})

it('says that nothing was read yet', () => {
  expect(renderLive({ ...live, series: [] })).toMatch(/No power reading yet/)
})
