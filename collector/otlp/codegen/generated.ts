import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { numbersSource, tagsSource } from './constants.ts'
import { descriptionSource, spanBatchSource } from './span-batch.ts'

/** Folder of the AssemblyScript sources, those that are generated among them. */
export const WASM_FOLDER = fileURLToPath(new URL('../wasm/', import.meta.url))
const BIOME = fileURLToPath(new URL('../../../node_modules/.bin/biome', import.meta.url))

const SOURCES = {
  'tags.ts': tagsSource,
  'numbers.ts': numbersSource,
  'span-batch.ts': spanBatchSource,
  'span-description.ts': descriptionSource,
} as const

const HEAD = '// Made by `npm run wasm` (collector/otlp/codegen). Change what it is made from.\n'

/** The generated files of wasm/ by name, formatted like the rest. */
export function generatedSources(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(SOURCES).map(([name, source]) => {
      const path = `${WASM_FOLDER}${name}`
      const text = execFileSync(BIOME, ['format', `--stdin-file-path=${path}`], {
        input: HEAD + source(),
        encoding: 'utf8',
      })
      return [name, text]
    }),
  )
}
