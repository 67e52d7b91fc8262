/** The auditor's rules for carbon: each hour's sum is what the intensities in force give, by arithmetic of its own. */
import { eventually } from '../support/until.ts'
import type { Acknowledged } from './acknowledged.ts'
import type { Reader } from './audit.ts'
import { inForce, type Revision } from './revisions.ts'

/** For every host, thing and hour: what is booked, originals and corrections together, is right to the microgram. */
export async function auditCarbon(
  reader: Reader,
  { meters, revisions }: Acknowledged,
  waitMs: () => number,
): Promise<string[]> {
  if (revisions.length === 0) return []
  const findings: string[] = []
  for (const host of meters.keys()) {
    const find = (): Promise<string[]> => findingsOf(reader, host, revisions)
    const found = await eventually(find, ({ length }) => length === 0, waitMs()).catch(find)
    findings.push(...found.map(finding => `host ${host}: ${finding}`))
  }
  return findings
}

interface Booked {
  readonly hour: string
  readonly ug: string
}

interface Entry {
  readonly hour: string
  readonly minute: number
  readonly uj: string
  readonly pue: string
}

async function findingsOf(reader: Reader, host: string, revisions: readonly Revision[]): Promise<string[]> {
  const hour = `concat(Component, '/', Share, '/', WorkloadId, '/', EnergyQuality, ' ', toString(toUnixTimestamp(toStartOfHour(WindowStart)))) AS hour`
  const condition = `Host = '${host}' AND EnergyQuality != 'none'`
  const booked = await reader.sql<Booked>(
    `SELECT ${hour}, toString(sum(CarbonOperationalUg)) AS ug FROM ledger WHERE ${condition} GROUP BY hour`,
  )
  const entries = await reader.sql<Entry>(
    `SELECT ${hour}, toFloat64(intDiv(toUnixTimestamp(WindowStart), 60)) AS minute, toString(EnergyUj) AS uj, Pue AS pue
     FROM ledger WHERE ${condition} AND EntryKind = 'original'`,
  )
  const right = new Map<string, bigint>()
  for (const { hour: key, minute, uj, pue } of entries) {
    const value = inForce(revisions, minute)
    if (value === undefined) return [`no intensity is in force in minute ${minute}`]
    right.set(key, (right.get(key) ?? 0n) + microgramsOf(BigInt(uj), pue, value.gramsPerKwh))
  }
  const there = new Map(booked.map(({ hour: key, ug }) => [key, BigInt(ug ?? 0)]))
  return [...new Set([...right.keys(), ...there.keys()])]
    .filter(key => (right.get(key) ?? 0n) !== (there.get(key) ?? 0n))
    .map(key => `${key}: ${there.get(key)} µg are booked, ${right.get(key)} are right`)
}

/** Half to even. 1 kWh is 3.6e12 µJ. */
export function microgramsOf(uj: bigint, pue: string, gramsPerKwh: string): bigint {
  const [ofPue, ofGrams] = [fraction(pue), fraction(gramsPerKwh)]
  const numerator = (uj < 0n ? -uj : uj) * ofPue.numerator * ofGrams.numerator
  const denominator = 3_600_000n * ofPue.denominator * ofGrams.denominator
  const [floor, rest] = [numerator / denominator, 2n * (numerator % denominator)]
  const isUp = rest > denominator || (rest === denominator && floor % 2n === 1n)
  const rounded = isUp ? floor + 1n : floor
  return uj < 0n ? -rounded : rounded
}

function fraction(decimal: string): { readonly numerator: bigint; readonly denominator: bigint } {
  const [whole = '0', decimals = ''] = decimal.split('.')
  return { numerator: BigInt(whole + decimals), denominator: 10n ** BigInt(decimals.length) }
}
