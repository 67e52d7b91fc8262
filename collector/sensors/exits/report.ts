/** Exit accounting as the configuration wants it, with what users should know about it. */
import type { Config } from '../../../core/catalogue/config/schema.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import type { KernelFiles } from '../host/files.ts'
import type { Roots } from '../host/sensor.ts'
import { type ExitSource, isExitSource, openExits } from './exits.ts'

interface ExitOptions {
  readonly config: Pick<Config['sensors'], 'cpu_time' | 'exit_accounting'>
  readonly events: Events
  readonly files: KernelFiles
  readonly roots: Roots
}

/** Rounds between two reports of losses. */
const REPEAT_AFTER_ROUNDS = 720

/** Undefined where it is off or not permitted: the latter is an event if it is `on`. */
export function startExits({ config, events, files, roots }: ExitOptions): ExitSource | undefined {
  if (config.cpu_time === 'off' || config.exit_accounting === 'off') return undefined
  const opened = openExits(files, roots)
  if (!isExitSource(opened)) {
    if (config.exit_accounting === 'on') {
      const remedy = opened.command === '' ? '' : ` ${opened.command}`
      events.emit('sensorFailed', { sensor: 'exit_accounting', reason: `${opened.reason}.${remedy}` })
    }
    return undefined
  }
  events.emit('sensorStarted', { sensor: 'exit_accounting' })
  let losses = 0
  let quietRounds = 0
  return {
    ...opened,
    take() {
      const exits = opened.take()
      losses += opened.takeLosses()
      if (quietRounds > 0) quietRounds -= 1
      else if (losses > 0) {
        const reason =
          'More processes ended than the kernel keeps between two rounds; the CPU time of some is unattributed. Set a shorter `sensors.interval`.'
        events.emit('sensorFailed', { sensor: 'exit_accounting', reason, amount: losses })
        losses = 0
        quietRounds = REPEAT_AFTER_ROUNDS
      }
      return exits
    },
  }
}
