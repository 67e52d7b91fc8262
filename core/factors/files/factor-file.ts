/**
 * Files of factors: intensities, spot prices and price lists, as CSV or YAML. A file is used whole or not at all, and every
 * problem says where it is.
 */
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { FileFactors } from '../file-factors.ts'
import { csvFactors } from './csv-factors.ts'
import { FactorFileError } from './problems.ts'
import { yamlFactors } from './yaml-factors.ts'

/** A year of quarters of hours in ten zones. */
export const FACTOR_FILE_MAX_BYTES = 32 * 1024 * 1024

/**
 * What a file says, by the end of its name: `.csv`, `.yaml` or `.yml`.
 * @throws FactorFileError
 */
export function parseFactorFile(path: string, text: string): FileFactors {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (/\.csv$/i.test(name)) return csvFactors(name, text)
  if (/\.ya?ml$/i.test(name)) return yamlFactors(name, text)
  throw new FactorFileError(name, [{ line: 1, problem: 'the name must end in .csv, .yaml or .yml' }])
}

/** The same of a file that the configuration names. @throws WattlineError `config_invalid` */
export function readFactorFile(path: string, content: Uint8Array): FileFactors {
  try {
    return parseFactorFile(path, Buffer.from(content).toString('utf8'))
  } catch (error) {
    if (!(error instanceof FactorFileError)) throw error
    throw new WattlineError('config_invalid', error.message, { cause: error })
  }
}

/** The same of a file that somebody sends. @throws WattlineError `parameter_invalid` */
export function sentFactorFile(name: string, text: string): FileFactors {
  try {
    return parseFactorFile(name, text)
  } catch (error) {
    if (!(error instanceof FactorFileError)) throw error
    throw new WattlineError('parameter_invalid', error.message, { cause: error })
  }
}
