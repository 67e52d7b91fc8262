// Guarantees: the WebAssembly in the repository is what its source gives, and the parts of its source that are made are what
// the stream and the table of OTLP messages give.
import { readFileSync } from 'node:fs'
import asc from 'assemblyscript/asc'
import { expect, it } from 'vitest'
import { generatedSources, WASM_FOLDER } from '../../../collector/otlp/codegen/generated.ts'

it('has sources that are up to date; otherwise run `npm run wasm`', () => {
  for (const [name, text] of generatedSources())
    expect(readFileSync(`${WASM_FOLDER}${name}`, 'utf8'), name).toBe(text)
})

it('is up to date; otherwise run `npm run wasm`', { timeout: 60_000 }, async () => {
  let compiled: Uint8Array | undefined
  const { error, stderr } = await asc.main(['--config', `${WASM_FOLDER}asconfig.json`], {
    writeFile(name, contents) {
      if (name.endsWith('.wasm') && typeof contents !== 'string') compiled = contents
    },
  })
  expect(error, stderr.toString()).toBeNull()
  expect(Buffer.from(compiled ?? []).equals(readFileSync(`${WASM_FOLDER}spans.wasm`))).toBe(true)
})
