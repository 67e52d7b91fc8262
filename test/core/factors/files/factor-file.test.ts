/**
 * Guarantees: a file of factors says what the API would be told, with exact decimals; whatever is wrong with it is told with line
 * and column, all of it at once, and nothing of it is used; what was exported reads back as it was.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toCsv } from '../../../../cli/table.ts'
import { type FileFactors, putFileFactors } from '../../../../core/factors/file-factors.ts'
import { parseCsv } from '../../../../core/factors/files/csv.ts'
import { INTENSITY_COLUMNS } from '../../../../core/factors/files/csv-factors.ts'
import { parseFactorFile } from '../../../../core/factors/files/factor-file.ts'
import { FactorFileError } from '../../../../core/factors/files/problems.ts'
import { decimalText } from '../../../../core/model/decimal.ts'
import { memoryLog } from '../../../support/memory-log.ts'

const problemsOf = (name: string, text: string): readonly string[] => {
  try {
    parseFactorFile(name, text)
    return []
  } catch (error) {
    if (!(error instanceof FactorFileError)) throw error
    return error.problems.map(({ line, column, problem }) => `${line}:${column ?? ''} ${problem}`)
  }
}

const shown = ({ intensities, spotPrices, priceLists, pue, embodied }: FileFactors) => ({
  pue: pue.map(
    one => `${one.site}/${one.zone} ${one.validFrom} ${one.validTo} ${decimalText(one.value)} ${one.source}`,
  ),
  embodied: embodied.map(
    one =>
      `${one.hostType} ${one.hosts} ${decimalText(one.kilograms)} ${one.gpus?.count} ${decimalText(one.years)}`,
  ),
  intensities: intensities.map(
    one =>
      `${one.zone} ${one.kind} ${one.validFrom} ${one.validTo} ${decimalText(one.value)} ${one.state} ${one.source}`,
  ),
  spotPrices: spotPrices.map(
    one => `${one.zone} ${one.currency} ${one.validFrom} ${decimalText(one.value)} ${one.state}`,
  ),
  priceLists: priceLists.map(
    ({ terms }) => `${terms.name} ${terms.price_per_kwh} ${terms.currency} ${terms.source}`,
  ),
})

describe('CSV', () => {
  test('intensities, with defaults, in any order of columns', () => {
    const text =
      'g_per_kwh,zone,from,to,state,source\r\n' +
      '31.5,SE-SE3,2026-11-30T10:00:00Z,2026-11-30T11:00:00Z,estimated,"grid, operator"\r\n' +
      '\r\n300,DEU,2026-11-30T10:00Z,2026-11-30T12:00:00+01:00,,\r\n'
    expect(shown(parseFactorFile('/etc/factors/a.csv', text)).intensities).toEqual([
      'SE-SE3 average 1796032800 1796036400 31.5 estimated grid, operator',
      'DE average 1796032800 1796036400 300 final a.csv',
    ])
  })

  test('spot prices per MWh and below 0, separated by semicolons, with a byte order mark', () => {
    const text =
      '\u{feff}zone;currency;from;to;price_per_mwh\nDE-LU;EUR;2026-11-30T10:00Z;2026-11-30T11:00Z;-5.01\n'
    expect(shown(parseFactorFile('a.CSV', text)).spotPrices).toEqual(['DE-LU EUR 1796032800 -0.00501 final'])
  })

  test('price lists without bands', () => {
    const text = 'name,currency,account,price_per_kwh,price_per_vcpu_hour\ngold,EUR,web,0.21,0.03\n'
    expect(shown(parseFactorFile('a.csv', text)).priceLists).toEqual(['gold 0.21 EUR a.csv'])
  })

  test('PUE of sites and zones, and embodied emissions of types of hosts', () => {
    const pue =
      'site,zone,from,to,pue\nstockholm,,2026-11-30T10:00Z,2026-11-30T11:00Z,1.14\n,DEU,2026-11-30T10:00Z,,1.4\n'
    expect(shown(parseFactorFile('a.csv', pue)).pue).toEqual([
      'stockholm/ 1796032800 1796036400 1.14 a.csv',
      '/DE 1796032800 null 1.4 a.csv',
    ])
    const embodied = 'host_type,hosts,kg,years,gpu_count,gpu_kg\nh100,gpu-* gpx-1,1500,4,8,164\n'
    expect(shown(parseFactorFile('a.csv', embodied)).embodied).toEqual(['h100 gpu-*,gpx-1 1500 8 4'])
    expect(
      problemsOf(
        'a.csv',
        `${pue}stockholm,DE,2026-11-30T10:00Z,,1.1\nx,,2026-11-30T10:00Z,,0.9\n,DE,2026-12-01T10:00Z,,2\n`,
      ),
    ).toEqual([
      '4: give either a site or a zone',
      expect.stringMatching(/^5:pue must be at least 1/),
      '6: a value for 2026-12-01T10:00:00.000Z, for which line 3 has one already',
    ])
    expect(problemsOf('a.csv', 'host_type,hosts,kg,gpu_count\nh,a,1,two\nh,a,1,2\n')).toEqual([
      expect.stringMatching(/^2:gpu_count /),
      expect.stringMatching(/^2:gpu_kg /),
      expect.stringMatching(/^3:gpu_kg /),
    ])
  })

  test.each<[string, string, readonly string[]]>([
    ['nothing', '', ['1: the file is empty: it needs a header line']],
    [
      'a column that is misspelt, and one that is missing',
      'zone,from,g_per_kwh,stat\n',
      ['1:stat unknown column: did you mean "state"?', '1:to is missing'],
    ],
    [
      'no value',
      'zone,currency,from,to\n',
      ['1: needs column price_per_kwh or price_per_mwh, or g_per_kwh for intensities'],
    ],
    ['a column twice', 'zone,zone,from,to,g_per_kwh\n', ['1:zone appears twice']],
    [
      'a cell too many',
      'zone,from,to,g_per_kwh\nDE,2026-11-30T10:00Z,2026-11-30T11:00Z,1,5\n',
      ['2: has 5 cells, the header has 4'],
    ],
    ['an open quote', 'zone,from,to,g_per_kwh\nDE,"2026\n', ['2: a quote opens or closes within a cell']],
    [
      'several cells',
      'zone,from,to,g_per_kwh,state\nDE,noon,2026-11-30T11:00Z,"31,5",done\n"Berlin, DE",2026-11-30T10:00Z,2026-11-30T11:00Z,-1,\n',
      [
        '2:from must be a whole UTC second such as 2026-11-30T12:00:00Z',
        '2:g_per_kwh must be a decimal number from 0 to 5000',
        expect.stringMatching(/^2:state /),
        expect.stringMatching(/^3:zone must be /),
        '3:g_per_kwh must be a decimal number from 0 to 5000',
      ] as unknown as readonly string[],
    ],
    [
      'a time that ends before it begins',
      'zone,from,to,g_per_kwh\nDE,2026-11-30T11:00Z,2026-11-30T10:00Z,1\n',
      ['2: the value from 2026-11-30T11:00Z ends at 2026-11-30T10:00Z, not after it'],
    ],
    [
      'two values for one time',
      'zone,from,to,g_per_kwh\nDE,2026-11-30T10:00Z,2026-11-30T12:00Z,1\nFR,2026-11-30T10:00Z,2026-11-30T12:00Z,1\nDE,2026-11-30T11:00Z,2026-11-30T13:00Z,2\n',
      ['4: a value for 2026-11-30T11:00:00.000Z, for which line 2 has one already'],
    ],
    [
      'a list of an unknown time zone',
      'name,currency,time_zone,price_per_kwh\na,EUR,Mars/Base,1\n',
      [expect.stringMatching(/^2: .*Mars\/Base/)] as unknown as readonly string[],
    ],
    [
      'two lists of one name',
      'name,currency,price_per_kwh\na,EUR,1\na,EUR,2\n',
      ['3: the name a is in line 2 already'],
    ],
  ])('%s', (_, text, problems) => {
    expect(problemsOf('a.csv', text)).toEqual(problems)
  })

  test('a line break in a cell does not shift the lines of problems', () => {
    const text =
      'zone,from,to,g_per_kwh,source\nDE,2026-11-30T10:00Z,2026-11-30T11:00Z,1,"two\nlines"\nDE,x,2026-11-30T13:00Z,1,\n'
    expect(problemsOf('a.csv', text)).toEqual([
      '4:from must be a whole UTC second such as 2026-11-30T12:00:00Z',
    ])
  })

  test('cells come back as they were written', () => {
    const cell = fc.string().map(text => text.trim())
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), rows => {
        const kept = rows.filter(([a, b]) => a !== '' || b !== '')
        const { records } = parseCsv('a', toCsv(['one', 'two'], kept))
        expect(records.map(({ cells }) => [cells['one'] ?? '', cells['two'] ?? ''])).toEqual(kept)
      }),
      { seed: 43, numRuns: 200 },
    )
  })
})

describe('YAML', () => {
  const YAML = `
intensities:
  - zone: SE-SE3
    kind: marginal
    values:
      - {from: 2026-11-30T10:00:00Z, to: 2026-11-30T11:00:00Z, g_per_kwh: 31.123456789}
spot_prices:
  - zone: DE-LU
    currency: EUR
    source: exchange
    values: [{from: 2026-11-30T10:00:00Z, to: 2026-11-30T11:00:00Z, price_per_mwh: 1}]
price_lists:
  - {name: gold, currency: EUR, price_per_kwh: 0.21, bands: [{months: [12, 1], price_per_kwh: "0.30"}]}
pue:
  - {site: stockholm, source: meter, values: [{from: 2026-11-30T10:00:00Z, pue: 1.14}]}
embodied:
  - {host_type: r760, hosts: [web-*], kg: 1310, years: 5, source: maker}
`
  test('all kinds, with numbers as exact decimals', () => {
    expect(shown(parseFactorFile('a.yaml', YAML))).toEqual({
      intensities: ['SE-SE3 marginal 1796032800 1796036400 31.123456789 final a.yaml'],
      spotPrices: ['DE-LU EUR 1796032800 0.001 final'],
      priceLists: ['gold 0.21 EUR a.yaml'],
      pue: ['stockholm/ 1796032800 null 1.14 meter'],
      embodied: ['r760 web-* 1310 undefined 5'],
    })
  })

  test.each<[string, string, string, RegExp]>([
    ['a value', '31.123456789', '-1', /^6:\d+ g_per_kwh must be a decimal number/],
    [
      'a time',
      'from: 2026-11-30T10:00:00Z, to: 2026-11-30T11:00:00Z, g',
      'from: soon, to: 2026-11-30T11:00:00Z, g',
      /^6:16 from must be a whole UTC second/,
    ],
    ['an unknown key', 'kind: marginal', 'kin: marginal', /^4:5 Unrecognized key/],
    ['a missing key', '    currency: EUR\n', '', /^8:5 currency /],
    [
      'an empty time',
      'to: 2026-11-30T11:00:00Z, g',
      'to: 2026-11-30T10:00:00Z, g',
      /^6:9 the value from .* ends at/,
    ],
    ['broken YAML', '  - zone: SE-SE3', '  - zone: [SE-SE3', /^\d+:\d+ /],
    ['an unknown section', 'spot_prices:', 'spots:', /^7:1 Unrecognized key/],
  ])('%s is told with its place', (_, from, to, problem) => {
    const text = YAML.replace(from, to)
    expect(text).not.toBe(YAML)
    expect(problemsOf('a.yaml', text)[0]).toMatch(problem)
  })

  test('many aliases are refused', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c]\n`
    expect(problemsOf('a.yaml', bomb)[0]).toMatch(/alias/)
  })
})

test('other names are refused, and long lists of problems are cut', () => {
  expect(problemsOf('a.txt', 'x')).toEqual(['1: the name must end in .csv, .yaml or .yml'])
  const text = `zone,from,to,g_per_kwh\n${'DE,x,y,z\n'.repeat(30)}`
  expect(() => parseFactorFile('a.csv', text)).toThrow(
    /a\.csv has 90 problem\(s\):\n {2}line 2, column "from": [\s\S]*and 70 more/,
  )
})

test('the same file again appends nothing; another value appends its day', async () => {
  const log = memoryLog()
  const file = (grams: string) =>
    `zone,from,to,g_per_kwh\nDE,2026-11-30T10:00Z,2026-11-30T11:00Z,${grams}\nDE,2026-12-01T10:00Z,2026-12-01T11:00Z,5\n`
  expect(await putFileFactors(log, parseFactorFile('a.csv', file('1')), 0)).toBe(2)
  expect(await putFileFactors(log, parseFactorFile('a.csv', file('1.0')), 0)).toBe(0)
  expect(await putFileFactors(log, parseFactorFile('a.csv', file('2')), 0)).toBe(1)
})

test('what is exported reads back as it was', () => {
  const value = fc.record({
    zone: fc.constantFrom('DE', 'SE-SE3'),
    kind: fc.constantFrom('average', 'marginal'),
    grams: fc.integer({ min: 0, max: 5_000_000 }).map(n => decimalText({ mantissa: BigInt(n), scale: 3 })),
    state: fc.constantFrom('forecast', 'estimated', 'final'),
    source: fc.string({ minLength: 1, maxLength: 50 }).filter(text => text.trim() === text && text !== ''),
  })
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), values => {
      const time = (hour: number): string => new Date(hour * 3_600_000).toISOString()
      const rows = values.map((one, at) => [
        one.zone,
        one.kind,
        time(at),
        time(at + 1),
        one.grams,
        one.state,
        one.source,
      ])
      const found = parseFactorFile('a.csv', toCsv(INTENSITY_COLUMNS, rows)).intensities
      expect(
        found.map(one => [
          one.zone,
          one.kind,
          time(one.validFrom! / 3600),
          time(one.validTo! / 3600),
          decimalText(one.value),
          one.state,
          one.source,
        ]),
      ).toEqual(rows)
    }),
    { seed: 43, numRuns: 50 },
  )
})
