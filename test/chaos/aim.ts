/**
 * `node aim.ts ENGINE_PATH PID`: kills the process the moment its engine writes a deduplication token, before the part
 * gets its final name. A process of its own, since that moment is a tenth of a millisecond long.
 */
import { onTokenWrite } from './token-logs.ts'

const [enginePath, pid] = process.argv.slice(2)
await onTokenWrite(enginePath as string, () => {
  process.kill(Number(pid), 'SIGKILL')
  process.exit(0)
})
