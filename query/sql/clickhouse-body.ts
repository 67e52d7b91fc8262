/** Reads the body of a request to the ClickHouse HTTP interface: a statement, compressed or not, or a form with one. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { CodingError } from '../codings/lz4-block.ts'
import { decompressBlocks } from '../codings/native-blocks.ts'
import type { RawQuery } from '../http/parameters.ts'
import { BODY_MAX_BYTES } from './text-limits.ts'

/** The contents of a body. */
export interface ClickHouseBody {
  readonly text: string
  /** Parameters from a form, which have the same names as those of the URL. */
  readonly fields: RawQuery
}

/** How the body is written. */
interface BodyForm {
  readonly contentType: string
  /** In ClickHouse's own compressed blocks. */
  readonly isCompressed: boolean
}

/** @throws WattlineError `body_undecodable`, `parameter_invalid`, or `sql_refused` for external tables */
export async function readClickHouseBody(body: Uint8Array, form: BodyForm): Promise<ClickHouseBody> {
  if (/^\s*multipart\/form-data\s*;/i.test(form.contentType)) return await readForm(body, form.contentType)
  return { text: textOf(form.isCompressed ? decompressed(body) : body), fields: {} }
}

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')

function decompressed(body: Uint8Array): Uint8Array {
  try {
    return decompressBlocks(body, BODY_MAX_BYTES)
  } catch (error) {
    const what = error instanceof CodingError ? `: ${error.message}` : ''
    throw new WattlineError('body_undecodable', `The compressed blocks of the body cannot be read${what}.`, {
      cause: error,
    })
  }
}

/** The Rust client sends parameters as such a form; others send external tables, as files. */
async function readForm(body: Uint8Array, contentType: string): Promise<ClickHouseBody> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } })
    .formData()
    .catch((error: unknown) => {
      throw new WattlineError('parameter_invalid', 'The body is not a valid multipart form.', {
        cause: error,
      })
    })
  const fields: Record<string, string[]> = {}
  for (const [name, value] of form) {
    if (typeof value !== 'string' || isOfTable(name)) throw externalTable(name)
    fields[name] = [...(fields[name] ?? []), value]
  }
  return { text: '', fields }
}

/** Names of fields that describe an external table. */
const isOfTable = (name: string): boolean =>
  /_(structure|types|format)$/.test(name) && name !== 'default_format'

const externalTable = (name: string): WattlineError =>
  new WattlineError(
    'sql_refused',
    `External tables (${name.slice(0, 100)}) are not accepted. Pass the values as a parameter, such as {values:Array(String)}.`,
  )
