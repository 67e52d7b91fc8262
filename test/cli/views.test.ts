/**
 * Guarantees: output of the command line is aligned and escaped, never shows unknown or nonzero values as zero, and
 * uses colours only in a terminal; a redrawn view fits its terminal and restores it.
 */
import { expect, it } from 'vitest'
import { cut, openScreen, paintFor } from '../../cli/screen.ts'
import { renderTable, toCsv } from '../../cli/table.ts'
import { renderLive } from '../../cli/top.ts'
import { carbonUnit, energyUnit, fixedDecimals, moneyUnit, scaledAmount } from '../../cli/units.ts'
import { renderUsage } from '../../cli/usage.ts'
import type { LiveAnswer } from '../../core/api/answers.ts'
import { usageAnswer } from '../dashboards/fixture.ts'

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

it('does not let a name control the terminal', () => {
  expect(renderTable(['name'], [['\u001b[2Jevil\n']])).toBe('name\n\ufffd[2Jevil\ufffd\n')
})

it('has one unit for each column, shows unknown values as a dash, and never shows a nonzero value as zero', () => {
  const unit = energyUnit('450000000')
  expect([unit.unit, scaledAmount('450000000', unit), scaledAmount('1000', unit)]).toEqual([
    'mWh',
    '125.0',
    '<0.1',
  ])
  expect(energyUnit('3600000000000').unit).toBe('kWh')
  expect(scaledAmount('3600000000', energyUnit('3600000000'))).toBe('1.000')
  expect(scaledAmount(null, carbonUnit('45000'))).toBe('-')
  expect(scaledAmount('45000', carbonUnit('45000'))).toBe('45.00')
  expect(scaledAmount('37500', moneyUnit('37500', 'EUR'))).toBe('0.00003750')
  expect(scaledAmount('-1230000000', moneyUnit('-1230000000', 'EUR'))).toBe('-1.230')
  expect(scaledAmount('0', moneyUnit('0', 'EUR'))).toBe('0.000')
  expect([
    fixedDecimals(0, 2),
    fixedDecimals(0.004, 2),
    fixedDecimals(-0.004, 2),
    fixedDecimals(0.006, 2),
  ]).toEqual(['0.00', '<0.01', '>-0.01', '0.01'])
})

