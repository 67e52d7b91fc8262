// Guarantees: a process opens exactly what its roles need; roles that cannot work with an embedded log or engine, which
// belong to one process, are refused with a remedy.
import { describe, expect, it } from 'vitest'
import { ROLES, type Role } from '../../../../core/catalogue/config/keys/process.ts'
import { resolveConfig } from '../../../../core/catalogue/config/load.ts'
import { type Placement, roleNeeds, roleProblems } from '../../../../core/catalogue/config/roles.ts'

const placement = (roles: string, log: string, engine: string): Placement => ({
  roles: roles.split('+').map(letter => ROLES.find(role => role.startsWith(letter)) as Role),
  broker: { kind: log as 'embedded' | 'kafka' },
  warehouse: { kind: engine as 'embedded' | 'clickhouse' },
  forward: {},
  scaling_source: {},
})

// Roles by their first letter. good: works. Otherwise what to add or to set.
const GRID = `
c+p+q  embedded  embedded    good
c+p+q  kafka     clickhouse  good
c+p    embedded  clickhouse  good
c+p+q  kafka     embedded    good
c      kafka     embedded    good
c      kafka     clickhouse  good
p+q    kafka     embedded    good
p      kafka     clickhouse  good
q      kafka     clickhouse  good
q      embedded  clickhouse  good
c      embedded  embedded    processors
c      embedded  clickhouse  processors
c+q    embedded  clickhouse  processors
c+q    embedded  embedded    processors,processors
p      embedded  clickhouse  collector
p+q    embedded  embedded    collector
c+p    embedded  embedded    query
p      kafka     embedded    query
q      kafka     embedded    processors
q      embedded  embedded    processors
c+c    kafka     clickhouse  once
c+p+q+s embedded embedded    good
s      kafka     clickhouse  good
s      embedded  embedded    processors
q+s    embedded  clickhouse  processors
`
  .trim()
  .split('\n')
  .map(line => line.trim().split(/\s+/) as [string, string, string, string])

describe('roles', () => {
  it.each(GRID)('%s with log %s and engine %s: %s', (roles, log, engine, expected) => {
    const problems = roleProblems(placement(roles, log, engine)).map(({ path, problem }) => {
      expect(path).toBe('roles')
      return /add role `(\w+)`/.exec(problem)?.[1] ?? (problem.includes('listed twice') ? 'once' : problem)
    })
    expect(problems.join()).toBe(expected === 'good' ? '' : expected)
  })

  it.each([
    ['c+p+q', 'embedded', 'embedded', 'open warehouse folder'],
    ['c', 'kafka', 'embedded', 'open'],
    ['c', 'embedded', 'clickhouse', 'open folder'],
    ['p', 'kafka', 'clickhouse', 'open warehouse'],
    ['p+q', 'kafka', 'embedded', 'open warehouse folder'],
    ['q', 'kafka', 'clickhouse', 'late warehouse'],
    ['q', 'embedded', 'clickhouse', 'none warehouse'],
    ['s', 'kafka', 'clickhouse', 'late'],
    ['s', 'embedded', 'embedded', 'none'],
  ])('%s with log %s and engine %s open %s', (roles, log, engine, expected) => {
    const needs = Object.entries(roleNeeds(placement(roles, log, engine)))
    const text = needs.flatMap(([name, needed]) =>
      needed === true ? [name] : needed === false ? [] : [needed],
    )
    expect(text.join(' ')).toBe(expected)
  })

  it('are a list in file and environment, by default all', () => {
    const rolesOf = (yaml: string | undefined, environment: Record<string, string> = {}) => {
      const result = resolveConfig({ yaml, environment, readFile: () => '' })
      return result.ok ? result.config.roles : result.problems.map(({ path }) => path)
    }
    const kafka = 'broker: {kind: kafka, brokers: ["k:9092"]}\n'
    expect(rolesOf(undefined)).toEqual(ROLES)
    expect(rolesOf(`${kafka}roles: [collector]`)).toEqual(['collector'])
    expect(rolesOf(kafka, { WATTLINE_ROLES: 'processors, query' })).toEqual(['processors', 'query'])
    expect(rolesOf(undefined, { WATTLINE_ROLES: 'collector' })).toEqual(['roles'])
    expect(rolesOf('roles: [gatherer]')).toEqual(['roles.0'])
    expect(rolesOf('roles: []')).toEqual(['roles'])
  })
})
