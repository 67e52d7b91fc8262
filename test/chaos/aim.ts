/**
 * Kills a process the moment its engine writes a deduplication token, before the part gets its final name. A process of
 * its own, with nothing else to do, since that moment is a tenth of a millisecond long. Told by IPC whom to aim at (`nobody`:
 * no more); says when it has killed.
 */
import { onTokenWrite } from './token-logs.ts'

export interface Aim {
  readonly enginePath: string
  readonly pid: number
}

let rounds = 0
let endWatch = (): void => undefined

process.on('message', async (aim: Aim | 'nobody') => {
  rounds += 1
  const round = rounds
  endWatch()
  endWatch = () => undefined
  if (aim === 'nobody') return
  const end = await onTokenWrite(aim.enginePath, () => {
    if (round !== rounds) return
    rounds += 1
    process.kill(aim.pid, 'SIGKILL')
    process.send?.('killed')
  })
  if (round === rounds) endWatch = end
  else end()
})
