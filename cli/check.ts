import { existsSync, readFileSync } from 'node:fs'
import { Command } from 'commander'
import { readTokens } from '../core/auth/tokens-file.ts'
import { autoscalerTls } from '../core/catalogue/config/autoscalers.ts'
import { loadConfig } from '../core/catalogue/config/load.ts'
import { tariffNotes } from '../core/catalogue/config/prices.ts'
import { unreachable } from '../core/catalogue/config/reachable.ts'
import type { Config } from '../core/catalogue/config/schema.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { readFactorFile } from '../core/factors/files/factor-file.ts'
import { readMaterial, tlsFilesOf } from '../core/http/tls.ts'
import { withRoles } from './roles.ts'

/** `wattline check`. Exits 1 with every problem of the configuration at once; missing secret files are notes. */
export const checkCommand = (): Command =>
  new Command('check')
    .description('Validate the configuration: report all problems at once, and exit 1 if there are any')
    .option('--config <file>', 'configuration file (default: wattline.yaml, if it exists)')
    .option('--roles <roles>', 'check it for a process with these roles')
    .option('--print', 'print the complete configuration, defaults included, without secrets')
    .addHelpText(
      'after',
      '\nAccount rules and sites that can never apply, because an earlier one always does, are reported as problems.' +
        '\nThe tokens file, the certificates and files of factors are checked as well, where they exist; a missing one is only noted.\n' +
        '\nExamples:\n  wattline check --config wattline.yaml\n  WATTLINE_LISTEN_HTTP=0 wattline check --print',
    )
    .action((options: { config?: string; roles?: string; print?: boolean }) => {
      const config = loadConfig(options.config, withRoles(process.env, options.roles))
      checkReachable(config)
      for (const missing of checkFiles(config)) {
        process.stderr.write(`note: ${missing} does not exist here, but is needed to start.\n`)
      }
      for (const note of tariffNotes(config.tariffs)) process.stderr.write(`note: ${note}.\n`)
      process.stdout.write(options.print === true ? printable(config) : 'The configuration is valid.\n')
    })

/**
 * Processes start even with a rule that can never apply; `wattline check` reports it. @throws WattlineError
 * `config_invalid`
 */
function checkReachable(config: Config): void {
  const lines = unreachable(config).map(({ path, problem }) => `  ${path}: ${problem}`)
  if (lines.length === 0) return
  throw new WattlineError(
    'config_invalid',
    `the configuration has ${lines.length} problem(s):\n${lines.join('\n')}\n`,
  )
}

/**
 * Reads the files that the configuration names, and returns the missing ones: a configuration is seldom checked where
 * its secrets are. @throws WattlineError `config_invalid` for an unusable file
 */
export function checkFiles({
  auth,
  listen,
  factors,
  autoscalers,
}: Pick<Config, 'auth' | 'listen' | 'factors' | 'autoscalers'>): readonly string[] {
  const missing: string[] = []
  const isThere = (path: string): boolean => {
    if (existsSync(path)) return true
    if (!missing.includes(path)) missing.push(path)
    return false
  }
  const { tokens_file: tokensFile } = auth
  if (tokensFile !== undefined && isThere(tokensFile)) readTokens(tokensFile, readFileSync(tokensFile))
  for (const path of factors.files) if (isThere(path)) readFactorFile(path, readFileSync(path))
  checkTls('listen.tls', tlsFilesOf(listen.tls), isThere)
  for (const door of ['keda', 'kubernetes'] as const)
    checkTls(`autoscalers.${door}`, autoscalerTls({ autoscalers, listen }, door), isThere)
  return missing
}

function checkTls(
  what: string,
  tls: ReturnType<typeof tlsFilesOf>,
  isThere: (path: string) => boolean,
): void {
  if (tls === undefined) return
  const paths = [tls.cert, tls.key, ...(tls.clientCa === undefined ? [] : [tls.clientCa])]
  if (paths.filter(isThere).length < paths.length) return
  try {
    readMaterial(
      tls,
      paths.map(path => readFileSync(path)),
    )
  } catch (error) {
    throw new WattlineError('config_invalid', `${what}: ${(error as Error).message}.`, { cause: error })
  }
}

const HIDDEN = '(hidden)'
/** Keys whose values are secrets wherever they occur. A private key is hidden unless its value is a path. */
const SECRETS: ReadonlySet<string> = new Set(['password', 'token'])

/** Exported for its test. */
export const printable = (config: Config): string =>
  `${JSON.stringify(config, (key, value: unknown) => (isSecret(key, value) ? HIDDEN : withoutHeaders(key, value)), 2)}\n`

const isSecret = (key: string, value: unknown): boolean =>
  typeof value === 'string' && (SECRETS.has(key) || value.includes('PRIVATE KEY-----'))

/** Headers are sent to other systems, and contain their keys. */
function withoutHeaders(key: string, value: unknown): unknown {
  if (key !== 'headers' || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.keys(value).map(name => [name, HIDDEN]))
}
