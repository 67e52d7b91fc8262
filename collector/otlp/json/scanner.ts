import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { hexInteger } from './digits.ts'

/** First bytes of JSON's tokens. */
export const TOKEN = {
  quote: 0x22,
  openArray: 0x5b,
  closeArray: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
  true: 0x74,
  false: 0x66,
  null: 0x6e,
  minus: 0x2d,
  digit0: 0x30,
  digit9: 0x39,
  end: -1,
} as const

const COMMA = 0x2c
const COLON = 0x3a
const PLUS = 0x2b
const POINT = 0x2e
const BACKSLASH = 0x5c
const SPACE = 0x20
const LOWER_E = 0x65
const LOWER_U = 0x75
/** The bit that distinguishes lower-case from upper-case letters. */
const LOWER = 0x20
const SIMPLE_ESCAPES = new Set('"\\/bfnrt'.split('').map(character => character.charCodeAt(0)))

/**
 * Reads JSON (RFC 8259, strictly) from bytes, one token at a time, without creating objects: a body of many small
 * values costs only its own bytes. The caller checks what comes next, and reads or skips it. Text is not checked to be
 * UTF-8.
 *
 * Throws `body_undecodable` with the byte where it is not JSON.
 */
export class JsonScanner {
  readonly bytes: Buffer
  /** Start and end of the last string, without its quotes, or of the last number. */
  from = 0
  to = 0
  /** Its kind: a string, an integer with an optional sign, or any other number. */
  token: 'text' | 'integer' | 'fraction' = 'text'
  /** Whether that string has escapes. `text` resolves them. */
  escaped = false
  readonly #maxDepth: number
  #at = 0

  /** `maxDepth`: maximum nesting of arrays and objects in skipped values. */
  constructor(body: Uint8Array, maxDepth: number) {
    this.bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
    this.#maxDepth = maxDepth
    // Skips a byte order mark.
    if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) this.#at = 3
  }

  /** The first byte of the next token, after skipping white space; `TOKEN.end` at the end. */
  peek(): number {
    const { bytes } = this
    while (this.#at < bytes.length) {
      const byte = bytes[this.#at]!
      if (byte > SPACE || !(byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09)) return byte
      this.#at += 1
    }
    return TOKEN.end
  }

  /** Enters the next array or object. Returns whether it has contents; if not, it has been read completely. */
  open(close: number): boolean {
    this.#at += 1
    if (this.peek() !== close) return true
    this.#at += 1
    return false
  }

  /**
   * After an element or a member: returns whether another follows. If not, the array or object has been read
   * completely.
   */
  more(close: number): boolean {
    const byte = this.peek()
    if (byte !== COMMA && byte !== close) throw this.unexpected()
    this.#at += 1
    return byte === COMMA
  }

  /** Reads the name of a member and its colon: `from` and `to` are those of the name. */
  name(): void {
    if (this.peek() !== TOKEN.quote) throw this.unexpected()
    this.string()
    if (this.peek() !== COLON) throw this.unexpected()
    this.#at += 1
  }

  /** Reads the next string. */
  string(): void {
    const { bytes } = this
    this.token = 'text'
    this.from = this.#at + 1
    this.escaped = false
    for (let at = this.from; at < bytes.length; at += 1) {
      const byte = bytes[at]!
      if (byte === TOKEN.quote) {
        this.to = at
        this.#at = at + 1
        return
      }
      if (byte === BACKSLASH) {
        this.escaped = true
        at = this.#escape(at)
      } else if (byte < SPACE) throw this.#unexpectedAt(at)
    }
    throw this.#unexpectedAt(bytes.length)
  }

  /** Reads the next number. */
  number(): void {
    const { bytes } = this
    this.token = 'integer'
    this.escaped = false
    this.from = this.#at
    if (bytes[this.#at] === TOKEN.minus) this.#at += 1
    if (bytes[this.#at] === TOKEN.digit0) this.#at += 1
    else this.#digits()
    if (bytes[this.#at] === POINT) {
      this.token = 'fraction'
      this.#at += 1
      this.#digits()
    }
    if (((bytes[this.#at] ?? 0) | LOWER) === LOWER_E) {
      this.token = 'fraction'
      this.#at += 1
      if (bytes[this.#at] === PLUS || bytes[this.#at] === TOKEN.minus) this.#at += 1
      this.#digits()
    }
    this.to = this.#at
  }

  /** Reads `true`, `false` or `null`, depending on the next byte. */
  word(): void {
    const first = this.bytes[this.#at]
    const word = first === TOKEN.true ? 'true' : first === TOKEN.false ? 'false' : 'null'
    for (let index = 0; index < word.length; index += 1) {
      if (this.bytes[this.#at] !== word.charCodeAt(index)) throw this.unexpected()
      this.#at += 1
    }
  }

  /** Skips any value. */
  skip(depth = 0): void {
    const first = this.peek()
    if (first === TOKEN.quote) this.string()
    else if (first === TOKEN.openObject || first === TOKEN.openArray) this.#skipWithin(first, depth + 1)
    else if (first === TOKEN.true || first === TOKEN.false || first === TOKEN.null) this.word()
    else this.number()
  }

  /** Throws unless the input ends here. */
  end(): void {
    if (this.peek() !== TOKEN.end) throw this.unexpected()
  }

  /** The last string or number as text; invalid UTF-8 becomes U+FFFD. */
  text(): string {
    const text = this.bytes.toString('utf8', this.from, this.to)
    return this.escaped ? (JSON.parse(`"${text}"`) as string) : text
  }

  /** An error about the next token: the end, or an unexpected byte. */
  unexpected(): WattlineError {
    return this.#unexpectedAt(this.#at)
  }

  #skipWithin(open: number, depth: number): void {
    if (depth > this.#maxDepth) {
      throw undecodableJson(`The JSON nests deeper than ${this.#maxDepth} levels at byte ${this.#at}.`)
    }
    const isObject = open === TOKEN.openObject
    const close = isObject ? TOKEN.closeObject : TOKEN.closeArray
    if (!this.open(close)) return
    do {
      if (isObject) this.name()
      this.skip(depth)
    } while (this.more(close))
  }

  /** At least one digit. */
  #digits(): void {
    const { bytes } = this
    const from = this.#at
    while (this.#at < bytes.length && bytes[this.#at]! >= TOKEN.digit0 && bytes[this.#at]! <= TOKEN.digit9)
      this.#at += 1
    if (this.#at === from) throw this.unexpected()
  }

  /** The last byte of the escape that begins at `at`. */
  #escape(at: number): number {
    const kind = this.bytes[at + 1]
    if (kind !== undefined && SIMPLE_ESCAPES.has(kind)) return at + 1
    if (kind !== LOWER_U || Number.isNaN(hexInteger(this.bytes, at + 2, at + 6))) {
      throw this.#unexpectedAt(at)
    }
    return at + 5
  }

  #unexpectedAt(at: number): WattlineError {
    const byte = this.bytes[at]
    if (byte === undefined) return undecodableJson(`Not JSON: unexpected end at byte ${at}.`)
    const shown = byte > SPACE && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `byte ${byte}`
    return undecodableJson(`Not JSON: unexpected ${shown} at byte ${at}.`)
  }
}

/** The body can never be accepted. */
export const undecodableJson = (message: string): WattlineError =>
  new WattlineError('body_undecodable', message)
