/** Requests to close a period, as records of stream `billing`. */
import { z } from 'zod'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { TENANT } from '../model/identity.ts'
import { PERIOD } from './periods.ts'

const schema = z.strictObject({
  id: z.string().min(1).max(100),
  tenant: z.string().regex(TENANT),
  period: z.string().regex(PERIOD),
  origin: z.enum(['api', 'auto']),
  requestedMs: z.number(),
})

/** Who asks for which period to be closed. */
export type CloseRequest = Readonly<z.infer<typeof schema>>

/** As JSON, since there are few. */
export const encodeCloseRequest = (request: CloseRequest): Uint8Array => Buffer.from(JSON.stringify(request))

/** @throws WattlineError `record_corrupt` */
export function decodeCloseRequest(bytes: Uint8Array): CloseRequest {
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString()))
  } catch (error) {
    throw new WattlineError('record_corrupt', 'This is not a request to close a billing period.', {
      cause: error,
    })
  }
}
