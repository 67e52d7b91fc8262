/** Takes in a scene and restates, in a process of its own that whoever started it kills. */
import { openRig } from '../../processors/recompute/rig.ts'
import { AT_FIRST, sceneOf } from './scene.ts'

const [path = '', seed = '', number = '', isKnown = ''] = process.argv.slice(2)
const { arrivals, revisions } = sceneOf(Number(seed), Number(number))
const rig = await openRig(path)
const say = (word: string): boolean => process.stdout.write(`${word}\n`)
say('open')
if (isKnown !== 'delivered') {
  if (number === '0') await rig.revise(AT_FIRST.from, AT_FIRST.to, AT_FIRST.gramsPerKwh)
  await rig.deliver(arrivals)
  for (const { from, to, gramsPerKwh } of revisions) await rig.revise(from, to, gramsPerKwh)
  say('delivered')
}
// Whoever kills it wants to meet it between two transactions.
let ledgerEnd = -1n
setInterval(async () => {
  const [lag] = await rig.broker.lag('store', 'ledger')
  if (lag === undefined || lag.end === ledgerEnd) return
  ledgerEnd = lag.end
  say('appended')
}, 5)
await rig.settle()
say('settled')
process.exit(0)
