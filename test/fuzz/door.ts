/** Doors of a collector as fuzzing sees them. */
import type { Intake } from '../../collector/intake/intake.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import type { FuzzCase } from './cases.ts'
import type { Dice } from './dice.ts'

/**
 * `taken`: all that can be stored is in the log; `refused`: nothing of it, for what it is; `later`: it is to be sent again;
 * `gone`: the client broke off.
 */
export type Outcome = 'taken' | 'refused' | 'later' | 'gone'

export interface DoorAnswer {
  readonly outcome: Outcome
  /** As the transport has it; '' where there was none. */
  readonly status: string
  /** Whether it said that a part was refused. */
  readonly partly: boolean
}

export const GONE: DoorAnswer = { outcome: 'gone', status: 'gone', partly: false }

export interface DoorRequest {
  /** What decoders get to see of it. */
  readonly payload: FuzzCase
  /** Something is wrong besides the payload: to take it would be a lie. */
  readonly broken: boolean
  /** @throws Error for an answer that the door does not know. */
  send(): Promise<DoorAnswer>
}

/** A receiver that listens. */
export interface OpenDoor {
  /** For some requests at once. */
  client(): DoorClient
  stop(): Promise<void>
}

export interface DoorClient {
  /** The case as a request, sound or spoiled on its way. */
  request(made: FuzzCase, dice: Dice): DoorRequest
  /** @throws Error when a connection did not survive what was sent on it. */
  end(): void
}

export type OpenFuzzDoor = (intake: Intake, limits: Config['limits']) => Promise<OpenDoor>

/** Of a compressed body, so that it can no longer be read: cut, or with something after its end. */
export function spoiled(body: Uint8Array, dice: Dice): Uint8Array {
  return dice.once(2)
    ? body.subarray(0, dice.below(body.length))
    : Buffer.concat([body, dice.bytes(new Uint8Array(3))])
}
