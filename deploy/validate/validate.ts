/**
 * `npm run validate:deploy`: checks the deployment files with the tools that read them elsewhere. Exit 1 on any
 * problem. At the end it breaks copies in typical ways and expects each to be refused: a validator that finds nothing
 * proves nothing.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chartProblems } from './chart.ts'
import { CustomResources } from './custom-resources.ts'
import { type DeployPart, unnoticed } from './proof.ts'
import { openTools, type Tools } from './tools.ts'

const run = promisify(execFile)
const DEPLOY = join(import.meta.dirname, '..')
const report = (line: string): void => console.log(line)

/** The checks, by the file or folder in deploy/ that they examine. */
function checksOf(tools: Tools, custom: CustomResources): Readonly<Record<DeployPart, Check>> {
  return {
    helm: async (deploy, isQuick) =>
      chartProblems(deploy, { tools, custom, report: isQuick ? () => {} : report, isQuick }),
    'compose.yaml': deploy => commandProblems(tools.compose, [join(deploy, 'compose.yaml')], 'compose.yaml'),
    Dockerfile: deploy =>
      commandProblems(
        tools.hadolint,
        ['--failure-threshold', 'info', join(deploy, 'Dockerfile')],
        'Dockerfile',
      ),
  }
}

type Check = (deploy: string, isQuick: boolean) => Promise<string[]>

async function commandProblems(command: string, args: readonly string[], what: string): Promise<string[]> {
  try {
    await run(command, args, { maxBuffer: 2 ** 24 })
    return []
  } catch (error) {
    const { stdout, stderr, message } = error as Error & { stdout?: string; stderr?: string }
    return [`${what}: ${`${stdout ?? ''}${stderr ?? ''}`.trim() || message}`]
  }
}

async function main(): Promise<number> {
  const tools = await openTools(report)
  const checks = checksOf(tools, new CustomResources(tools.definitions))
  const problems: string[] = []
  for (const check of Object.values(checks)) problems.push(...(await check(DEPLOY, false)))
  if (problems.length > 0) {
    for (const problem of problems) console.error(problem)
    return 1
  }
  report('Chart, compose.yaml and Dockerfile are good. Now broken copies of them:')
  const missed = await unnoticed(DEPLOY, (part, copy) => checks[part](copy, true), report)
  for (const mistake of missed) console.error(`was not noticed: ${mistake}`)
  return missed.length === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
