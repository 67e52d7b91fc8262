/** Factors as YAML: lists of intensities, spot prices and price lists, in the form in which the API takes them. */
import { type Document, isMap, isNode, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { z } from 'zod'
import { embodiedSchema, pueSchema } from '../../catalogue/config/keys/factor-values.ts'
import { priceListSchema } from '../../catalogue/config/keys/prices.ts'
import type { Factor } from '../../model/factor.ts'
import type { PriceList } from '../../model/prices/price-list.ts'
import type { SpotPrice } from '../../model/prices/spot-price.ts'
import type { FileFactors } from '../file-factors.ts'
import type { EmbodiedFactor } from '../hosts/embodied.ts'
import type { PueFactor } from '../hosts/pue.ts'
import { intensityValues } from '../intensity-values.ts'
import { checkedPriceList } from '../prices/checked-list.ts'
import { spotValues } from '../prices/spot-values.ts'
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
import { FactorFileError, type FileProblem } from './problems.ts'

const fileSchema = z.strictObject({
  intensities: z.array(intensityValues.partial({ source: true })).default([]),
  spot_prices: z.array(spotValues.partial({ source: true })).default([]),
  price_lists: z.array(priceListSchema).default([]),
  pue: z.array(pueSchema).default([]),
  embodied: z.array(embodiedSchema).default([]),
})

type YamlPath = readonly PropertyKey[]

/** @throws FactorFileError */
export function yamlFactors(name: string, text: string): FileFactors {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' })
  const file = new YamlFile(name, document, lines)
  const parsed = fileSchema.safeParse(file.value())
  if (!parsed.success)
    throw new FactorFileError(name, inOrder(parsed.error.issues.map(issue => file.problemOf(issue))))
  const { intensities, spot_prices: spotPrices, price_lists: priceLists } = parsed.data
  const problems: FileProblem[] = []
  const tried = <T>(path: YamlPath, make: () => T): readonly Placed<T>[] => {
    try {
      return [{ ...file.placeOf(path), value: make() }]
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      problems.push({ ...file.placeOf(path), problem: error.message })
      return []
    }
  }
  const factors = intensities.flatMap(({ values, source = name, ...head }, at): readonly Placed<Factor>[] =>
    values.flatMap((one, index) =>
      tried(['intensities', at, 'values', index], () => intensityOf({ ...head, source }, one)),
    ),
  )
  const prices = spotPrices.flatMap(({ values, source = name, ...head }, at): readonly Placed<SpotPrice>[] =>
    values.flatMap((one, index) =>
      tried(['spot_prices', at, 'values', index], () => spotPriceOf({ ...head, source }, one)),
    ),
  )
  const lists = priceLists.flatMap((terms, at): readonly Placed<PriceList>[] =>
    tried(['price_lists', at], () => checkedPriceList({ source: name, ...terms })),
  )
  const pue = parsed.data.pue.flatMap(({ values, ...head }, at): readonly Placed<PueFactor>[] =>
    values.flatMap((one, index) => tried(['pue', at, 'values', index], () => pueOf(head, one))),
  )
  const embodied = parsed.data.embodied.flatMap((one, at): readonly Placed<EmbodiedFactor>[] =>
    tried(['embodied', at], () => embodiedOf(one)),
  )
  problems.push(...overlaps(factors, ({ zone, kind }) => `${kind} ${zone}`))
  problems.push(...overlaps(prices, ({ zone, currency }) => `${currency} ${zone}`))
  problems.push(...repeatedNames(lists, listName))
  problems.push(...overlaps(pue, ({ site, zone }) => JSON.stringify([site, zone])))
  problems.push(...repeatedNames(embodied, ({ hostType }) => hostType))
  if (problems.length > 0) throw new FactorFileError(name, inOrder(problems))
  const valuesOf = <T>(placed: readonly Placed<T>[]): readonly T[] => placed.map(({ value }) => value)
  return {
    intensities: valuesOf(factors),
    spotPrices: valuesOf(prices),
    priceLists: valuesOf(lists),
    pue: valuesOf(pue),
    embodied: valuesOf(embodied),
  }
}

/** Keys whose values are exact decimals: unquoted numbers stand for the digits that are written, not for a double. */
const DECIMALS = /^(g_per_kwh|price_per_.*|multiplier|markup_per_kwh|pue|kg|years)$/

/** A parsed file, and where in it everything stands. */
class YamlFile {
  readonly #name: string
  readonly #document: Document.Parsed
  readonly #lines: LineCounter

  constructor(name: string, document: Document.Parsed, lines: LineCounter) {
    this.#name = name
    this.#document = document
    this.#lines = lines
  }

  /** @throws FactorFileError for what is not YAML */
  value(): unknown {
    const problems = this.#document.errors.map(({ pos, message }) => ({
      ...this.#place(pos[0]),
      problem: message.split('\n')[0] ?? message,
    }))
    if (problems.length > 0) throw new FactorFileError(this.#name, problems)
    visit(this.#document, {
      Pair: (_, { key, value }) => {
        if (!isScalar(key) || !isScalar(value) || !DECIMALS.test(String(key.value))) return
        if (typeof value.value === 'number' && value.source !== undefined) value.value = value.source
      },
    })
    try {
      return this.#document.toJS({ maxAliasCount: 100 }) ?? {}
    } catch (error) {
      throw new FactorFileError(this.#name, [{ line: 1, problem: (error as Error).message }])
    }
  }

  problemOf({ path, message, ...issue }: z.core.$ZodIssue): FileProblem {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : []
    const [unknown] = keys
    const where = unknown === undefined ? this.placeOf(path) : this.#placeOfKey(path, unknown)
    const key = path.findLast(part => typeof part === 'string')
    return {
      ...where,
      problem: key === undefined || unknown !== undefined ? message : `${String(key)} ${message}`,
    }
  }

  /** The place of the value; if it is missing, the place of the mapping that should hold it. */
  placeOf(path: YamlPath): { readonly line: number; readonly column: number } {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = this.#nodeAt(path.slice(0, length))
      if (node?.range != null) return this.#place(node.range[0])
    }
    return { line: 1, column: 1 }
  }

  #placeOfKey(path: YamlPath, key: string) {
    const map = this.#nodeAt(path)
    const pair = isMap(map) ? map.items.find(item => isScalar(item.key) && item.key.value === key) : undefined
    const node = pair !== undefined && isNode(pair.key) ? pair.key : undefined
    return node?.range == null ? this.placeOf(path) : this.#place(node.range[0])
  }

  #nodeAt(path: YamlPath): Node | undefined {
    const node = path.length === 0 ? this.#document.contents : this.#document.getIn(path as string[], true)
    return isNode(node) ? node : undefined
  }

  #place(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(offset)
    return { line, column: col }
  }
}
