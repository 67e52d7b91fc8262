import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { newToken, tokenHash } from '../core/auth/token.ts'
import { parseTokenList } from '../core/auth/token-list.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { SCOPES, type Scope } from '../core/model/identity.ts'

interface TokenOptions {
  readonly tenant: string
  readonly scopes: readonly Scope[]
  readonly accounts?: readonly string[]
  readonly account?: string
  readonly name?: string
  readonly expires?: string
  readonly add?: string
}

/** `wattline token`. Prints the token once; the tokens file has only its SHA-256. */
export const tokenCommand = (): Command =>
  new Command('token')
    .description('Create a token, and its line for the file of auth.tokens_file')
    .requiredOption('--tenant <tenant>', 'tenant whose data it writes and reads; `default` is the operator')
    .requiredOption(
      '--scopes <scopes>',
      `what it allows: ${SCOPES.join(', ')}; separate several by commas`,
      scopesOf,
    )
    .option('--accounts <accounts>', 'may read only these accounts of the tenant', listOf)
    .option('--account <account>', 'pays for the workloads whose readings it sends, whatever the rules say')
    .option('--name <name>', 'a name for people who read the file')
    .option('--expires <date>', 'refused from this time on: 2027-06-30 or 2027-06-30T12:00:00Z')
    .option('--add <file>', 'append the line to this file, and print only the token')
    .addHelpText(
      'after',
      '\nThe token is shown once: the file keeps its SHA-256. A running instance applies the new line within seconds.\n' +
        '\nExamples:\n  wattline token --tenant default --scopes ingest,read,admin --add tokens.yaml' +
        '\n  wattline token --tenant shop --scopes ingest --name "checkout, production" --expires 2027-06-30' +
        '\n  wattline token --tenant shop --scopes read --accounts web,mobile' +
        '\n  wattline token --tenant shop --scopes ingest --account web',
    )
    .action((options: TokenOptions) => {
      const token = newToken()
      const line = tokenLine(options, tokenHash(token).toString('hex'))
      if (options.add === undefined) process.stdout.write(shown(token, line))
      else {
        addLine(options.add, line)
        process.stdout.write(`${token}\n`)
      }
    })

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '')

function scopesOf(text: string): Scope[] {
  const scopes = SCOPES.filter(scope => listOf(text).includes(scope))
  if (scopes.length > 0 && scopes.length === new Set(listOf(text)).size) return scopes
  throw new InvalidArgumentError(`Give one or more of ${SCOPES.join(', ')}, separated by commas.`)
}

/** One line of YAML with quoted texts: a hash that consists of digits would be a number to other readers. */
function tokenLine(
  { tenant, scopes, accounts, account, name, expires }: TokenOptions,
  sha256: string,
): string {
  const fields = [
    `tenant: ${JSON.stringify(tenant)}`,
    `scopes: [${scopes.join(', ')}]`,
    ...(accounts === undefined
      ? []
      : [`accounts: [${accounts.map(account => JSON.stringify(account)).join(', ')}]`]),
    ...(account === undefined ? [] : [`account: ${JSON.stringify(account)}`]),
    ...(name === undefined ? [] : [`name: ${JSON.stringify(name)}`]),
    ...(expires === undefined ? [] : [`expires: ${JSON.stringify(expires)}`]),
    `sha256: ${JSON.stringify(sha256)}`,
  ]
  const line = `- {${fields.join(', ')}}\n`
  assertGood(line, 'The token')
  return line
}

const shown = (token: string, line: string): string =>
  `Token, shown only once; clients send it as \`Authorization: Bearer <token>\`:\n  ${token}\n` +
  `Line for the file of auth.tokens_file:\n${line}`

/** Adds the line only if the resulting file is valid; otherwise leaves the file unchanged. */
function addLine(file: string, line: string): void {
  try {
    const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
    const gap = before === '' || before.endsWith('\n') ? '' : '\n'
    assertGood(before + gap + line, `${file} with it`)
    appendFileSync(file, gap + line, { mode: 0o600 })
  } catch (error) {
    if (error instanceof WattlineError) throw error
    throw new WattlineError('config_invalid', `${file} cannot be written: ${(error as Error).message}.`)
  }
}

function assertGood(text: string, what: string): void {
  const result = parseTokenList(text)
  if (result.ok) return
  const problems = result.problems.map(({ path, problem }) => `${path}: ${problem}`)
  throw new WattlineError('config_invalid', `${what} is not valid: ${problems.join('; ')}.`)
}
