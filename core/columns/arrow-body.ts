import { type Data, Dictionary } from 'apache-arrow'

/** Arrow wants every buffer of a body to begin at a multiple of this. */
const ALIGNMENT = 8
const aligned = (bytes: number): number => (bytes + ALIGNMENT - 1) & -ALIGNMENT

interface PlacedBuffer {
  readonly bytes: Uint8Array
  readonly at: number
}

/**
 * The buffers of columns as the body of one message of Arrow's stream format. Equal offsets are stored once: those of
 * the lists of a Nested are always equal, and copying and compressing them again would take as long as new ones.
 */
export class ArrowBody {
  /** For each column and its nested columns: number of values and of nulls, alternating. */
  readonly nodes: number[] = []
  /** For each buffer: its position in the body, and its length, alternating. */
  readonly regions: number[] = []
  byteLength = 0
  readonly #placed: PlacedBuffer[] = []
  readonly #offsets: PlacedBuffer[] = []

  constructor(columns: readonly Data[]) {
    for (const column of columns) this.#add(column)
  }

  /** Copies the body to `target[at]`; gaps between buffers are zeroed. */
  writeTo(target: Uint8Array, at: number): void {
    for (const { bytes, at: place } of this.#placed) {
      const end = at + place + bytes.length
      target.set(bytes, at + place)
      target.fill(0, end, at + aligned(place + bytes.length))
    }
  }

  #add(data: Data): void {
    const { length, nullCount, valueOffsets, values, children } = data
    this.nodes.push(length, nullCount)
    this.#region(nullCount > 0 ? this.#place(bytesOf(data.nullBitmap)) : NOTHING)
    if (valueOffsets !== undefined) this.#region(this.#placeOffsets(bytesOf(valueOffsets)))
    if (values !== undefined) this.#region(this.#place(bytesOf(values)))
    for (const child of children) this.#add(child)
  }

  #region({ bytes, at }: PlacedBuffer): void {
    this.regions.push(at, bytes.length)
  }

  #place(bytes: Uint8Array): PlacedBuffer {
    if (bytes.length === 0) return NOTHING
    const placed = { bytes, at: this.byteLength }
    this.#placed.push(placed)
    this.byteLength = aligned(placed.at + bytes.length)
    return placed
  }

  #placeOffsets(bytes: Uint8Array): PlacedBuffer {
    const known = this.#offsets.find(({ bytes: others }) => Buffer.compare(others, bytes) === 0)
    if (known !== undefined) return known
    const placed = this.#place(bytes)
    this.#offsets.push(placed)
    return placed
  }
}

/** The dictionaries of columns and of their nested columns, by id. */
export function dictionariesOf(columns: readonly Data[]): [id: number, values: Data][] {
  const found: [number, Data][] = []
  const visit = ({ type, dictionary, children }: Data): void => {
    if (type instanceof Dictionary) found.push([type.id, dictionary!.data[0]!])
    for (const child of children) visit(child)
  }
  for (const column of columns) visit(column)
  return found
}

const NOTHING: PlacedBuffer = { bytes: new Uint8Array(0), at: 0 }

function bytesOf(values: ArrayBufferView | null | undefined): Uint8Array {
  if (values === null || values === undefined) return NOTHING.bytes
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
