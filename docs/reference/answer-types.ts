/**
 * The types of answers (core/api) as JSON schemas, from their source: interfaces and aliases of literals, arrays, records, unions and
 * references, with their comments as descriptions. Anything else is an error, so that no answer is described by less than its type.
 */
import { readdirSync, readFileSync } from 'node:fs'

type Schema = Readonly<Record<string, unknown>>

const root = new URL('../../', import.meta.url)
const FOLDER = 'core/api/'
/** Types that answers take from the model. */
const MODEL = ['core/model/quality.ts', 'core/model/scaling.ts']

/** Schemas by the name of the type, sorted. */
export function answerSchemas(): Readonly<Record<string, Schema>> {
  const files = readdirSync(new URL(FOLDER, root)).filter(
    name => name.endsWith('.ts') && name !== 'answers.ts',
  )
  const found = new Map<string, Schema>()
  for (const name of files.toSorted()) {
    for (const [type, schema] of schemasOf(textOf(FOLDER + name))) {
      if (found.has(type)) throw new Error(`${type} is declared twice in ${FOLDER}`)
      found.set(type, schema)
    }
  }
  for (const path of MODEL) {
    const text = textOf(path)
    for (const [type, schema] of modelTypes(text)) if (isUsed(found, type)) found.set(type, schema)
  }
  return Object.fromEntries([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8')

/** Names of types that schemas refer to. */
const isUsed = (schemas: ReadonlyMap<string, Schema>, type: string): boolean =>
  JSON.stringify([...schemas.values()]).includes(`"${reference(type)}"`)

const reference = (type: string): string => `#/components/schemas/${type}`

/** Aliases of unions of texts, and of the values of a list. */
function modelTypes(text: string): readonly (readonly [string, Schema])[] {
  const lists = new Map(
    [...text.matchAll(/const (\w+) = \[([^\]]*)\] as const/g)].map(([, name = '', values = '']) => [
      name,
      [...values.matchAll(/'([^']*)'/g)].map(([, value]) => value),
    ]),
  )
  return [...text.matchAll(/export type (\w+) =\s*([^=]*?)(?=\n\n|\n\/\*\*|\nexport|$)/g)].flatMap(
    ([, name = '', body = '']) => {
      const list = lists.get(/\(typeof (\w+)\)\[number\]/.exec(body)?.[1] ?? '')
      const values = list ?? [...body.matchAll(/\| '([^']*)'/g)].map(([, value]) => value)
      return values.length === 0 ? [] : [[name, { type: 'string', enum: values }] as const]
    },
  )
}

const TOKEN =
  /\/\*\*([\s\S]*?)\*\/|\/\/[^\n]*|('[^']*')|(-?\d+(?:\.\d+)?)|([A-Za-z_$][\w$]*)|(\[\]|[{}()[\]<>|&;:?,=])|\s+/gy

interface TypeToken {
  readonly kind: 'doc' | 'text' | 'number' | 'word' | 'mark'
  readonly value: string
}

function tokensOf(source: string): TypeToken[] {
  const tokens: TypeToken[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex
    const found = TOKEN.exec(source)
    if (found === null) throw new Error(`Not understood in a type of an answer: ${source.slice(at, at + 60)}`)
    const [, doc, text, number, word, mark] = found
    if (doc !== undefined) tokens.push({ kind: 'doc', value: doc.replaceAll(/\s*\n\s*\*?\s*/g, ' ').trim() })
    else if (text !== undefined) tokens.push({ kind: 'text', value: text.slice(1, -1) })
    else if (number !== undefined) tokens.push({ kind: 'number', value: number })
    else if (word !== undefined) tokens.push({ kind: 'word', value: word })
    else if (mark !== undefined) tokens.push({ kind: 'mark', value: mark })
  }
  return tokens
}

/** Declarations of one file. */
function schemasOf(text: string): readonly (readonly [string, Schema])[] {
  const source = text.replaceAll(/^(import|export) type [^\n]*from[^\n]*\n/gm, '')
  return new TypeReader(
    tokensOf(source.replaceAll(/^import type \{[\s\S]*?\} from [^\n]*\n/gm, '')),
  ).declarations()
}

class TypeReader {
  readonly #tokens: readonly TypeToken[]
  #next = 0

  constructor(tokens: readonly TypeToken[]) {
    this.#tokens = tokens
  }

  declarations(): readonly (readonly [string, Schema])[] {
    const found: (readonly [string, Schema])[] = []
    while (this.#next < this.#tokens.length) {
      const doc = this.#doc()
      if (this.#next === this.#tokens.length) break
      if (this.#is('export')) this.#take()
      const word = this.#take().value
      const name = this.#take().value
      if (word === 'interface') found.push([name, described(this.#interface(), doc)])
      else if (word === 'type') {
        this.#expect('=')
        found.push([name, described(this.#union(), doc)])
      } else throw new Error(`Neither an interface nor a type: ${word} ${name}`)
    }
    return found
  }

  #interface(): Schema {
    const parents: Schema[] = []
    if (this.#is('extends')) {
      do {
        this.#take()
        parents.push({ $ref: reference(this.#take().value) })
      } while (this.#is(','))
    }
    const own = this.#members()
    return parents.length === 0 ? own : { allOf: [...parents, own] }
  }

  #members(): Schema {
    this.#expect('{')
    const properties: Record<string, Schema> = {}
    const required: string[] = []
    while (!this.#is('}')) {
      const doc = this.#doc()
      if (this.#is('}')) break
      if (this.#is('readonly')) this.#take()
      const name = this.#take().value
      if (this.#is('?')) this.#take()
      else required.push(name)
      this.#expect(':')
      properties[name] = described(this.#union(), doc)
      while (this.#is(';') || this.#is(',')) this.#take()
    }
    this.#expect('}')
    return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) }
  }

  #union(): Schema {
    this.#doc()
    if (this.#is('|')) this.#take()
    const parts = [this.#intersection()]
    while (this.#is('|')) {
      this.#take()
      this.#doc()
      parts.push(this.#intersection())
      this.#docBefore('|')
    }
    return joined(parts)
  }

  #intersection(): Schema {
    const parts = [this.#postfix()]
    while (this.#is('&')) {
      this.#take()
      parts.push(this.#postfix())
    }
    return parts.length === 1 ? parts[0]! : { allOf: parts }
  }

  #postfix(): Schema {
    let schema = this.#primary()
    while (this.#is('[]')) {
      this.#take()
      schema = { type: 'array', items: schema }
    }
    return schema
  }

  #primary(): Schema {
    if (this.#is('{')) return this.#members()
    const { kind, value } = this.#take()
    if (kind === 'text') return { type: 'string', const: value }
    if (kind === 'number') return { type: 'number', const: Number(value) }
    if (value === 'readonly') return this.#postfix()
    if (value === '(') {
      const inner = this.#union()
      this.#expect(')')
      return inner
    }
    if (kind === 'word') return this.#named(value)
    throw new Error(`Not understood in a type of an answer: ${value}`)
  }

  #named(name: string): Schema {
    switch (name) {
      case 'string':
      case 'number':
      case 'boolean':
      case 'null':
        return { type: name }
      case 'true':
      case 'false':
        return { type: 'boolean', const: name === 'true' }
      case 'unknown':
        return {}
      case 'Readonly': {
        const [inner = {}] = this.#arguments()
        return inner
      }
      case 'Record': {
        const [, value = {}] = this.#arguments()
        return { type: 'object', additionalProperties: value }
      }
      default:
        return { $ref: reference(name) }
    }
  }

  #arguments(): readonly Schema[] {
    this.#expect('<')
    const found = [this.#union()]
    while (this.#is(',')) {
      this.#take()
      found.push(this.#union())
    }
    this.#expect('>')
    return found
  }

  #doc(): string {
    let doc = ''
    while (this.#tokens[this.#next]?.kind === 'doc') doc = this.#take().value
    return doc
  }

  /** Comments between the members of a union belong to no property. */
  #docBefore(mark: string): void {
    let at = this.#next
    while (this.#tokens[at]?.kind === 'doc') at += 1
    if (this.#tokens[at]?.value === mark) this.#next = at
  }

  #is(value: string): boolean {
    const token = this.#tokens[this.#next]
    return token?.value === value && token.kind !== 'text' && token.kind !== 'doc'
  }

  #take(): TypeToken {
    const token = this.#tokens[this.#next]
    if (token === undefined) throw new Error('A type of an answer ends too early.')
    this.#next += 1
    return token
  }

  #expect(value: string): void {
    if (!this.#is(value)) {
      throw new Error(`Expected ${value} in a type of an answer, not ${this.#tokens[this.#next]?.value}`)
    }
    this.#take()
  }
}

/** References cannot have neighbours that all tools read. */
function described(schema: Schema, doc: string): Schema {
  if (doc === '') return schema
  return '$ref' in schema ? { allOf: [schema], description: doc } : { ...schema, description: doc }
}

/** Texts become an enum, `| null` a second type. */
function joined(parts: readonly Schema[]): Schema {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  if (parts.every(part => part['type'] === 'string' && 'const' in part)) {
    return { type: 'string', enum: parts.map(part => part['const']) }
  }
  const others = parts.filter(part => part['type'] !== 'null')
  if (others.length === parts.length) return { anyOf: parts }
  const rest = joined(others)
  const isPlain = typeof rest['type'] === 'string' && !('const' in rest)
  if (!isPlain) return { anyOf: [rest, { type: 'null' }] }
  return {
    ...rest,
    type: [rest['type'], 'null'],
    ...('enum' in rest ? { enum: [...(rest['enum'] as unknown[]), null] } : {}),
  }
}
