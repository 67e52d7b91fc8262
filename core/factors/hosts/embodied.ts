/** Embodied emissions of hosts by type: what it took to make a server and its GPUs. */
import type { z } from 'zod'
import type { embodiedSchema } from '../../catalogue/config/keys/factor-values.ts'
import { decodeRows } from '../../columns/rows.ts'
import { type Decimal, decimalText, parseDecimal } from '../../model/decimal.ts'
import { digest } from '../../model/digest.ts'
import { embodiedFactors, factorKey } from '../../model/streams/factors.ts'
import type { RowOf } from '../../model/streams/stream.ts'
import { specificity, wildcard } from '../../model/wildcard.ts'
import { type FactorLog, type FactorPut, factorRecord, putFactors } from '../records/factor-log.ts'
import type { Dated } from '../records/series.ts'

/** Emissions of one type of host, and when they hold. */
export interface EmbodiedFactor extends Dated {
  readonly hostType: string
  /** Names or ids, `*` as wildcard. */
  readonly hosts: readonly string[]
  /** Embodied emissions of one host without its GPUs. */
  readonly kilograms: Decimal
  readonly years: Decimal
  readonly gpus: { readonly count: number; readonly kilograms: Decimal } | null
  readonly source: string
  /** Follows from all of the above. */
  readonly version: string
}

/** @param label where it comes from, in a word */
export function embodiedFactor(label: string, content: Omit<EmbodiedFactor, 'version'>): EmbodiedFactor {
  const { hostType, hosts, kilograms, years, gpus, validFrom, validTo, source } = content
  const ofGpus = gpus === null ? null : [gpus.count, decimalText(gpus.kilograms)]
  const [kg, lifespan] = [decimalText(kilograms), decimalText(years)]
  const whole = JSON.stringify([hostType, hosts, kg, lifespan, ofGpus, validFrom, validTo, source])
  return { ...content, version: `${label}:${kg}:${digest(whole, 8)}` }
}

/** Emissions of a type that have passed the schema. */
export type EmbodiedValues = z.infer<typeof embodiedSchema>

/** @throws RangeError for a time that is empty */
export function embodiedFactorOf(values: EmbodiedValues, label: string): EmbodiedFactor {
  const { host_type: hostType, hosts, kg, years, gpus, valid_from: from, valid_to: to, source } = values
  const [validFrom, validTo] = [from, to].map(text =>
    text === undefined ? null : Date.parse(text) / 1000,
  ) as [number | null, number | null]
  if (validTo !== null && validTo <= (validFrom ?? 0)) {
    throw new RangeError(`${hostType} is valid until ${to}, which is not after valid_from`)
  }
  return embodiedFactor(label, {
    hostType,
    hosts,
    kilograms: parseDecimal(kg),
    years: parseDecimal(years),
    gpus: gpus === undefined ? null : { count: gpus.count, kilograms: parseDecimal(gpus.kg) },
    validFrom,
    validTo,
    source,
  })
}

interface MatchedHost {
  readonly host: string
  readonly hostName: string
}

interface EmbodiedRule {
  readonly factor: EmbodiedFactor
  /** How much the pattern says that matches; null: none does. */
  readonly matches: (host: MatchedHost) => number | null
}

/** Hosts that are remembered. */
const MOST_REMEMBERED = 100_000

/** Answers which type a host is of. Immutable, but for what it remembers. */
export class EmbodiedBook {
  readonly #rules: readonly EmbodiedRule[]
  readonly #known = new Map<string, readonly EmbodiedFactor[]>()

  constructor(factors: Iterable<EmbodiedFactor>) {
    this.#rules = [...factors].map(factor => ({ factor, matches: matcher(factor.hosts) }))
  }

  /** Whether no type is known. */
  get isEmpty(): boolean {
    return this.#rules.length === 0
  }

  /** All types, by name. */
  get factors(): readonly EmbodiedFactor[] {
    return this.#rules.map(({ factor }) => factor).toSorted(byName)
  }

  /**
   * Of those that hold then, the type whose pattern says most of the host: a name before a pattern, of patterns the longer. Then the
   * one that began later, then by name. Null: of no type, the configured emissions hold.
   */
  at(host: MatchedHost, seconds: number): EmbodiedFactor | null {
    if (this.isEmpty) return null
    return (
      this.candidates(host).find(
        ({ validFrom, validTo }) =>
          (validFrom === null || validFrom <= seconds) && (validTo === null || seconds < validTo),
      ) ?? null
    )
  }

