/** Writes a body in pieces: the text of a large answer would not fit into one string. */

/** Characters after which a piece is handed on. */
const PIECE_CHARACTERS = 65_536

/** Collects text; `take` gives what has come together once it is enough. */
export class BodyWriter {
  #parts: string[] = []
  #characters = 0

  write(text: string): void {
    this.#parts.push(text)
    this.#characters += text.length
  }

  get isFull(): boolean {
    return this.#characters >= PIECE_CHARACTERS
  }

  take(): Uint8Array {
    const bytes = new TextEncoder().encode(this.#parts.join(''))
    this.#parts = []
    this.#characters = 0
    return bytes
  }
}

/** Text as pieces of a body. */
export function* piecesOf(parts: Iterable<string>): Generator<Uint8Array> {
  const writer = new BodyWriter()
  for (const part of parts) {
    writer.write(part)
    if (writer.isFull) yield writer.take()
  }
  yield writer.take()
}
