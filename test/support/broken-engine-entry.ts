// The command line, with an engine that SIGUSR2 breaks down as long as this process image lives: from then on it gives
// the error of chDB after one of its threads has ended by an exception (seen when its disk failed while it opened a
// table).
import { Session } from 'chdb'

const text = 'Code: 236. DB::Exception: The server is shutting down due to a fatal error. (ABORTED)'
process.on('SIGUSR2', () => {
  Session.prototype.queryAsync = () => Promise.reject(new Error(text))
})
await import('../../cli/wattline.ts')