  /** All that match a host at some time, the one that wins first. */
  candidates(host: MatchedHost): readonly EmbodiedFactor[] {
    const key = `${host.host}\u0000${host.hostName}`
    const before = this.#known.get(key)
    if (before !== undefined) return before
    const found = this.#rules
      .flatMap(({ factor, matches }) => {
        const rank = matches(host)
        return rank === null ? [] : [{ factor, rank }]
      })
      .toSorted(
        (a, b) =>
          b.rank - a.rank ||
          (b.factor.validFrom ?? 0) - (a.factor.validFrom ?? 0) ||
          byName(a.factor, b.factor),
      )
      .map(({ factor }) => factor)
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear()
    this.#known.set(key, found)
    return found
  }
}

const byName = (a: EmbodiedFactor, b: EmbodiedFactor): number =>
  a.hostType < b.hostType ? -1 : a.hostType > b.hostType ? 1 : 0

function matcher(hosts: readonly string[]): EmbodiedRule['matches'] {
  const patterns = hosts.map(pattern => ({ says: specificity(pattern), matches: wildcard(pattern) }))
  return ({ host, hostName }) => {
    const found = patterns.filter(({ matches }) => matches(hostName) || matches(host))
    return found.length === 0 ? null : Math.max(...found.map(({ says }) => says))
  }
}

const TYPE = 'type'
const KEY = new RegExp(`^${embodiedFactors.name}/${TYPE}/`)

/** Whether a record is of a type that was put, and not of a configuration. */
export const isEmbodiedKey = (key: string): boolean => KEY.test(key)

/**
 * Puts the emissions of a type in force, in place of those of its name. Resolves with whether that changes anything, once it is
 * durable.
 */
export async function putEmbodied(log: FactorLog, factor: EmbodiedFactor, nowMs: number): Promise<boolean> {
  return (await putFactors(log, embodiedPut(factor, nowMs))) > 0
}

/** The record that puts it in force. */
export function embodiedPut(factor: EmbodiedFactor, nowMs: number): FactorPut {
  const key = factorKey(embodiedFactors, TYPE, factor.hostType)
  const record = factorRecord(embodiedFactors, key, [embodiedRow(factor)], nowMs)
  return { keys: new Set([key]), make: () => [record] }
}

/** Takes a type out of force. Resolves with whether there was one. */
export async function endEmbodied(log: FactorLog, hostType: string, nowMs: number): Promise<boolean> {
  const key = factorKey(embodiedFactors, TYPE, hostType)
  const gone = factorRecord(embodiedFactors, key, [], nowMs)
  return (await putFactors(log, { keys: new Set([key]), make: known => (known.has(key) ? [gone] : []) })) > 0
}

/** As table `embodied_factors` holds it. */
export const embodiedRow = (one: EmbodiedFactor): RowOf<typeof embodiedFactors> => ({
  HostType: one.hostType,
  Hosts: [...one.hosts],
  ValidFrom: one.validFrom ?? 0,
  ValidTo: one.validTo === null ? null : BigInt(one.validTo),
  Value: decimalText(one.kilograms),
  Unit: 'kgCO2e',
  Kind: 'host',
  State: 'final',
  Source: one.source,
  Version: one.version,
  Years: decimalText(one.years),
  GpuCount: one.gpus?.count ?? 0,
  GpuValue: one.gpus === null ? '' : decimalText(one.gpus.kilograms),
})

/** Null: the type was taken out of force. @throws WattlineError `record_corrupt` */
export function embodiedOfRecord(value: Uint8Array): EmbodiedFactor | null {
  const [row] = decodeRows(embodiedFactors, value)
  if (row === undefined) return null
  return {
    hostType: row.HostType,
    hosts: row.Hosts,
    kilograms: parseDecimal(row.Value),
    years: parseDecimal(row.Years),
    gpus: row.GpuCount === 0 ? null : { count: row.GpuCount, kilograms: parseDecimal(row.GpuValue) },
    validFrom: row.ValidFrom === 0 ? null : row.ValidFrom,
    validTo: row.ValidTo === null ? null : Number(row.ValidTo),
    source: row.Source,
    version: row.Version,
  }
}
