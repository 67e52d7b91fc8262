/**
 * `npm run test:focus`: a month of bills with corrections, credits, commitments, taxes, several currencies, a price below 0 and energy
 * without a price, as FOCUS files, checked by the FinOps Foundation's own `focus-validator`. It is installed once, by pip into an
 * environment of its own; needs python3.12. Exits 1 when a rule fails.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeFocusFiles } from '../query/invoices/focus-files.ts'
import { failedRules } from './failed-rules.ts'

const run = promisify(execFile)
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/focus')
const PACKAGES = ['focus-validator==2.2.1', 'pyarrow<20']
/** What bills have: `ALL` wants columns of capacity reservations and commitment discounts too. */
const CRITERIA = [
  'ACCOUNT_NAMING_SUPPORTED',
  'MULTIPLE_PRICING_CATEGORIES_SUPPORTED',
  'NEGOTIATED_PRICING_SUPPORTED',
  'PUBLIC_PRICE_LIST_SUPPORTED',
  'USAGE_MEASUREMENT_SUPPORTED',
  'UNIT_PRICING_SUPPORTED',
  'PRICING_BILLING_CURRENCY_DIFFERENCES_SUPPORTED',
  'REGION_SUPPORTED',
]

async function install(): Promise<string> {
  const program = join(CACHE, 'bin/focus-validator')
  if (!existsSync(program)) {
    await mkdir(CACHE, { recursive: true })
    await run('python3.12', ['-m', 'venv', CACHE]).catch((error: unknown) => {
      const remedy = 'Install Python 3.12; where pyenv has several, set PYENV_VERSION to one of 3.12.'
      throw new Error(`python3.12 cannot make an environment. ${remedy}`, { cause: error })
    })
    await run(join(CACHE, 'bin/pip'), ['install', '--quiet', ...PACKAGES], { timeout: 600_000 })
  }
  return program
}

async function validate(program: string, file: string): Promise<readonly string[]> {
  const options = ['--block-download', '--validate-version', '1.2', '--focus-dataset', 'CostAndUsage']
  const more = ['--column-namespace', 'x_', '--applicability-criteria', CRITERIA.join(',')]
  // It looks for its list of currencies below the current folder.
  const cwd = join(CACHE, 'lib/python3.12/site-packages')
  const { stdout } = await run(program, ['--data-file', file, ...options, ...more], { cwd, maxBuffer: 1e8 })
  return failedRules(stdout)
}

const folder = mkdtempSync(join(tmpdir(), 'wattline-focus-'))
try {
  const program = await install()
  for (const file of await writeFocusFiles(folder)) {
    const failed = await validate(program, file)
    process.stdout.write(
      `${file.slice(folder.length + 1)}: ${failed.length === 0 ? 'clean' : failed.join('\n  ')}\n`,
    )
    if (failed.length > 0) process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
