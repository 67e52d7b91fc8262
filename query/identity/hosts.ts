/** Hosts with their names, joined as in the meter. */

import type { HostAnswer, HostsAnswer } from '../../core/api/answers.ts'
import { HostJoins, type HostRules } from '../../core/books/host-join.ts'
import type { NameRow } from './statements.ts'

/** A machine, and the names under which its readings are stored. */
export interface MachineNames {
  readonly host: string
  readonly stored: readonly string[]
}

const joinsOf = (rows: readonly NameRow[], rules: HostRules): HostJoins =>
  new HostJoins(
    rows.map(({ host, name, alias }) => ({ host, name, isAlias: alias === 1 })),
    rules,
  )

const isOwn = ({ alias }: NameRow): boolean => alias === 0

/** Each machine with its stored names, itself among them where readings say so. */
export function machinesIn(rows: readonly NameRow[], rules: HostRules): readonly MachineNames[] {
  const joins = joinsOf(rows, rules)
  const byRoot = Map.groupBy(rows.filter(isOwn), ({ host, name }) => joins.rootOf(host, host === name))
  return [...byRoot].map(([host, members]) => ({
    host,
    stored: [...new Set(members.map(member => member.host))].sort(),
  }))
}

/** The answer of `GET /api/v1/hosts`. */
export function hostsAnswer(rows: readonly NameRow[], rules: HostRules): HostsAnswer {
  const joins = joinsOf(rows, rules)
  const byRoot = Map.groupBy(rows.filter(isOwn), ({ host, name }) => joins.rootOf(host, host === name))
  const names = [...new Set(rows.flatMap(({ host, name }) => [host, name]))]
    .filter(name => name !== '')
    .sort()
  return {
    hosts: [...byRoot]
      .map(([host, members]) => answerOf(host, members, joins))
      .sort((a, b) => order(a.host, b.host)),
    contested: names
      .map(name => ({ name, hosts: [...joins.claimants(name)].sort() }))
      .filter(({ hosts }) => hosts.length > 1),
  }
}

function answerOf(host: string, members: readonly NameRow[], joins: HostJoins): HostAnswer {
  const others = [...new Set(members.map(member => member.host))].filter(name => name !== host).sort()
  const newest = Math.max(...members.map(({ last_ms: ms }) => Number(ms)))
  const meters = Map.groupBy(
    members.flatMap(member => member.meters),
    ([domain]) => domain,
  )
  const named = members.find(member => member.host === host && member.name !== host && member.name !== '')
  return {
    host,
    host_name: named?.name ?? host,
    names: others.map(name => ({ name, steps: joins.stepsOf(name, true) })),
    meters: [...meters]
      .map(([domain, some]) => ({ domain, sources: [...new Set(some.map(([, source]) => source))].sort() }))
      .sort((a, b) => order(a.domain, b.domain)),
    last_seen: new Date(newest).toISOString(),
  }
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
