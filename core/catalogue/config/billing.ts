/** Bills: values that no schema can judge by themselves, and that would keep a period from closing. */
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'
import { isTimeZone } from './time-zone.ts'

/** What the configuration of bills says that cannot be. */
export function billingProblems({ billing }: Pick<Config, 'billing'>): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const tell = (path: string, problem: string): void =>
    void problems.push({ path: `billing.${path}`, problem })
  if (!isTimeZone(billing.time_zone)) {
    tell('time_zone', `unknown time zone ${billing.time_zone}: use an IANA name such as Europe/Berlin`)
  }
  for (const kind of ['discounts', 'commitments', 'credits', 'taxes', 'budgets'] as const) {
    for (const [index, { from, until }] of billing[kind].entries()) {
      if (from !== undefined && until !== undefined && until < from)
        tell(`${kind}.${index}.until`, `${until} is before from (${from}): the rule never applies`)
    }
  }
  for (const kind of ['commitments', 'credits', 'taxes'] as const) {
    const names = billing[kind].map(({ name }) => name)
    for (const [index, name] of names.entries()) {
      // Lines are told apart by it: how much of a credit is left is what lines of its name have consumed.
      if (names.indexOf(name) < index)
        tell(`${kind}.${index}.name`, `${name} appears twice: use another name`)
    }
  }
  for (const [index, { amount, energy_kwh, carbon_kg }] of billing.budgets.entries()) {
    if (amount === undefined && energy_kwh === undefined && carbon_kg === undefined)
      tell(`budgets.${index}`, 'limits nothing: give amount, energy_kwh or carbon_kg')
  }
  return problems
}
