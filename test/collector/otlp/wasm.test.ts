// Guarantees: the generated parts of the decoder's source match the stream and the table of OTLP messages.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { generatedSources, WASM_FOLDER } from '../../../collector/otlp/codegen/generated.ts'

it('has sources that are up to date; otherwise run `npm run wasm`', () => {
  for (const [name, text] of generatedSources())
    expect(readFileSync(`${WASM_FOLDER}${name}`, 'utf8'), name).toBe(text)
})
