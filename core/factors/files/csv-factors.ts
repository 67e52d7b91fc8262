/** Factors as CSV: what a file holds follows from the columns of its header. */
import type { z } from 'zod'
import { embodiedSchema, pueSchema } from '../../catalogue/config/keys/factor-values.ts'
import { priceListSchema } from '../../catalogue/config/keys/prices.ts'
import { closest } from '../../catalogue/config/suggest.ts'
import type { Factor } from '../../model/factor.ts'
import { createPriceList, type PriceList } from '../../model/prices/price-list.ts'
import type { SpotPrice } from '../../model/prices/spot-price.ts'
import type { FileFactors } from '../file-factors.ts'
import type { EmbodiedFactor } from '../hosts/embodied.ts'
import type { PueFactor } from '../hosts/pue.ts'
import { intensityValues } from '../intensity-values.ts'
import { spotValues } from '../prices/spot-values.ts'
import type { Dated } from '../records/series.ts'
import {
  embodiedOf,
  inOrder,
  intensityOf,
  listName,
  overlaps,
  type Placed,
  pueOf,
  repeatedNames,
  spotPriceOf,
} from './checked.ts'
import { type CsvRecord, parseCsv } from './csv.ts'
import { FactorFileError, type FileProblem } from './problems.ts'

/** What a kind of file has. */
interface Layout {
  readonly what: keyof FileFactors
  /** Column that only files of this kind have. */
  readonly mark: string
  readonly required: readonly string[]
  readonly optional: readonly string[]
  /** Columns of which one must be there. */
  readonly oneOf?: readonly string[]
}

/** Columns of exports, in this order. */
export const INTENSITY_COLUMNS = ['zone', 'kind', 'from', 'to', 'g_per_kwh', 'state', 'source'] as const
/** The same of spot prices. */
export const SPOT_COLUMNS = ['zone', 'currency', 'from', 'to', 'price_per_kwh', 'state', 'source'] as const

/** The same of PUE. */
export const PUE_COLUMNS = ['site', 'zone', 'from', 'to', 'pue', 'source'] as const

const SPOT: Layout = {
  what: 'spotPrices',
  mark: 'price_per_mwh',
  required: ['zone', 'currency', 'from', 'to'],
  oneOf: ['price_per_kwh', 'price_per_mwh'],
  optional: ['state', 'source'],
}
const LAYOUTS: readonly Layout[] = [
  {
    what: 'intensities',
    mark: 'g_per_kwh',
    required: ['zone', 'from', 'to', 'g_per_kwh'],
    optional: ['kind', 'state', 'source'],
  },
  // Price lists without bands, charges and rules, which are for YAML.
  {
    what: 'priceLists',
    mark: 'name',
    required: ['name', 'currency'],
    optional: [
      ...['tenant', 'account', 'zone', 'valid_from', 'valid_to', 'source', 'time_zone'],
      ...['price_per_kwh', 'price_per_vcpu_hour', 'price_per_gib_hour', 'price_per_gpu_hour'],
    ],
  },
  {
    what: 'pue',
    mark: 'pue',
    required: ['from', 'pue'],
    oneOf: ['site', 'zone'],
    optional: ['to', 'source'],
  },
  {
    what: 'embodied',
    mark: 'host_type',
    required: ['host_type', 'hosts', 'kg'],
    optional: ['years', 'gpu_count', 'gpu_kg', 'valid_from', 'valid_to', 'source'],
  },
  SPOT,
]

/** @throws FactorFileError */
export function csvFactors(name: string, text: string): FileFactors {
  const { columns, records } = parseCsv(name, text)
  const layout = LAYOUTS.find(({ mark }) => columns.includes(mark)) ?? SPOT
  const problems = headerProblems(layout, columns)
  if (problems.length > 0) throw new FactorFileError(name, problems)
  const rows = new CsvRows(name, records)
  const none: FileFactors = { intensities: [], spotPrices: [], priceLists: [], pue: [], embodied: [] }
  const factors = { ...none, [layout.what]: rows.read(layout.what) }
  rows.assertGood()
  return factors
}

function headerProblems(layout: Layout, columns: readonly string[]): FileProblem[] {
  const { required, optional, oneOf = [] } = layout
  const known = [...required, ...optional, ...oneOf]
  const missing = required.filter(column => !columns.includes(column))
  return [
    ...columns
      .filter(column => !known.includes(column))
      .map(column => {
        const near = closest(column, known)
        const hint = near === null ? `use ${known.join(', ')}` : `did you mean "${near}"?`
        return { line: 1, column, problem: `unknown column: ${hint}` }
      }),
    ...missing.map(column => ({ line: 1, column, problem: 'is missing' })),
    ...(oneOf.length === 0 || oneOf.some(column => columns.includes(column))
      ? []
      : [{ line: 1, problem: `needs column ${oneOf.join(' or ')}${hintOf(layout)}` }]),
  ]
}

