/** Remote write over HTTP: as its own version and as the other one, with and without the optional headers. */
import { FamilyMemory } from '../../collector/prometheus/remote-write/families.ts'
import type { RawReply } from '../collector/http/http-rig.ts'
import { HEADERS_1, HEADERS_2 } from '../support/remote-write.ts'
import type { FuzzCase } from './cases.ts'
import type { Dice } from './dice.ts'
import type { DoorAnswer, DoorRequest } from './door.ts'
import { exchange, type Headers, openOverHttp } from './http-door.ts'
import { FUZZ_CONTEXT } from './judge.ts'
import { translatedBlock } from './write-judge.ts'

export const openWriteDoor = openOverHttp(port => (made, dice) => requestOf(port, made, dice))

function requestOf(port: number, made: FuzzCase, dice: Dice): DoorRequest {
  const bytes = Uint8Array.from(made.bytes)
  const isSecond = made.encoding === 'write2' ? !dice.once(20) : dice.once(20) || teaches(made)
  const payload = { encoding: isSecond ? 'write2' : 'write1', bytes } as const
  const breaksOff = dice.once(20)
  const headers: Record<string, string> = { ...(isSecond ? HEADERS_2 : HEADERS_1) }
  if (dice.once(10)) delete headers['content-encoding']
  if (!isSecond && dice.once(10)) delete headers['content-type']
  if (breaksOff) headers['content-length'] = String(bytes.length + 1 + dice.below(100))
  const request: { headers: Headers; body: Uint8Array; breaksOff: boolean } = {
    headers,
    body: bytes,
    breaksOff,
  }
  const read = (reply: RawReply): DoorAnswer => answerOf(reply, payload)
  return { payload, broken: breaksOff, send: () => exchange(port, '/api/v1/write', request, read) }
}

/**
 * Whether it has metadata of families: the meaning of concurrent requests after it would be unpredictable. 2.0 has no
 * such thing.
 */
function teaches(payload: FuzzCase): boolean {
  const families = new Pupil()
  try {
    translatedBlock(payload, FUZZ_CONTEXT, families)
  } catch {
    // What it has learned until then stays.
  }
  return families.lessons > 0
}

class Pupil extends FamilyMemory {
  lessons = 0

  override learn(): void {
    this.lessons += 1
  }
}

const WRITTEN = ['samples', 'histograms', 'exemplars'] as const

function answerOf({ status, headers, body }: RawReply, payload: FuzzCase): DoorAnswer {
  const partly = status === 400 && body.toString().startsWith('series_invalid:')
  const written = WRITTEN.map(kind => headers.get(`x-prometheus-remote-write-${kind}-written`))
  if (status === 204 || partly) {
    const { tally } = translatedBlock(payload, FUZZ_CONTEXT)
    const expected = WRITTEN.map(kind => (payload.encoding === 'write2' ? String(tally[kind]) : undefined))
    if (written.join() !== expected.join())
      throw new Error(`Said that ${written} are written, not ${expected}.`)
    return { outcome: 'taken', status: partly ? '400 in part' : '204', partly }
  }
  if (payload.encoding === 'write2' && written.join() !== '0,0,0')
    throw new Error(`Answered ${status}, and said that ${written} are written.`)
  if (status === 400 || status === 413) return { outcome: 'refused', status: String(status), partly: false }
  if (status === 503) return { outcome: 'later', status: '503', partly: false }
  throw new Error(`Answered ${status}: ${body}`)
}
