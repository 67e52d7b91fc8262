import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'

/** Relations between the keys of controllers: a host is read through one of them, and each has a session at a time. */
export function bmcProblems({ bmc }: Pick<Config, 'bmc'>): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const seen = new Map<string, string>()
  for (const protocol of ['redfish', 'ipmi'] as const) {
    for (const [index, { hosts, tenant, user, password }] of bmc[protocol].entries()) {
      const path = `bmc.${protocol}.${index}`
      for (const host of Object.keys(hosts)) {
        const key = `${protocol} ${tenant} ${host}`
        const other = seen.get(key)
        if (other !== undefined)
          problems.push({ path: `${path}.hosts.${host}`, problem: `is also in ${other}` })
        seen.set(key, path)
      }
      if (password !== '' && user === undefined) {
        problems.push({ path: `${path}.user`, problem: 'a password needs a user' })
      }
    }
  }
  return problems
}