/** A file without a column that tells its kind may be of any. */
const hintOf = (layout: Layout): string => (layout === SPOT ? ', or g_per_kwh for intensities' : '')

const intensityRow = intensityValues.omit({ values: true }).extend(intensityValues.shape.values.element.shape)
const spotHead = spotValues.omit({ values: true })
const spotCell = spotValues.shape.values.element
const pueCell = pueSchema.shape.values.element

/** Reads records and gathers what is wrong with them. */
class CsvRows {
  readonly #name: string
  readonly #records: readonly CsvRecord[]
  readonly #problems: FileProblem[] = []

  constructor(name: string, records: readonly CsvRecord[]) {
    this.#name = name
    this.#records = records
  }

  read(what: keyof FileFactors): readonly unknown[] {
    switch (what) {
      case 'intensities':
        return this.#series(
          record => this.#intensity(record),
          ({ zone, kind }) => `${kind} ${zone}`,
        )
      case 'spotPrices':
        return this.#series(
          record => this.#spotPrice(record),
          ({ zone, currency }) => `${currency} ${zone}`,
        )
      case 'pue':
        return this.#series(
          record => this.#pue(record),
          ({ site, zone }) => JSON.stringify([site, zone]),
        )
      case 'priceLists':
        return this.#named(record => this.#list(record), listName)
      case 'embodied':
        return this.#named(
          record => this.#embodied(record),
          ({ hostType }) => hostType,
        )
    }
  }

  assertGood(): void {
    if (this.#problems.length > 0) throw new FactorFileError(this.#name, inOrder(this.#problems))
  }

  #series<T extends Dated>(
    read: (record: CsvRecord) => T | null,
    seriesOf: (one: T) => string,
  ): readonly T[] {
    const found = this.#placed(read)
    this.#problems.push(...overlaps(found, seriesOf))
    return found.map(({ value }) => value)
  }

  #named<T>(read: (record: CsvRecord) => T | null, nameOf: (one: T) => string): readonly T[] {
    const found = this.#placed(read)
    this.#problems.push(...repeatedNames(found, nameOf))
    return found.map(({ value }) => value)
  }

  #placed<T>(read: (record: CsvRecord) => T | null): readonly Placed<T>[] {
    return this.#records.flatMap(record => {
      const value = read(record)
      return value === null ? [] : [{ value, line: record.line }]
    })
  }

  #intensity(record: CsvRecord): Factor | null {
    const row = this.#parsed(record, intensityRow, { source: this.#name, ...record.cells })
    if (row === null) return null
    const { zone, kind, source, ...value } = row
    return this.#tried(record, () => intensityOf({ zone, kind, source }, value))
  }

  #spotPrice(record: CsvRecord): SpotPrice | null {
    const { zone, currency, source = this.#name, ...cells } = record.cells
    const head = this.#parsed(record, spotHead, { zone, currency, source })
    const value = this.#parsed(record, spotCell, cells)
    return head === null || value === null ? null : this.#tried(record, () => spotPriceOf(head, value))
  }

  #pue(record: CsvRecord): PueFactor | null {
    const { site, zone, source = this.#name, ...cells } = record.cells
    const value = this.#parsed(record, pueCell, cells)
    const whole =
      value === null ? null : this.#parsed(record, pueSchema, { site, zone, source, values: [value] })
    return whole === null || value === null ? null : this.#tried(record, () => pueOf(whole, value))
  }

  #list(record: CsvRecord): PriceList | null {
    const terms = this.#parsed(record, priceListSchema, { source: this.#name, ...record.cells })
    return terms === null ? null : this.#tried(record, () => createPriceList(terms))
  }

  #embodied(record: CsvRecord): EmbodiedFactor | null {
    const { hosts, gpu_count: count, gpu_kg: kg, ...cells } = record.cells
    const gpus = count === undefined && kg === undefined ? {} : { gpus: { count: Number(count), kg } }
    const all = { source: this.#name, ...cells, ...gpus, hosts: hosts?.split(/\s+/) }
    const values = this.#parsed(record, embodiedSchema, all)
    return values === null ? null : this.#tried(record, () => embodiedOf(values))
  }

  #parsed<S extends z.ZodType>({ line }: CsvRecord, schema: S, value: unknown): z.infer<S> | null {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    for (const { path, message } of parsed.error.issues) {
      const column = columnOf(path)
      this.#problems.push({ line, ...(column === undefined ? {} : { column }), problem: message })
    }
    return null
  }

  #tried<T>({ line }: CsvRecord, make: () => T): T | null {
    try {
      return make()
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#problems.push({ line, problem: error.message })
      return null
    }
  }
}

function columnOf([first, second]: readonly PropertyKey[]): string | undefined {
  if (first === undefined) return undefined
  return first === 'gpus' && second !== undefined ? `gpu_${String(second)}` : String(first)
}
