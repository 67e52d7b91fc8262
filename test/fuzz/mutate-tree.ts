/** Changes that keep a request's structure, or break it at one chosen place. */
import { BackWriter } from './back-writer.ts'
import type { Dice } from './dice.ts'
import type { FieldNode } from './tree.ts'

const CHANGES = [
  'delete',
  'repeat',
  'shuffle',
  'value',
  'value',
  'value',
  'wire type',
  'splice',
  'unknown',
  'lie',
  'overlong',
  'nest',
] as const
type Change = (typeof CHANGES)[number]

/** Payloads of a request with `changes` of its fields changed. */
export class TreeMutator {
  readonly #dice: Dice
  readonly #writer = new BackWriter()
  /** Fields of other requests, by their message. */
  readonly #donors: ReadonlyMap<string, readonly FieldNode[]>
  #targets: number[] = []

  constructor(dice: Dice, trees: readonly FieldNode[]) {
    this.#dice = dice
    const donors = new Map<string, FieldNode[]>()
    const visit = (parent: FieldNode): void => {
      const known = donors.get(parent.message) ?? []
      known.push(...parent.children)
      donors.set(parent.message, known)
      for (const child of parent.children) visit(child)
    }
    for (const tree of trees) visit(tree)
    this.#donors = donors
  }

  /** A view that the next call overwrites. */
  mutated(root: FieldNode, changes: number): Uint8Array {
    this.#writer.reset()
    this.#targets = Array.from({ length: changes }, () => this.#dice.below(root.end))
    this.#children(root)
    return this.#writer.written()
  }

  #children(parent: FieldNode, order = parent.children): void {
    for (let at = order.length - 1; at >= 0; at -= 1) this.#field(order[at]!, parent)
  }

  #field(node: FieldNode, parent: FieldNode): void {
    if (!this.#targets.some(target => target >= node.index && target < node.end))
      this.#writer.bytes(node.bytes)
    else if (this.#targets.includes(node.index)) this.#changed(node, parent, this.#dice.pick(CHANGES))
    else this.#message(node, () => this.#children(node))
  }

  #message(node: FieldNode, write: () => void, lie = (length: number) => length, padding = 0): void {
    const before = this.#writer.length
    write()
    this.#writer.varint(lie(this.#writer.length - before), padding)
    this.#writer.varint(node.number * 8 + 2, padding)
  }

  #changed(node: FieldNode, parent: FieldNode, change: Change): void {
    const dice = this.#dice
    switch (change) {
      case 'delete':
        return
      case 'repeat': {
        const times = dice.once(200) && node.bytes.length < 200 ? 1 + dice.below(4000) : 1 + dice.below(3)
        for (let time = 0; time <= times; time += 1) this.#writer.bytes(node.bytes)
        return
      }
      case 'shuffle': {
        const order = node.children.toSorted(() => dice.below(3) - 1)
        this.#message(node, () => this.#children(node, order))
        return
      }
      case 'value':
        this.#value(node)
        return
      case 'wire type':
        this.#writer.bytes(node.bytes.subarray(node.valueStart))
        this.#writer.varint(node.number * 8 + dice.below(8))
        return
      case 'splice':
        this.#writer.bytes(node.bytes)
        this.#writer.bytes(dice.pick(this.#donors.get(parent.message) ?? [node]).bytes)
        return
      case 'unknown':
        this.#writer.bytes(node.bytes)
        this.#writer.bytes(dice.pick(UNKNOWN))
        return
      case 'lie':
        if (node.wire !== 2) this.#value(node)
        else
          this.#message(
            node,
            () => this.#writer.bytes(payload(node)),
            length => this.#lie(length),
          )
        return
      case 'overlong':
        if (node.wire !== 2) this.#value(node)
        else this.#message(node, () => this.#writer.bytes(payload(node)), undefined, 1 + dice.below(12))
        return
      case 'nest':
        this.#nest(node)
    }
  }

  #lie(length: number): number {
    const near = [0, Math.max(0, length - 1), length + 1, this.#dice.below(300)]
    return this.#dice.pick([...near, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53])
  }

  /** Nested arrays or maps, around the existing content if that is a value. */
  #nest(node: FieldNode): void {
    const deep = this.#dice.once(500) ? 3000 : this.#dice.below(45)
    const inMap = this.#dice.once(2)
    const number = node.message === 'AnyValue' ? node.number : 2
    this.#message({ ...node, number }, () => {
      const { length } = this.#writer
      const sized = (tag: number, from: number): void => {
        this.#writer.varint(this.#writer.length - from)
        this.#writer.varint(tag)
      }
      if (node.message === 'AnyValue') this.#writer.bytes(payload(node))
      for (let level = 0; level < deep; level += 1) {
        if (inMap) {
          sized(0x12, length)
          this.#writer.bytes(KEY)
        }
        sized(0x0a, length)
        sized(inMap ? 0x32 : 0x2a, length)
      }
    })
  }

  #value(node: FieldNode): void {
    const dice = this.#dice
    if (node.wire === 0) this.#writer.bytes(dice.pick(VARINTS))
    else if (node.wire === 1) this.#writer.bytes(dice.pick(WORDS))
    else if (node.wire === 5) this.#writer.bytes(dice.bytes(new Uint8Array(4)))
    else {
      const text = dice.once(3) ? dice.bytes(new Uint8Array(dice.below(41))) : dice.pick(TEXTS)
      this.#writer.bytes(text)
      this.#writer.varint(text.length)
    }
    this.#writer.varint(node.number * 8 + node.wire)
  }
}

