/**
 * Takes in scenes and restates them one after another, in a process of its own that whoever started it kills. Prints a line for each
 * stage; looks for repeated entries when it has opened, and audits all of the books after each scene, with the readings of that one.
 */
import { openRig } from '../../processors/recompute/rig.ts'
import { audit, repeated } from './audit.ts'
import { AT_FIRST, sceneOf } from './scene.ts'

/** Few records: what they cost is not what is looked at here. */
const SLOT_SECONDS = 20

const [path = '', seed = '', first = '', isKnown = '', last = '', sent = ''] = process.argv.slice(2)
const rig = await openRig(path)
const say = (word: string): boolean => process.stdout.write(`${word}\n`)
say('open')
for (const finding of await repeated(rig)) say(`finding ${finding}`)
// Whoever kills it wants to meet it between two transactions.
let ledgerEnd: bigint | undefined
const looking = setInterval(async () => {
  const [lag] = await rig.broker.lag('store', 'ledger')
  if (ledgerEnd !== undefined && lag !== undefined && lag.end !== ledgerEnd) say('appended')
  ledgerEnd = lag?.end
}, 5)
for (let number = Number(first); number <= Number(last); number += 1) {
  const { arrivals, revisions } = sceneOf(Number(seed), number)
  if (number !== Number(first) || isKnown !== 'delivered') {
    if (number === 0) await rig.revise(AT_FIRST.from, AT_FIRST.to, AT_FIRST.gramsPerKwh)
    // As exporters do: what was not acknowledged is sent again, and nothing else.
    const acknowledged = number === Number(first) ? Number(sent) : 0
    await rig.deliver(arrivals, {
      slotSeconds: SLOT_SECONDS,
      acknowledged,
      onAcknowledged: () => say('acknowledged'),
    })
    for (const { from, to, gramsPerKwh } of revisions) await rig.revise(from, to, gramsPerKwh)
    say('delivered')
  }
  await rig.settle()
  say('settled')
  const findings = await audit(rig, Number(seed), { from: number, to: number })
  for (const finding of findings) say(`finding ${finding}`)
  say('audited')
}
clearInterval(looking)
await rig.close()
say('closed')
