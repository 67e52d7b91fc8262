/** Entry of an evaluating thread: answers one task after another. */
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { PromqlError } from '../../promql/index.ts'
import { piecesOf } from '../encode/body.ts'
import { Points } from '../points/points.ts'
import type { Ask } from '../reading/reader.ts'
import type { FailureKind, Task, ToThread } from '../wire/messages.ts'
import { answer } from './answer.ts'
import { TaskError, TaskPort } from './port.ts'

/** Nice value: the main thread, which answers everyone, goes first. */
const NICE = 10

if (parentPort !== null) {
  giveWay()
  const port = new TaskPort(parentPort)
  const points = new Points()
  parentPort.on('message', (message: ToThread) => {
    if (message.type !== 'task') {
      port.receive(message)
      return
    }
    port.reset()
    void work(port, message.task)
  })

  const work = async (port: TaskPort, task: Task): Promise<void> => {
    try {
      const tables = {
        ask: countedAsk(port, task),
        caller: task.caller,
        tellsVersions: task.tellsVersions,
        points,
        warnings: new Set<string>(),
      }
      await port.send(piecesOf(await answer(tables, task)))
    } catch (error) {
      port.fail(...failureOf(error))
    }
  }
}

/** On Linux, process 0 is the calling thread. Elsewhere it would be the whole process. */
function giveWay(): void {
  if (process.platform === 'linux') setPriority(0, NICE)
}

/** Reads until the limit on samples, until the time is up, or until the client goes. */
function countedAsk(port: TaskPort, { limits, deadlineMs, cancel }: Task): Ask {
  const flag = new Int32Array(cancel)
  let rows = 0
  return async function* ask(read, arena) {
    for await (const block of port.blocks(read, arena)) {
      rows += block.rows
      if (rows > limits.samplesRead) {
        throw new TaskError(
          'limit',
          `the query reads more than ${limits.samplesRead} samples (limits.promql.samples_read). Select fewer series or a shorter time`,
        )
      }
      if (Date.now() > deadlineMs) throw new TaskError('timeout', 'query timed out in expression evaluation')
      if (Atomics.load(flag, 0) !== 0) throw new TaskError('canceled', 'query was canceled')
      yield block
    }
  }
}

const KINDS: Readonly<Record<PromqlError['kind'], FailureKind>> = {
  syntax: 'bad_data',
  execution: 'execution',
  limit: 'limit',
  timeout: 'timeout',
  canceled: 'canceled',
}

function failureOf(error: unknown): readonly [FailureKind, string] {
  if (error instanceof TaskError) return [error.kind, error.message]
  if (error instanceof PromqlError) return [KINDS[error.kind], error.message]
  return ['internal', error instanceof Error ? (error.stack ?? error.message) : String(error)]
}
