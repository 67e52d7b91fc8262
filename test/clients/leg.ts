/** One way from a client to the tables, and its result. */
import { spawnSync } from 'node:child_process'
import type { Comparison, Outcome } from './compare.ts'

export interface Leg {
  readonly client: string
  readonly transport: string
  readonly outcome: Outcome | Error
}

/** Programs, each with an argument that makes it succeed. */
export type Needs = readonly (readonly [command: string, argument: string])[]

/** Whether all exist; prints which are missing. */
export function isEquipped(name: string, needs: Needs): boolean {
  const missing = needs.filter(([command, argument]) => spawnSync(command, [argument]).status !== 0)
  if (missing.length === 0) return true
  console.error(
    `\n*** NOT TESTED: ${name}. It needs ${missing.map(([command]) => command).join(' and ')} ***\n`,
  )
  return false
}

export const leg = async (client: string, transport: string, run: () => Promise<Outcome>): Promise<Leg> => ({
  client,
  transport,
  outcome: await run().catch((error: Error) => error),
})

const HEAD = `${'client'.padEnd(20)}${'transport'.padEnd(36)}${'table'.padEnd(28)}  items  values  differences`

/** Prints a line for each client, transport and table, then the differences; returns whether there was none. */
export function report(legs: readonly Leg[]): boolean {
  const differences: string[] = []
  const totals = { items: 0, values: 0 }
  console.log(HEAD)
  for (const { client, transport, outcome } of legs) {
    const start = `${client.padEnd(20)}${transport.padEnd(36)}`
    if (outcome instanceof Error) {
      console.log(`${start}FAILED`)
      differences.push(`${client}, ${transport}: ${outcome.message}`)
      continue
    }
    for (const [table, comparison] of Object.entries(outcome)) {
      const { items, values, mismatches } = comparison
      totals.items += items
      totals.values += values
      console.log(
        `${start}${table.padEnd(28)}${column(items, 7)}${column(values, 8)}${column(mismatches.length, 13)}`,
      )
      differences.push(...differencesOf(comparison).map(text => `${client}, ${transport}, ${table}, ${text}`))
    }
  }
  const [items, values] = [column(totals.items, 7), column(totals.values, 8)]
  console.log(`${'all'.padEnd(84)}${items}${values}${column(differences.length, 13)}`)
  for (const difference of differences.slice(0, 40)) console.log(`\n${difference}`)
  return legs.length > 0 && differences.length === 0
}

const column = (value: number, width: number): string => String(value).padStart(width)

const differencesOf = ({ mismatches }: Comparison): string[] =>
  mismatches.map(
    ({ item, column: name, sent, stored }) =>
      `${item}${name === undefined ? '' : `, ${name}`}:\n  sent   ${shown(sent)}\n  stored ${shown(stored)}`,
  )

function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part))
  return text === undefined ? 'nothing' : text.slice(0, 300)
}
