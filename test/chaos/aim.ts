/**
 * Kills a process at the moment its engine writes a deduplication token, before the part gets its final name. It is a
 * process of its own with nothing else to do, because that moment is a tenth of a millisecond long. Receives its target
 * by IPC (`nobody`: stop) and reports when it has killed.
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
