/** Runs the corpus where it lies, and checks the list of what does not pass. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { check } from './check.ts'
import { parseCommands } from './commands.ts'
import { Storage } from './storage.ts'

const LIST = new URL('./exceptions.json', import.meta.url).pathname

/** Cases by reason, each as `file:line`. */
type Exceptions = Readonly<Record<string, readonly string[]>>

/** Reasons, and which failures may have them. */
const WORDING = 'the wording of a message is our own'

interface Failure {
  readonly id: string
  readonly isWording: boolean
  readonly text: string
}

async function runFile(
  folder: string,
  file: string,
): Promise<{ cases: number; failures: readonly Failure[] }> {
  const storage = new Storage()
  const failures: Failure[] = []
  let cases = 0
  for (const command of parseCommands(readFileSync(join(folder, file), 'utf8'))) {
    if (command.kind === 'clear') storage.clear()
    else if (command.kind === 'load') storage.load(command.series, command.gapMs, command.withCustom)
    else {
      cases += 1
      const problem = await check(command, storage.source())
      const id = `${file}:${command.line}`
      if (problem !== undefined)
        failures.push({ id, ...problem, text: `${command.expr}\n    ${problem.text}` })
    }
  }
  return { cases, failures }
}

/** Problems of the list: failures that it does not explain, and cases on it that pass. */
function problemsOf(failures: readonly Failure[], listed: Exceptions): readonly string[] {
  const reasons = new Map(
    Object.entries(listed).flatMap(([reason, ids]) => ids.map(id => [id, reason] as const)),
  )
  const failed = new Map(failures.map(failure => [failure.id, failure]))
  const unexplained = failures.filter(({ id, isWording }) => {
    const reason = reasons.get(id)
    return reason === undefined || (reason === WORDING) !== isWording
  })
  const passing = [...reasons.keys()].filter(id => !failed.has(id))
  return [
    ...unexplained.map(({ id, text }) => `${id} fails and is not listed so: ${text}`),
    ...passing.map(id => `${id} is listed and passes: remove it`),
  ]
}

/** Runs all files of the module's corpus; true if at least `least` cases pass and the list is right. */
export async function runCorpus(moduleFolder: string, least: number, update: boolean): Promise<boolean> {
  const folder = join(moduleFolder, 'promql/promqltest/testdata')
  let cases = 0
  const failures: Failure[] = []
  for (const file of readdirSync(folder).filter(name => name.endsWith('.test'))) {
    const result = await runFile(folder, file)
    cases += result.cases
    failures.push(...result.failures)
  }
  const listed = JSON.parse(readFileSync(LIST, 'utf8')) as Exceptions
  if (update) {
    const wording = failures.filter(({ isWording }) => isWording).map(({ id }) => id)
    writeFileSync(LIST, `${JSON.stringify({ ...listed, [WORDING]: wording }, undefined, 2)}\n`)
    console.log(`wrote ${wording.length} cases whose wording differs`)
  }
  const problems = problemsOf(
    failures,
    update ? (JSON.parse(readFileSync(LIST, 'utf8')) as Exceptions) : listed,
  )
  for (const problem of problems) console.log(problem)
  const passed = cases - failures.length
  console.log(`corpus: ${passed} of ${cases} cases pass, ${failures.length} are listed by reason`)
  return problems.length === 0 && passed >= least
}
