import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { parseYaml } from '../../runtime/yaml.ts'
import { WattlineError } from '../errors/errors.ts'
import { crossChecks } from './cross-checks.ts'
import { environmentSettings } from './environment.ts'
import { issueText } from './issue.ts'
import type { ConfigProblem } from './problem.ts'
import { touches, without } from './salvage.ts'
import { type Config, configSchema } from './schema.ts'
import { closest } from './suggest.ts'

/** The frozen configuration, or every problem found. */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** Sources of settings: the environment overrides the file, which overrides the defaults. */
export interface ConfigSources {
  /** YAML text of the file, if there is one. */
  readonly yaml: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Reads `${file:PATH}` secrets. */
  readonly readFile: (path: string) => string
  /** Whether the path exists and is not a folder. */
  readonly isFile?: (path: string) => boolean
}

/**
 * Reads the named file, or `wattline.yaml` in the working folder if it exists. Throws `config_invalid` with all
 * problems.
 */
export function loadConfig(
  path: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const result = resolveConfig({
    yaml: readYaml(path),
    environment,
    readFile: readSecretFile,
    isFile,
  })
  if (result.ok) return result.config
  const lines = result.problems.map(({ path, problem }) => `  ${path === '' ? '(file)' : path}: ${problem}`)
  throw new WattlineError(
    'config_invalid',
    `the configuration has ${lines.length} problem(s):\n${lines.join('\n')}\n`,
  )
}

/** Merges the sources and checks the result: reports every problem at once. Pure except for `readFile`. */
export function resolveConfig(sources: ConfigSources): ConfigResult {
  const file = parseFile(sources.yaml)
  if (!file.ok) return file
  const environment = environmentSettings(sources.environment)
  const problems: ConfigProblem[] = [...environment.problems]
  const merged = merge(file.value, environment.values)
  const resolved = substituteSecrets(merged, sources, '', problems)
  const parsed = configSchema.safeParse(resolved, { reportInput: true })
  const found = parsed.success
    ? [...crossChecks(parsed.data), ...folderProblems(parsed.data, sources)]
    : [...parsed.error.issues.flatMap(describeIssue), ...restProblems(resolved, parsed.error.issues, sources)]
  // A value that could not be read is not checked further.
  const unread = new Set(problems.map(({ path }) => path))
  problems.push(...found.filter(({ path }) => !unread.has(path)))
  if (problems.length > 0 || !parsed.success) return { ok: false, problems }
  return { ok: true, config: deepFreeze(parsed.data) }
}

const pathsOf = (issues: readonly z.core.$ZodIssue[]): PropertyKey[][] =>
  issues.flatMap(issue =>
    issue.code === 'unrecognized_keys' ? issue.keys.map(key => [...issue.path, key]) : [issue.path],
  )

/** Enough to get from a value in a list to the list, and to its parent. */
const SALVAGE_TRIES = 4

/**
 * Problems other than the invalid values themselves, found by checking as if those values were not set, where possible.
 */
function restProblems(
  resolved: unknown,
  issues: readonly z.core.$ZodIssue[],
  sources: ConfigSources,
): ConfigProblem[] {
  const wrong = pathsOf(issues)
  for (let attempt = 0; attempt < SALVAGE_TRIES; attempt += 1) {
    const rest = configSchema.safeParse(without(resolved, wrong))
    if (rest.success) {
      const found = [...crossChecks(rest.data), ...folderProblems(rest.data, sources)]
      return found.filter(({ path }) => !touches(path, wrong))
    }
    // A value that is missing now was removed; a parent that cannot exist without it, such as a list, is removed as a
    // whole.
    for (const path of pathsOf(rest.error.issues)) {
      const inList = path.findIndex(step => typeof step === 'number')
      wrong.push(path.slice(0, inList === -1 ? -1 : inList))
    }
  }
  return []
}

/** @returns a problem if the path of the data folder is not a folder */
function folderProblems({ data }: Pick<Config, 'data'>, { isFile }: ConfigSources): ConfigProblem[] {
  if (isFile?.(data) !== true) return []
  return [
    { path: 'data', problem: `${data} is a file: set it to a folder, which is created if it does not exist` },
  ]
}

function readYaml(path: string | undefined): string | undefined {
  try {
    return readFileSync(path ?? 'wattline.yaml', 'utf8')
  } catch (error) {
    if (path === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new WattlineError(
      'config_invalid',
      `cannot read ${path ?? 'wattline.yaml'}: ${(error as Error).message}.`,
    )
  }
}

function isFile(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && !found.isDirectory()
}

function readSecretFile(path: string): string {
  return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
}

function parseFile(
  text: string | undefined,
): { ok: true; value: unknown } | { ok: false; problems: readonly ConfigProblem[] } {
  if (text === undefined) return { ok: true, value: {} }
  const yaml = parseYaml(text)
  if (!yaml.ok) return { ok: false, problems: [{ path: '', problem: yaml.problem }] }
  const value = yaml.value ?? {}
  if (isObject(value)) return { ok: true, value }
  return {
    ok: false,
    problems: [{ path: '', problem: 'must contain keys and values, such as `listen: {http: 9288}`' }],
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over === undefined ? base : over
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) merged[key] = merge(base[key], value)
  return merged
}

/** Replaces string values that consist of `${file:PATH}` or `${env:NAME}`. */
function substituteSecrets(
  value: unknown,
  sources: ConfigSources,
  path: string,
  problems: ConfigProblem[],
): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => substituteSecrets(item, sources, `${path}.${index}`, problems))
  }
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        substituteSecrets(item, sources, path === '' ? key : `${path}.${key}`, problems),
      ]),
    )
  }
  const reference = typeof value === 'string' ? /^\$\{(file|env):([^}]+)\}$/.exec(value) : null
  if (reference === null) return value
  const name = reference[2] as string
  try {
    const found = reference[1] === 'env' ? sources.environment[name] : sources.readFile(name)
    if (found !== undefined) return found
    problems.push({ path, problem: `environment variable ${name} is not set` })
  } catch (error) {
    problems.push({ path, problem: `cannot read ${name}: ${(error as Error).message}` })
  }
  return value
}

function describeIssue(issue: z.core.$ZodIssue): ConfigProblem[] {
  const path = issue.path.join('.')
  if (issue.code !== 'unrecognized_keys') return [{ path, problem: issueText(issue) }]
  const known = knownKeys(issue.path)
  return issue.keys.map(key => {
    const suggestion = closest(key, known)
    return {
      path: path === '' ? key : `${path}.${key}`,
      problem: suggestion === null ? 'unknown key' : `unknown key; did you mean \`${suggestion}\`?`,
    }
  })
}

function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let node: unknown = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })
  for (const part of path) {
    const schema = node as { properties?: Record<string, unknown>; items?: unknown }
    node = typeof part === 'number' ? schema.items : schema.properties?.[String(part)]
  }
  return Object.keys((node as { properties?: object } | undefined)?.properties ?? {})
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) deepFreeze(item)
    Object.freeze(value)
  }
  return value
}
