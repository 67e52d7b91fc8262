/** `npm run boards`: writes boards/ from the code. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { boardFiles } from './boards.ts'

const folder = join(import.meta.dirname, 'boards')
mkdirSync(folder, { recursive: true })
for (const [name, text] of boardFiles()) writeFileSync(join(folder, name), text)
