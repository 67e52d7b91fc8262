import type { Readable } from 'node:stream'

/** The client disconnected, so no answer can be sent. */
export class ClientGone extends Error {}

/** Passes on what a client sends until the end. Throws `ClientGone`, what `add` throws, or the reason of the signal. */
export async function receive(
  source: Readable,
  add: (chunk: Buffer) => void,
  isComplete: () => boolean,
  signal?: AbortSignal,
): Promise<void> {
  const { promise: gone, reject } = Promise.withResolvers<never>()
  const onClose = (): void => {
    if (!isComplete()) reject(new ClientGone('The connection closed in the middle of the body.'))
  }
  source.on('close', onClose)
  try {
    await Promise.race([collect(source, add, error => new ClientGone(error.message), signal), gone])
  } finally {
    source.off('close', onClose)
  }
}

/** Not `for await`: leaving such a loop destroys the request, and with it the connection that the answer needs. */
export async function collect(
  source: Readable,
  add: (chunk: Buffer) => void,
  asError: (error: Error) => Error,
  signal?: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onData = (chunk: Buffer): void => {
    try {
      add(chunk)
    } catch (error) {
      reject(error)
    }
  }
  source.on('data', onData)
  source.on('end', resolve)
  // This handler stays: a connection may also break while the rest of a refused body is being discarded.
  source.on('error', error => reject(asError(error)))
  signal?.addEventListener('abort', () => reject(signal.reason))
  try {
    await promise
  } finally {
    source.off('data', onData)
    source.off('end', resolve)
  }
}