const live: LiveAnswer = {
  host: 'h',
  host_name: 'box',
  hosts: [],
  hosts_total: 0,
  clock_offset_ms: null,
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

it('shows the newest interval with a meter reading, and its quality', () => {
  const view = renderLive(live, 6_000)
  expect(view).toContain('2.00 W estimated ±40 %')
  expect(view).toMatch(/^node +process +2\.00 W +100\.0 % +1\.00 +0\.946 +-$/m)
  expect(view).toContain('no price: set tariffs.price_per_kwh')
  expect(view).toContain('WORLD average 473 gCO2e/kWh (set factors.zone)')
  expect(view).toContain('1 more drew nothing')
  expect(view).not.toContain('last reading')
  expect(renderLive(live, 185_000)).toContain('last reading 3 min ago')
})

it('never presents simulated values as measured', () => {
  const view = renderLive({ ...live, energy_quality: 'simulated', error_band: null }, 6_000)
  expect(view).toContain('2.00 W simulated')
  const answer = usageAnswer('1h')
  expect(renderUsage(answer, 'table')).not.toContain('simulated')
  const quality = { measured: 0.75, interpolated: 0, estimated: 0, simulated: 0.25 }
  const text = renderUsage({ ...answer, total: { ...answer.total, quality } }, 'table')
  expect(text).toMatch(/^total .* measured 75 %, simulated 25 %/m)
  expect(text).toMatch(/^25\.0 % of the energy is simulated/m)
})

it('says that there is no reading yet', () => {
  expect(renderLive({ ...live, series: [] }, 0)).toMatch(/No power reading yet/)
})

it('lists usage in one unit, with what is left out and what has no price', () => {
  const answer = usageAnswer('1h', { priced: false })
  const text = renderUsage({ ...answer, truncated: true }, 'table')
  expect(text).toMatch(/^2026-11-21 10:00 to 2026-11-21 11:00 UTC$/m)
  expect(text).toMatch(/^share +kind +namespace +workload +account +energy Wh +± Wh +g CO2e .*covered$/m)
  expect(text).toMatch(/^total .* - +interpolated 2 %, estimated 98 %/m)
  expect(text).toMatch(/^Only 13 rows are listed; the total covers all/m)
  expect(text).toMatch(/Wh without a price/)
  expect(text).not.toContain('resources')
  const total = {
    ...answer.total,
    energy_error_uj: null,
    unknown_error_uj: '7200000000',
    over_busy_uj: '3600000000',
  }
  const unknown = renderUsage({ ...answer, total }, 'table')
  expect(unknown).not.toContain('± Wh')
  expect(unknown).toMatch(/^2\.000 Wh by meters whose error band is not known$/m)
  expect(unknown).toMatch(/^1\.000 Wh divided where workloads showed more CPU time than the host was busy$/m)
})

it('lists costs in several currencies apart, each with its total', () => {
  const answer = usageAnswer('1h')
  const [first, second] = answer.rows
  const text = renderUsage(
    {
      ...answer,
      group_by: ['workload', 'currency'],
      currency: null,
      costs: [
        { currency: 'EUR', cost_energy_nano: '1500000000', cost_resource_nano: null },
        { currency: 'SEK', cost_energy_nano: '-20000000000', cost_resource_nano: null },
      ],
      rows: [
        { ...first!, group: { workload: 'a', currency: 'EUR' }, cost_energy_nano: '1500000000' },
        { ...second!, group: { workload: 'b', currency: 'SEK' }, cost_energy_nano: '-20000000000' },
      ],
      total: { ...answer.total, cost_energy_nano: null, cost_resource_nano: null },
    },
    'table',
  )
  expect(text).toMatch(/^a +EUR .* 1\.500 /m)
  expect(text).toMatch(/^b +SEK .* -20\.000 /m)
  expect(text).toMatch(/^total EUR +1\.500/m)
  expect(text).toMatch(/^total SEK +-20\.000/m)
  expect(text).toMatch(/^total +[\d.]+ .* - /m)
})

it('names the step of each row, and keeps exact integers in CSV', () => {
  const [row] = usageAnswer('1h').rows
  const answer = {
    ...usageAnswer('1h'),
    step_seconds: 60,
    calendar_step: null,
    rows: [{ ...row!, start: '2026-11-21T10:05:00.000Z' }],
  }
  expect(renderUsage(answer, 'table')).toMatch(/^2026-11-21 10:05 +idle/m)
  expect(renderUsage(answer, 'csv')).toContain(`,${row!.energy_uj},`)
})

it('says that the books are empty, and when they will have entries', () => {
  expect(renderUsage({ ...usageAnswer('1h'), rows: [] }, 'table')).toMatch(/the books are empty.*\n.*90 s/)
})

it('uses colours only in a terminal, and not with NO_COLOR', () => {
  const output = { isTTY: true, write: () => true }
  expect(paintFor(output, {})('bold', 'a')).toBe('\u001b[1ma\u001b[22m')
  expect(paintFor(output, { NO_COLOR: '1' })('bold', 'a')).toBe('a')
  expect(paintFor(output, { TERM: 'dumb' })('bold', 'a')).toBe('a')
  expect(paintFor({ ...output, isTTY: false }, {})('bold', 'a')).toBe('a')
})

it('fits a view into its terminal without clearing it, and restores the terminal', () => {
  const written: string[] = []
  const output = { isTTY: true, columns: 4, rows: 2, write: (text: string) => written.push(text) }
  const screen = openScreen(output)
  screen.show('abcdef\n\u001b[1mghijkl\u001b[22m\nthird\n')
  const view = written.at(-1)!
  expect(view).toContain('abcd')
  expect(view).toContain('\u001b[1mghij\u001b[22m')
  expect(view).not.toMatch(/e|third/)
  expect(view).not.toContain('\u001b[2J')
  screen.close()
  expect(written.at(-1)).toBe('\u001b[?25h\u001b[?1049l')
  expect(cut('\u001b[31mab\u001b[39mcd', 3)).toBe('\u001b[31mab\u001b[39mc')
})

it('writes one view after another where there is no terminal', () => {
  const written: string[] = []
  const screen = openScreen({ write: text => written.push(text) })
  screen.show('a\n')
  screen.show('b\n')
  screen.close()
  expect(written.join('')).toBe('a\n\nb\n\n')
})
