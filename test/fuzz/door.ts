/** Entry points of a collector for fuzzing. */
import type { Intake } from '../../collector/intake/intake.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import type { FuzzCase } from './cases.ts'
import type { Dice } from './dice.ts'

/**
 * `taken`: everything that can be stored is in the log; `refused`: nothing is, because of the payload; `later`: it
 * should be retried; `gone`: the client disconnected.
 */
export type Outcome = 'taken' | 'refused' | 'later' | 'gone'

export interface DoorAnswer {
  readonly outcome: Outcome
  /** Status of the transport; '' without one. */
  readonly status: string
  /** Whether it reported that a part was refused. */
  readonly partly: boolean
}

export const GONE: DoorAnswer = { outcome: 'gone', status: 'gone', partly: false }

export interface DoorRequest {
  /** What decoders receive of it. */
  readonly payload: FuzzCase
  /** Something besides the payload is wrong: accepting it would be an error. */
  readonly broken: boolean
  /** @throws Error for an unknown answer */
  send(): Promise<DoorAnswer>
}

/** A receiver that listens. */
export interface OpenDoor {
  /** For a few concurrent requests. */
  client(): DoorClient
  stop(): Promise<void>
}

export interface DoorClient {
  /** The case as a request, intact or corrupted on the way. */
  request(made: FuzzCase, dice: Dice): DoorRequest
  /** @throws Error if a connection did not survive its requests */
  end(): void
}

export type OpenFuzzDoor = (intake: Intake, limits: Config['limits']) => Promise<OpenDoor>

/** For a compressed body, so that it can no longer be read: truncated, or with trailing bytes. */
export function spoiled(body: Uint8Array, dice: Dice): Uint8Array {
  return dice.once(2)
    ? body.subarray(0, dice.below(body.length))
    : Buffer.concat([body, dice.bytes(new Uint8Array(3))])
}
