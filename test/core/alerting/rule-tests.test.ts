// Guarantees: the documented rules pass the documented test; a wrong expectation, rule or group is reported.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { ruleTestsSchema, runRuleTests } from '../../../core/alerting/rule-tests.ts'
import { ruleGroupsOf } from '../../../core/alerting/rules.ts'
import { alertProblems } from '../../../core/catalogue/config/alerts.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'

const page = readFileSync(new URL('../../../docs/alerts.md', import.meta.url), 'utf8')
const [configText = '', testsText = ''] = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(
  ([, text]) => text ?? '',
)
const SECRET = `whsec_${Buffer.from('0123456789abcdef01234567').toString('base64')}`
const config = configSchema.parse(
  parse(
    configText
      .replace('${file:/run/secrets/webhook}', SECRET)
      .replace('${file:/run/secrets/slack-url}', 'https://hooks.slack.com/services/a'),
  ),
)
const groups = ruleGroupsOf(config.alerts)
const tests = ruleTestsSchema.parse(parse(testsText))
const changed = (change: (text: string) => string) =>
  runRuleTests(groups, ruleTestsSchema.parse(parse(change(testsText))))[0]?.problems

it('passes the test of the page', () => {
  expect(alertProblems(config)).toEqual([])
  expect(runRuleTests(groups, tests)).toEqual([{ name: 'an account over its budget', problems: [] }])
})

it('reports what differs, on both sides', () => {
  expect(changed(text => text.replace('value: 950', 'value: 850'))).toHaveLength(2)
  expect(changed(text => text.replace('at: 5m', 'at: 15m'))).toEqual([
    expect.stringContaining('at 900s: expected CarbonHigh pending'),
    expect.stringContaining('at 900s: CarbonHigh is firing'),
  ])
})

it('reports a group or rule that does not exist', () => {
  expect(changed(text => text.replace('group: budget', 'group: buget'))).toEqual(['no group is named buget'])
  expect(changed(text => text.replace('{rule: HostWithoutMeter', '{rule: Host'))).toEqual([
    'group budget has no rule Host',
  ])
})
