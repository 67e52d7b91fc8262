import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { z } from 'zod'
import { type RuleTests, ruleTestsSchema, runRuleTests } from '../core/alerting/rule-tests.ts'
import { ruleGroupsOf } from '../core/alerting/rules.ts'
import { loadConfig } from '../core/catalogue/config/load.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { parseYaml } from '../core/runtime/yaml.ts'

/** `wattline rules test FILE`. Exits 1 when a test fails. */
export const rulesCommand = (): Command =>
  new Command('rules').description('Try alert rules').addCommand(testCommand())

const testCommand = (): Command =>
  new Command('test')
    .description(
      'Run tests of alert rules: rows that the statements would return, and the alerts that follow',
    )
    .argument('<file>', 'file of tests, YAML')
    .exitOverride()
    .option('--config <file>', 'configuration with the rules (default: wattline.yaml when it is there)')
    .addHelpText(
      'after',
      `
No instance is needed: the tests give the rows. docs/alerts.md describes the file.

Examples:
  wattline rules test rules_test.yaml
  wattline rules test rules_test.yaml --config /etc/wattline/wattline.yaml`,
    )
    .action((file: string, options: { config?: string }) => {
      const groups = ruleGroupsOf(loadConfig(options.config, process.env).alerts)
      const results = runRuleTests(groups, readTests(file))
      for (const { name, problems } of results) {
        process.stdout.write(`${problems.length === 0 ? 'ok' : 'FAILED'}  ${name}\n`)
        for (const problem of problems) process.stdout.write(`        ${problem}\n`)
      }
      const failed = results.filter(({ problems }) => problems.length > 0).length
      process.stdout.write(`${results.length - failed} of ${results.length} tests passed.\n`)
      if (failed > 0) process.exitCode = 1
    })

/** @throws WattlineError `config_invalid` */
function readTests(file: string): RuleTests {
  const read = parseYaml(readFileSync(file, 'utf8'))
  if (!read.ok) throw new WattlineError('config_invalid', `${file}: ${read.problem}`)
  const parsed = ruleTestsSchema.safeParse(read.value)
  if (parsed.success) return parsed.data
  throw new WattlineError('config_invalid', `${file} cannot be used:\n${z.prettifyError(parsed.error)}\n`)
}
