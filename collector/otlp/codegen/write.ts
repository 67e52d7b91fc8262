import { writeFileSync } from 'node:fs'
import { generatedSources, WASM_FOLDER } from './generated.ts'

for (const [name, text] of generatedSources()) writeFileSync(`${WASM_FOLDER}${name}`, text)
