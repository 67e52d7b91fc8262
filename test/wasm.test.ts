// Guarantees: the WebAssembly in the repository is what its source gives.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'

const out = mkdtempSync(join(tmpdir(), 'wattline-wasm-'))
afterAll(() => rmSync(out, { recursive: true, force: true }))

it.each(['collector/otlp/wasm', 'query/codings/wasm'])(
  '%s is up to date; otherwise run `npm run wasm`',
  async folder => {
    const [name = ''] = readdirSync(folder).filter(file => file.endsWith('.wasm'))
    const compiled = join(out, name)
    await promisify(execFile)('npx', ['asc', '--config', `${folder}/asconfig.json`, '--outFile', compiled])
    expect(readFileSync(compiled).equals(readFileSync(join(folder, name)))).toBe(true)
  },
)