const payload = (node: FieldNode): Uint8Array => node.bytes.subarray(node.valueStart)

const KEY = Uint8Array.of(0x0a, 1, 0x6b)
const VARINTS = [
  '00',
  '01',
  '02',
  '7f',
  '8001',
  'ff7f',
  '808000',
  'ffffffff07',
  'ffffffff0f',
  '8080808010',
  'ffffffffffffffff7f',
  '80808080808080808001',
  'ffffffffffffffffff01',
  'ffffffffffffffffff7f',
  '80808080808080808000',
  '8080808080808080808000',
  'ffffffffffffffffffffff01',
  '80',
].map(hex => new Uint8Array(Buffer.from(hex, 'hex')))
const WORDS = [
  0n,
  1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x7ff8000000000000n,
  0x8000000000000000n,
  1_750_000_000_000_000_000n,
  1_750_003_600_000_000_000n,
  1_750_003_600_000_000_257n,
  1_000_000_000_000_000_000n,
].map(word => new Uint8Array(new BigUint64Array([word]).buffer))
const TEXTS = [
  '',
  'service.name',
  'k',
  'é'.repeat(2100),
  'x'.repeat(4097),
  '\ufeffbom',
  '€'.repeat(40),
  '<&>\u2028',
]
  .map(text => new Uint8Array(Buffer.from(text)))
  .concat([
    Uint8Array.of(0xff),
    Uint8Array.of(0xc3),
    Uint8Array.of(0xe2, 0x82),
    Uint8Array.of(0xed, 0xa0, 0x80),
    Uint8Array.of(0xf4, 0x90, 0x80, 0x80),
    new Uint8Array(4100).fill(0xbf),
    new Uint8Array(16),
    new Uint8Array(16).fill(1),
    new Uint8Array(8).fill(2),
    new Uint8Array(17).fill(3),
  ])
const UNKNOWN = [
  'a03f05',
  'a13f0102030405060708',
  'a23f03616263',
  'a53f01020304',
  'a33f0801a43f',
  'a33fab3f0801ac3fa43f',
  'a33f0801',
  'a43f',
  'f8ffffff0f00',
  'faffffff0f00',
  '0000',
  '07',
  '06',
].map(hex => new Uint8Array(Buffer.from(hex, 'hex')))
