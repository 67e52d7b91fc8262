import { ProtobufWriter, WIRE } from '../writer.ts'
import { writeText } from './write.ts'

/** Writes fields of OTLP messages. All but `real` leave out the value that an absent field has. */
export class OtlpMessageWriter extends ProtobufWriter {
  /** A nested message. */
  message(field: number, write: () => void): void {
    this.tag(field, WIRE.bytes)
    const start = this.begin()
    write()
    this.end(start)
  }

  /** Text; '' is left out. */
  text(field: number, value: string): void {
    writeText(this, field, value)
  }

  /** Unsigned; 0 is left out. */
  number(field: number, value: number): void {
    if (value === 0) return
    this.tag(field, WIRE.varint)
    this.uint(value)
  }

  /** Zigzag, as sint32 has it; 0 is left out. */
  signed(field: number, value: number): void {
    this.number(field, ((value << 1) ^ (value >> 31)) >>> 0)
  }

  /** fixed64; 0 is left out. */
  wide(field: number, value: bigint): void {
    if (value === 0n) return
    this.tag(field, WIRE.fixed64)
    this.fixed64(value)
  }

  real(field: number, value: number): void {
    this.tag(field, WIRE.fixed64)
    this.double(value)
  }
}
