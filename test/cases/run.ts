/**
 * Plays the cases of `files/` against a process of their own and prints a line each.
 *
 *   npm run cases                 all of them
 *   npm run cases -- power sql-03 those whose names begin so
 *
 * Exit status 1 when one of them is wrong; `not-yet.ts` names those of which it is known.
 */
import { prepareCase, readCases } from './case.ts'
import { NOT_YET } from './not-yet.ts'
import { playCase } from './play.ts'
import { openStage } from './stage.ts'

const wanted = process.argv.slice(2)
const nowSeconds = Math.floor(Date.now() / 1000)
const cases = [...readCases()]
  .filter(([id]) => wanted.length === 0 || wanted.some(name => id.startsWith(name)))
  .map(([, text]) => prepareCase(text, nowSeconds))
if (cases.length === 0) throw new Error(`No case has a name that begins with ${wanted.join(' or ')}.`)

const stage = await openStage(cases)
let failed = 0
try {
  for (const played of cases) {
    const wrong = await playCase(stage, played)
    const known = NOT_YET.has(played.id)
    if (wrong.length > 0) failed += 1
    const word =
      wrong.length > 0 ? (known ? 'not yet' : 'WRONG') : known ? 'right, take it off not-yet.ts' : 'right'
    process.stdout.write(`${played.id}: ${word}\n`)
    for (const line of wrong) process.stdout.write(`    ${line}\n`)
    if (wrong.length > 0) process.stdout.write(`    right: ${played.right}\n`)
  }
} finally {
  await stage.close()
}
process.stdout.write(`${cases.length - failed} of ${cases.length} right\n`)
process.exitCode = failed === 0 ? 0 : 1
