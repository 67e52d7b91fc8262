import type { FastifyReply } from 'fastify'

/** Aborts when the client disconnects before its answer is complete: its query then stops in the engine. */
export function disconnectSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new Error('the client disconnected'))
  })
  return controller.signal
}
