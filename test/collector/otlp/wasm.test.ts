// Guarantees: the WebAssembly in the repository is what its source gives.
import { readFileSync } from 'node:fs'
import asc from 'assemblyscript/asc'
import { expect, it } from 'vitest'

const FOLDER = new URL('../../../collector/otlp/wasm/', import.meta.url).pathname

it('is up to date; otherwise run `npm run wasm`', { timeout: 60_000 }, async () => {
  let compiled: Uint8Array | undefined
  const { error, stderr } = await asc.main(['--config', `${FOLDER}asconfig.json`], {
    writeFile(name, contents) {
      if (name.endsWith('.wasm') && typeof contents !== 'string') compiled = contents
    },
  })
  expect(error, stderr.toString()).toBeNull()
  expect(Buffer.from(compiled ?? []).equals(readFileSync(`${FOLDER}spans.wasm`))).toBe(true)
})
